import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ConnectionNews } from './connection-news.ts'
import { MOST_TOLD, stopRemoval } from './stop-table.ts'
import { StopWatch } from './stop-watch.ts'

// Lines as nft 1.0.6 printed them; rules that it did not know when it began have a handle only.
const four = (id: string, at: string) =>
  `trace id ${id} ${at} packet: iif "v1" oif "v1" ether saddr e6:bf:31:10:9b:c8 ip saddr 10.244.1.2 ip daddr 10.96.0.7 ip ttl 63 ip id 36373 ip length 60 tcp sport 36210 tcp dport 80 tcp flags == syn tcp window 64240 `
const REFUSED = [
  four('eadfd63f', 'inet podium-stops forward'),
  'trace id eadfd63f inet podium-stops forward rule ct state new jump tell # handle 2 (verdict jump tell)',
  'trace id eadfd63f inet podium-stops forward policy accept ',
  four('eadfd63f', 'ip filter FORWARD'),
  'trace id eadfd63f ip filter FORWARD rule ct state new  counter packets 0 bytes 0 jump KUBE-SERVICES # handle 3 (verdict jump KUBE-SERVICES)',
  'trace id eadfd63f ip filter KUBE-SERVICES unknown rule handle 6 (verdict drop)',
]
const dropped = (id: string, port = 50832) => [
  `trace id ${id} inet network-policy show-drops packet: iif "v1" oif "v2" ip6 saddr fd00:10:244:1::2 ip6 daddr fd00:10:244:2::2 ip6 nexthdr tcp ip6 length 40 tcp sport ${port} tcp dport 8080 tcp flags == syn tcp window 64800 `,
  `trace id ${id} inet network-policy show-drops unknown rule handle 10 (verdict continue)`,
  `trace id ${id} inet network-policy to/default/web rule counter packets 0 bytes 0 drop comment "ingress dropped by default/nothing" # handle 9 (verdict drop)`,
]
const LISTED: Record<string, string> = {
  'nft -a list chain ip filter KUBE-SERVICES':
    'table ip filter {\n\tchain KUBE-SERVICES { # handle 4\n\t\tmeta l4proto tcp ip daddr 10.96.0.7 tcp dport 80 counter packets 1 bytes 60 reject # handle 6\n\t}\n}\n',
  'iptables -w 5 -t filter -S KUBE-SERVICES':
    '-N KUBE-SERVICES\n-A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "default/nobody has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable\n',
  'nft -a list chain inet network-policy to/default/web':
    'table inet network-policy {\n\tchain to/default/web { # handle 5\n\t\tjump show-drops # handle 8\n\t\tcounter packets 7 bytes 420 drop comment "ingress dropped by default/nothing" # handle 9\n\t}\n}\n',
}

