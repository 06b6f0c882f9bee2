import { describe, expect, it } from 'vitest'
import { choicesOf } from './choices.ts'
import { CLIENT, passage, rule } from './testing/told-examples.ts'

const [near, far] = ['10.244.0.2:8080', '10.244.1.2:8080']
const choose = (table: string[], rules: string[], met: number, target: string, verdict = '') => {
  const chain = 'KUBE-SVC-A'
  const taken = passage(table, ['cni0', ''], [CLIENT, '10.96.0.50:80'], [rule(chain, verdict, rules[met] ?? '')])
  return choicesOf(taken, { [`${table[0]} ${table[1]} ${chain}`]: rules }, target).map(({ words, end }) => [words, end])
}

describe('in mode iptables', () => {
  const table = ['ip', 'nat', 'PREROUTING']
  const to = (address: string, more = '') =>
    `-A KUBE-SVC-A -m comment --comment "default/web -> ${address}"${more} -j KUBE-SEP-B`
  const lot = (chance: string) => ` -m statistic --mode random --probability ${chance}`

  it('rules are tried one after the other, each with its chance', () => {
    const rules = [
      '-A KUBE-SVC-A ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ',
      to(near, lot('0.33333333349')),
      to(far, lot('0.50000000000')),
      to('10.244.1.9:8080'),
    ]
    expect(choose(table, rules, 2, far, 'jump KUBE-SEP-B')).toEqual([
      [`1 in 3 → ${near}`, 'passed over'],
      [`1 in 2 → ${far}`, 'taken'],
      ['else → 10.244.1.9:8080', 'not reached'],
    ])
  })

  it('who was here before is led to where they were', () => {
    const known = (address: string) => to(address, ' -m recent --rcheck --seconds 60 --reap --name KUBE-SEP-B')
    const rules = [known(near), known(far), to(near, lot('0.50000000000')), to(far)]
    expect(choose(table, rules, 1, far, 'jump KUBE-SEP-B').map(([words]) => words)).toEqual([
      `remembered → ${near}`,
      `remembered → ${far}`,
      `1 in 2 → ${near}`,
      `else → ${far}`,
    ])
  })

  it('one endpoint is no choice', () => {
    expect(choose(table, [to(near)], 0, near, 'jump KUBE-SEP-B')).toEqual([])
  })
})

describe('in mode nftables', () => {
  const table = ['ip', 'kube-proxy', 'nat-prerouting']

  it('one lot is drawn among all', () => {
    const lot = 'meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.2 . 8080, 1 : 10.244.1.2 . 8080 }'
    expect(choose(table, [lot], 0, far)).toEqual([
      [`1 in 2 → ${near}`, 'not drawn'],
      [`1 in 2 → ${far}`, 'taken'],
    ])
  })

  it('who was here before is led to where they were, and draws no lot', () => {
    const [one, other] = [near, far].map((at) => `endpoint-5OJB2KTY-default/web/tcp/http__${at.replace(':', '/')}`)
    const rules = [
      ...[one, other].map((chain) => `ip saddr @affinity-${chain?.slice(9)} goto ${chain}`),
      `numgen random mod 2 vmap { 0 : goto ${one}, 1 : goto ${other} }`,
    ]
    expect(choose(table, rules, 1, far, `goto ${other}`)).toEqual([
      [`remembered → ${near}`, 'passed over'],
      [`remembered → ${far}`, 'taken'],
      [`1 in 2 → ${near}`, 'not drawn'],
      [`1 in 2 → ${far}`, 'not drawn'],
    ])
    expect(choose(table, rules, 2, near, `goto ${one}`).map(([, end]) => end)).toEqual([
      ...['passed over', 'passed over', 'taken', 'not drawn'],
    ])
  })
})

it('is read out of whatever a machine says in time that grows with its length', () => {
  const lot = 'numgen random mod 2 map { '
  const told = [
    [`${lot}${'x'.repeat(60_000)}, 1 : 10.244.1.2 . 8080 }`],
    [`${lot}0 : goto x, 1 : 10.244.1.2 . 8080 }`, 'map {'.repeat(20_000)],
    ['', '"'].map((end) => `--comment "${' -> '.repeat(20_000)}${end}`),
    ['x', `x${'@affinity-'.repeat(10_000)}`],
  ]
  const { user } = process.cpuUsage()
  for (const rules of told) {
    const taken = passage(['ip', 'nat', 'x'], ['', ''], [CLIENT, far], [rule('x', 'jump KUBE-SEP-B', rules[0] ?? '')])
    choicesOf(taken, { 'ip nat x': rules }, far)
  }
  expect(process.cpuUsage().user - user).toBeLessThan(3e5)
})
