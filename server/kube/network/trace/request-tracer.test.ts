import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { RequestTracer } from './request-tracer.ts'

const order = { port: 41000, protocol: 'tcp', isHere: true, from: ['10.1.0.2'], others: [] }
const at = (from: string, fromPort: number, to: string, toPort: number, l4 = 'tcp') =>
  `ip saddr ${from} ip daddr ${to} ip ttl 64 ${l4} sport ${fromPort} ${l4} dport ${toPort} `
const packet = (id: string, chain: string, headers: string) =>
  `trace id ${id} ip ${chain} packet: iif "cni0" ${headers}`

/** A machine whose kernel says what the test says; `deaf`: nft does not hear the first knocks. */
function setUp({ deaf = 0, tables = '' } = {}) {
  const clock = new FakeClock()
  const scripts: string[] = []
  const commands: string[] = []
  const stdout = new PassThrough()
  const ended = Promise.withResolvers<string>()
  const monitors = { started: 0, killed: 0 }
  const said: Record<string, string> = {
    'nft list tables': tables,
    'nft -a list chain ip nat KUBE-SVC-A':
      'table ip nat {\n\tchain KUBE-SVC-A { # handle 2\n\t\tmeta random & 1 < 2 counter packets 1 bytes 60 jump KUBE-SEP-A # handle 8\n\t\tcounter packets 0 bytes 0 jump KUBE-SEP-B # handle 9\n\t}\n}\n',
    'iptables -w 5 -t nat -S KUBE-SVC-A':
      '-N KUBE-SVC-A\n-A KUBE-SVC-A -m statistic --mode random --probability 0.5 -j KUBE-SEP-A\n-A KUBE-SVC-A -j KUBE-SEP-B\n',
    'conntrack -L -p tcp --orig-src 10.1.0.2 --sport 41000':
      'tcp      6 119 SYN_SENT src=10.1.0.2 dst=10.96.0.5 sport=41000 dport=80 [UNREPLIED] src=10.1.0.3 dst=10.1.0.2 sport=8080 dport=41000 mark=0 use=1\n',
    'ip route get 10.1.0.3 from 10.1.0.2 iif cni0':
      '10.1.0.3 from 10.1.0.2 via 10.160.1.13 dev eth0 \n    cache iif cni0 \n',
    'ip neighbour show to 10.160.1.13':
      '10.160.1.13 dev eth1 STALE \n10.160.1.13 dev eth0 lladdr 02:42:0a:a0:01:0d REACHABLE \n',
  }
  const os = {
    run: async (command: string, args: string[], { input = '' } = {}) => {
      if (input) scripts.push(input)
      const line = [command, ...args].join(' ')
      commands.push(line)
      return { exitCode: 0, stdout: said[line] ?? '', stderr: '' }
    },
    start: () => {
      monitors.started++
      return { stdout, stderr: new PassThrough(), ended: ended.promise, kill: () => void monitors.killed++ }
    },
  } as unknown as NodeOs
  let knocks = 0
  const tell = (...lines: string[]) => stdout.write(lines.map((line) => `${line}\n`).join(''))
  const knock = async (port: number) => {
    const from = 50_000 + ++knocks
    if (knocks > deaf) tell(packet('f0', 'raw OUTPUT', at('127.0.0.1', from, '127.0.0.1', port, 'udp')))
    return from
  }
  const tracer = new RequestTracer({ os, clock, logger: noLogger, knock, maker: ['node', 'agent.mjs'] })
  return { tracer, clock, scripts, commands, monitors, tell, ended, knocks: () => knocks }
}