function setUp({ problem = '' } = {}) {
  const clock = new FakeClock()
  const scripts: string[] = []
  const asked: string[] = []
  const monitors: { stdout: PassThrough; isKilled: boolean }[] = []
  const told: number[] = []
  const os = {
    run: async (command: string, args: string[], { input = '' } = {}) => {
      if (input) scripts.push(input)
      else asked.push([command, ...args].join(' '))
      return { exitCode: problem ? 1 : 0, stdout: LISTED[asked.at(-1) ?? ''] ?? '', stderr: problem }
    },
    start: () => {
      const ended = Promise.withResolvers<string>()
      const monitor = { stdout: new PassThrough(), isKilled: false }
      monitors.push(monitor)
      const kill = () => {
        monitor.isKilled = true
        ended.resolve('SIGTERM')
      }
      return { stdout: monitor.stdout, stderr: new PassThrough(), ended: ended.promise, kill }
    },
  } as unknown as NodeOs
  const ranges = [
    { clusterCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/12' },
    { clusterCidr: 'fd00:10:244::/56', serviceCidr: 'fd00:10:96::/112' },
  ]
  const watch = new StopWatch({ os, clock, logger: noLogger, ranges, tellOfDrops: (most) => told.push(most) })
  const heard: ConnectionNews[] = []
  const listen = () => watch.listen((news) => heard.push(news))
  const tell = async (...lines: string[]) => {
    monitors.at(-1)?.stdout.write(lines.map((line) => `${line}\n`).join(''))
    await settlePromises()
  }
  return { watch, clock, scripts, asked, monitors, told, heard, listen, tell }
}

describe('calls that a rule stops', () => {
  it('are asked of the kernel while anybody listens, and nothing is left there afterwards', async () => {
    const { scripts, monitors, told, listen, watch } = setUp()
    await settlePromises()
    // An agent that died may have left something.
    expect(scripts).toEqual([stopRemoval])
    const [one, other] = [listen(), listen()]
    await settlePromises()
    expect(monitors).toHaveLength(1)
    expect(told).toEqual([MOST_TOLD])
    expect(scripts[1]?.split('\n')).toEqual(
      expect.arrayContaining([
        'add rule inet podium-stops forward ct state new ct status ! dnat meta l4proto { tcp, udp, sctp } ip daddr != 10.244.0.0/16 jump tell',
        'add rule inet podium-stops output ct state new ct status ! dnat meta l4proto { tcp, udp, sctp } ip6 daddr fd00:10:96::/112 jump tell',
      ]),
    )
    one[Symbol.dispose]()
    expect(monitors[0]?.isKilled).toBe(false)
    other[Symbol.dispose]()
    other[Symbol.dispose]()
    await watch[Symbol.asyncDispose]()
    expect(monitors[0]?.isKilled).toBe(true)
    expect(told).toEqual([MOST_TOLD, 0])
    expect(scripts.slice(2)).toEqual([stopRemoval])
  })

  it('are told with who called whom, and the rule as its own tool prints it', async () => {
    const { listen, tell, heard, clock } = setUp()
    listen()
    await tell(...REFUSED)
    await tell(...dropped('7dba9f1a'))
    expect(heard).toEqual([
      {
        type: 'stopped',
        at: clock.now(),
        how: 'refused',
        protocol: 'tcp',
        ...{ from: '10.244.1.2', fromPort: 36210, to: '10.96.0.7', toPort: 80 },
        table: 'ip filter',
        chain: 'KUBE-SERVICES',
        rule: expect.stringMatching(/^-A KUBE-SERVICES .*"default\/nobody has no endpoints".* -j REJECT/),
      },
      expect.objectContaining({
        how: 'dropped',
        ...{ from: 'fd00:10:244:1::2', fromPort: 50832, to: 'fd00:10:244:2::2', toPort: 8080 },
        table: 'inet network-policy',
        chain: 'to/default/web',
        rule: 'counter drop comment "ingress dropped by default/nothing"',
      }),
    ])
  })

  it('by a chain that lets nothing through have its policy for a rule', async () => {
    const { listen, tell, heard } = setUp()
    listen()
    await tell(four('1', 'ip filter FORWARD'), 'trace id 1 ip filter FORWARD policy drop ')
    expect(heard).toMatchObject([{ how: 'dropped', table: 'ip filter', chain: 'FORWARD', rule: 'policy drop' }])
  })

  it('are none where every rule lets the packet through', async () => {
    const { listen, tell, heard } = setUp()
    listen()
    await tell(...REFUSED.slice(0, -1), 'trace id eadfd63f ip filter FORWARD policy accept ')
    expect(heard).toEqual([])
  })

  it('ask for the words of a rule once', async () => {
    const { listen, tell, heard, asked } = setUp()
    listen()
    await tell(...dropped('1'), ...dropped('2'), ...dropped('3'))
    expect(heard).toHaveLength(3)
    expect(asked).toHaveLength(1)
  })

  it('that are more than are told are said to be so, once a second', async () => {
    const { listen, tell, heard, clock } = setUp()
    listen()
    const many = Array.from({ length: MOST_TOLD + 5 }, (_, nth) => dropped(`${nth + 1}`, nth)).flat()
    await tell(...many)
    const lost = () => heard.filter(({ type }) => type === 'lost')
    expect(lost()).toHaveLength(1)
    await clock.advance(1000)
    await tell(...many)
    expect(lost()).toHaveLength(2)
  })

  it('are told to be lost where the kernel takes no such rules', async () => {
    const { listen, heard } = setUp({ problem: 'Error: Operation not supported' })
    listen()
    await settlePromises()
    expect(heard).toEqual([{ type: 'lost', why: expect.stringContaining('Operation not supported') }])
  })
})
