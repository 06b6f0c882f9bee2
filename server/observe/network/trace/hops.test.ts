import { describe, expect, it } from 'vitest'
import { hopsOf } from './hops.ts'
import {
  arrives,
  CLIENT,
  FORWARD,
  leadingTo,
  outcome,
  passage,
  preroutingTo,
  report,
  rule,
  there,
  told,
} from './testing/told-examples.ts'

const web = '10.96.0.50'
const allowed = rule('to/default/web-2', 'accept', 'tcp dport 80 counter accept comment "default/friends ingress[0]"')
const names = [
  { name: 'web.default.svc.cluster.local.', type: 'A' as const, answer: 'NOERROR', addresses: [web], ms: 0.4 },
]
const hops = (...args: Parameters<typeof told>) => hopsOf(told(...args))
const words = (told: ReturnType<typeof hops>) => told.map(({ title, where, says }) => [title, where, says])

describe('the way of a request', () => {
  const whole = hops('web', {
    outcome: outcome('connected', web, { names, answer: 'HTTP/1.1 200 OK', bytes: 615 }),
    reports: [
      ['node-1', there('web', web)],
      ['node-2', arrives(80, allowed)],
    ],
  })

  it('is told in the order in which it was gone, from the name to the Pod', () => {
    expect(words(whole)).toEqual([
      ['Name', 'DNS at 10.96.0.10, 0.4 ms', `web is \`${web}\`, asked once`],
      ['client sends', 'node-1', `TCP from \`${CLIENT}\` to \`${web}:8080\``],
      ['Service web', 'node-1', 'rewrites the target to `10.244.0.2:80`, web-2'],
      ['Route', 'node-1', 'next stop `10.160.1.13`, node-2, by `eth0`'],
      ['Filter FORWARD', 'node-1', 'nothing stops it'],
      ['Wire', 'node-1 to node-2', `it comes by \`eth0\` from \`${CLIENT}\``],
      ['Route', 'node-2', '`10.244.0.2` is behind `cni0`'],
      ['Network policy, ingress', 'node-2', '`default/friends ingress[0]` lets it through'],
      ['web-2 answers', 'node-2', '`HTTP/1.1 200 OK`, 615 bytes'],
    ])
    // Whoever answers has said so already; all others are quoted.
    expect(whole.slice(0, -1).every(({ state, lines }) => state === 'ok' && lines.length > 0)).toBe(true)
  })

  it('shows every rule that was met, and of the chain that chose also those that were not', () => {
    const service = whole.find(({ title }) => title === 'Service web')
    expect(service?.lines.map((line) => line.split(' ')[1])).toEqual([
      'PREROUTING',
      'KUBE-SERVICES',
      'KUBE-SVC-A',
      'KUBE-SEP-B',
    ])
    expect(service?.choice).toEqual([
      { words: '1 in 2 → 10.244.1.3:80', isTaken: false, end: 'passed over' },
      { words: 'else → 10.244.0.2:80', isTaken: true, end: 'taken' },
    ])
  })

  it('says by which policy it was dropped, and that nothing is known of what is behind', () => {
    const dropped = rule('to/default/web-2', 'drop', 'counter drop comment "ingress dropped by default/friends"')
    const told = hops('web', {
      outcome: outcome('silence', web),
      reports: [
        ['node-1', there('web', web)],
        ['node-2', arrives(80, dropped)],
      ],
    })
    expect(told.at(-1)).toMatchObject({ state: 'fail', says: 'ingress dropped by default/friends' })
  })

  it('says by which rule of others it was refused', () => {
    const rejected = rule(
      'KUBE-SERVICES',
      'drop',
      '-A KUBE-SERVICES --comment "default/web has no endpoints" -j REJECT',
    )
    const passing = passage(FORWARD, ['cni0', 'eth0'], [CLIENT, `${web}:8080`], [rejected])
    const told = hops('web', { outcome: outcome('ECONNREFUSED', web), reports: [['node-1', report([passing])]] })
    expect(told.at(-1)).toMatchObject({ kind: 'filter', says: 'refused here: default/web has no endpoints' })
  })

  it('says that no rule was about the address of a Service', () => {
    const told = hops('web', {
      outcome: outcome('silence', web),
      reports: [['node-1', report([preroutingTo(`${web}:8080`)])]],
    })
    expect(told.at(-1)).toMatchObject({ kind: 'service', title: 'Service web', says: 'no rule here is about it' })
    const toPod = preroutingTo('10.244.0.2:80')
    const plain = hops('web', { outcome: outcome('silence', '10.244.0.2'), reports: [['node-1', report([toPod])]] })
    expect(plain.at(-1)).toMatchObject({ kind: 'filter', title: 'Service rules' })
  })

  it('tells under whose address it went on', () => {
    const masquerade = rule('KUBE-POSTROUTING', 'accept', '-A KUBE-POSTROUTING -j MASQUERADE --random-fully')
    const postrouting = passage(['ip', 'nat', 'POSTROUTING'], ['cni0', 'eth0'], [CLIENT, '10.244.0.2:80'], [masquerade])
    const { connection } = there('web', web)
    const rewritten = { ...connection!, answered: { ...connection!.answered, to: '10.160.1.12', toPort: 1024 } }
    const told = hops('web', {
      outcome: outcome('connected', web),
      reports: [['node-1', report([preroutingTo(`${web}:8080`), postrouting], { connection: rewritten })]],
    })
    expect(told.find(({ title }) => title === 'Masquerade')?.says).toContain(
      'rewrites the sender to `10.160.1.12:1024`',
    )
    const kept = rule('PODIUM-MASQ', 'return', '-A PODIUM-MASQ -d 10.244.0.0/16 -j RETURN')
    const jump = rule(
      'POSTROUTING',
      'jump KUBE-POSTROUTING',
      '-A POSTROUTING -m comment --comment "x" -j KUBE-POSTROUTING',
    )
    const plain = hops('web', {
      outcome: outcome('connected', web),
      reports: [['node-1', report([{ ...postrouting, rules: [jump, kept] }])]],
    })
    expect(plain.find(({ kind }) => kind === 'masquerade')).toMatchObject({
      title: 'Sender',
      says: `stays \`${CLIENT}\``,
    })
  })

  it('is told in addresses of IPv6 as they are written before a port', () => {
    const [web, far] = ['fd00:10:96::50', 'fd00:10:244:0::2']
    const own = (one: ReturnType<typeof preroutingTo>, to: string, toPort: number) => ({
      ...one,
      packet: { ...one.packet, from: 'fd00:10:244:1::2', to, toPort },
    })
    const chosen = preroutingTo('x:8080', ...leadingTo('default/web', `[${far}]:80`))
    const forward = passage(FORWARD, ['cni0', 'eth0'], [CLIENT, 'x:80'])
    const told = hops(web, {
      outcome: outcome('connected', web),
      reports: [['node-1', report([own(chosen, web, 8080), own(forward, far, 80)])]],
    })
    expect(words(told)).toEqual([
      ['client sends', 'node-1', `TCP from \`[fd00:10:244:1::2]:41000\` to \`[${web}]:8080\``],
      ['Service web', 'node-1', `rewrites the target to \`[${far}]:80\`, web-2`],
      ['web-2 answers', 'node-2', 'nothing, but it is there'],
    ])
  })

  it('ends at the name where that leads nowhere', () => {
    const steps = ['wbe.default.svc.cluster.local.', 'wbe.'].map((name) => ({
      name,
      type: 'A' as const,
      answer: 'NXDOMAIN',
      addresses: [],
      ms: 1,
    }))
    expect(hops('wbe', { outcome: outcome('no name', undefined, { names: steps }) })).toEqual([
      {
        kind: 'name',
        machine: '',
        title: 'Name',
        where: 'DNS at 10.96.0.10, 2.0 ms',
        says: 'nobody knows wbe, asked 2 times',
        state: 'fail',
        lines: ['wbe.default.svc.cluster.local. A: NXDOMAIN', 'wbe. A: NXDOMAIN'],
      },
    ])
  })

  it('reads a route of whatever length in time that grows with it', () => {
    const says = `${'x'.repeat(500)}${' via y'.repeat(1_000)}`
    const route = { asked: 'ip route get', says, isThere: true }
    const reports: [string, ReturnType<typeof report>][] = [['node-1', report(there('web', web).passages, { route })]]
    const { user } = process.cpuUsage()
    hops('web', { outcome: outcome('connected', web), reports })
    expect(process.cpuUsage().user - user).toBeLessThan(3e5)
  })
})