describe('a trace on a machine', () => {
  it('marks the first packet of one client and nothing else, until it ends', async () => {
    const { tracer, scripts, monitors } = setUp()
    await tracer.arm(order)
    expect(scripts[0]).toContain(
      'add rule inet podium-trace-41000 in ip saddr 10.1.0.2 tcp sport 41000 tcp flags & (syn | ack) == syn meta nftrace set 1\n',
    )
    expect(scripts[0]).toContain('in ip saddr 10.1.0.2 udp dport 53 limit rate 50/second')
    expect(monitors).toEqual({ started: 1, killed: 0 })
    await tracer.end({ port: 41000 })
    expect(monitors.killed).toBe(1)
    expect(scripts.at(-1)).toBe('add table inet podium-trace-41000\ndelete table inet podium-trace-41000\n')
  })

  it('is armed when nft has told of a knock, and not before', async () => {
    const { tracer, clock, knocks } = setUp({ deaf: 2 })
    const armed = tracer.arm(order)
    await clock.advance(300)
    await armed
    expect(knocks()).toBe(3)
  })

  it('says why nft does not tell, and leaves nothing', async () => {
    const { tracer, ended, monitors, scripts } = setUp({ deaf: Number.POSITIVE_INFINITY })
    const armed = tracer.arm(order)
    armed.catch(() => undefined)
    await settlePromises()
    ended.resolve('exit code 1')
    await expect(armed).rejects.toThrow('nft monitor does not tell what it sees: exit code 1')
    expect(monitors.killed).toBe(1)
    expect(scripts.at(-1)).toContain('delete table')
  })

  it('tells what its own client’s packets met, in the words of iptables, conntrack and ip', async () => {
    const { tracer, tell } = setUp()
    await tracer.arm(order)
    tell(
      packet('a1', 'nat PREROUTING', at('10.1.0.2', 41000, '10.96.0.5', 80)),
      'trace id a1 ip nat KUBE-SVC-A rule meta random & 1 < 2 counter packets 0 bytes 0 jump KUBE-SEP-A # handle 8 (verdict jump KUBE-SEP-A)',
      packet('b2', 'nat PREROUTING', at('10.1.0.9', 41000, '10.96.0.5', 80)),
    )
    const { passages, chains, connection, route, neighbour } = await tracer.collect({ port: 41000 })
    expect(passages.map((passage) => passage.packet.from)).toEqual(['10.1.0.2'])
    const rule = '-A KUBE-SVC-A -m statistic --mode random --probability 0.5 -j KUBE-SEP-A'
    expect(passages[0]?.rules[0]?.text).toBe(rule)
    expect(chains['ip nat KUBE-SVC-A']).toEqual([rule, '-A KUBE-SVC-A -j KUBE-SEP-B'])
    expect(connection?.line).toMatch(/^tcp 6 119 SYN_SENT src=10\.1\.0\.2 /)
    expect(route).toMatchObject({ says: '10.1.0.3 from 10.1.0.2 via 10.160.1.13 dev eth0', isThere: true })
    expect(neighbour).toBe('10.160.1.13 dev eth0 lladdr 02:42:0a:a0:01:0d REACHABLE')
  })

  it('marks and tells of both families', async () => {
    const { tracer, scripts, commands, tell } = setUp()
    await tracer.arm({ ...order, from: ['10.1.0.2', 'fd00::2'], others: ['10.160.1.12', 'fd00:160::12', 'fd00::'] })
    for (const rule of [
      'ip saddr 10.1.0.2 tcp sport 41000 tcp flags & (syn | ack) == syn',
      'ip6 saddr fd00::2 tcp sport 41000 tcp flags & (syn | ack) == syn',
      'ip6 saddr fd00::2 udp dport 53',
      'ip saddr { 10.160.1.12 } tcp flags',
      'ip6 saddr { fd00:160::12, fd00:: } tcp flags',
    ]) {
      expect(scripts[0]).toContain(`add rule inet podium-trace-41000 in ${rule}`)
    }
    const six = 'ip6 saddr fd00::2 ip6 daddr fd00:96::50 ip6 hoplimit 64 tcp sport 41000 tcp dport 80 '
    tell(
      `trace id a1 ip6 nat PREROUTING packet: iif "cni0" ${six}`,
      'trace id a1 ip6 nat KUBE-SEP-A rule meta l4proto tcp dnat to [fd00:1::3]:8080 # handle 8 (verdict accept)',
    )
    const { passages } = await tracer.collect({ port: 41000 })
    expect(passages.map(({ family, packet }) => [family, packet.from, packet.to])).toEqual([
      ['ip6', 'fd00::2', 'fd00:96::50'],
    ])
    expect(commands).toContain('conntrack -L -f ipv6 -p tcp --orig-src fd00::2 --sport 41000')
    // Whom the rule put there, for nothing became a connection.
    expect(commands).toContain('ip route get fd00:1::3 from fd00::2 iif cni0')
  })

  it('tells elsewhere of those only that come from where they are said to come', async () => {
    const { tracer, tell } = setUp()
    await tracer.arm({ ...order, isHere: false, others: ['10.160.1.12'] })
    tell(packet('a1', 'nat PREROUTING', at('10.1.0.2', 41000, '10.1.1.7', 80)))
    tell(packet('b2', 'nat PREROUTING', at('10.160.1.12', 41000, '10.1.1.7', 80)))
    const { passages } = await tracer.collect({ port: 41000, sources: [{ ip: '10.160.1.12', port: 41000 }] })
    expect(passages.map((passage) => passage.packet.from)).toEqual(['10.160.1.12'])
    expect((await tracer.collect({ port: 41000 })).passages).toEqual([])
  })

  it('ends by itself, and no more are there at once than a few', async () => {
    const { tracer, clock, monitors } = setUp()
    for (let port = 41001; port <= 41004; port++) await tracer.arm({ ...order, port })
    await expect(tracer.arm(order)).rejects.toThrow('4 requests are being traced on this machine already')
    await clock.advance(30_000)
    expect(monitors.killed).toBe(4)
    expect(clock.pending).toBe(0)
  })

  it('takes away what an agent left that died', async () => {
    const { tracer, scripts } = setUp({
      tables: 'table ip nat\ntable inet network-policy\ntable inet podium-trace-39999\n',
    })
    await tracer.arm(order)
    expect(scripts[0]).toBe('add table inet podium-trace-39999\ndelete table inet podium-trace-39999\n')
  })

  it.each([
    [{ ...order, from: ['10.1.0.2; flush ruleset'] }],
    [{ ...order, from: '10.1.0.2' }],
    [{ ...order, from: ['fe80::1%eth0'] }],
    [{ ...order, others: ['x'] }],
    [{ ...order, port: 70_000 }],
    [{ ...order, protocol: 'icmp' }],
    ['nothing'],
  ])('takes no words that nft would take for something else: %j', async (wrong) => {
    await expect(setUp().tracer.arm(wrong)).rejects.toThrow(/needed|tcp or udp/)
  })
})
