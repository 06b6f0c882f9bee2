import { describe, expect, it } from 'vitest'
import { endsOf } from './ends.ts'
import { hopsOf } from './hops.ts'
import {
  arrives,
  CLIENT,
  FORWARD,
  outcome,
  passage,
  preroutingTo,
  report,
  rule,
  there,
  told,
} from './testing/told-examples.ts'
import type { Told } from './told.ts'

const web = '10.96.0.50'
const dropped = rule('to/default/web-2', 'drop', 'counter drop comment "ingress dropped by default/friends"')
const rejected = rule('KUBE-SERVICES', 'drop', '-A KUBE-SERVICES --comment "default/nobody has no endpoints" -j REJECT')
const toNobody = passage(FORWARD, ['cni0', 'eth0'], [CLIENT, '10.96.0.51:8080'], [rejected])
const to = (how: string, ...last: Parameters<typeof arrives>[1][]) =>
  told('web', {
    outcome: outcome(how, web),
    reports: [
      ['node-1', there('web', web)],
      ['node-2', arrives(80, ...last)],
    ],
  })

describe('a traced request', () => {
  it.each<[string, Told, object, string]>([
    [
      'answered',
      to('connected'),
      { target: { ip: '10.244.0.2', port: 80, pod: { name: 'web-2' } }, isReached: true },
      'web-2 answers',
    ],
    [
      'refused by the Pod',
      to('ECONNREFUSED'),
      { target: { pod: { name: 'web-2' } }, isReached: true },
      'web-2 refuses',
    ],
    [
      'refused before the Pod',
      to('ECONNREFUSED', rule('input', 'drop', 'tcp dport 80 reject with tcp reset')),
      { target: { pod: { name: 'web-2' } }, isReached: false },
      'Network policy, ingress',
    ],
    [
      'dropped before the Pod',
      to('silence', dropped),
      { target: { pod: { name: 'web-2' } }, isReached: false },
      'Network policy, ingress',
    ],
    [
      'to a Service without endpoints',
      told('nobody', {
        outcome: outcome('ECONNREFUSED', '10.96.0.51'),
        reports: [['node-1', report([preroutingTo('10.96.0.51:8080'), toNobody])]],
      }),
      { asked: { service: { name: 'nobody' } }, isReached: false },
      'Filter FORWARD',
    ],
    ['whose name is unknown', told('wbe', { outcome: outcome('no name') }), { isReached: false }, ''],
  ])('%s: says whom it was for, and whether it got there', (_, of, ends, last) => {
    const told = endsOf(of)
    expect(told).toMatchObject({ client: { ip: '10.244.1.2', machine: 'node-1', pod: { name: 'client' } }, ...ends })
    expect('target' in told).toBe('target' in ends)
    expect(hopsOf(of).at(-1)?.title ?? '').toBe(last)
  })
})
