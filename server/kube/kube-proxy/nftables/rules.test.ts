import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import type { Family } from '../service-ports.ts'
import { balanced, endpoint, ports, service, slice } from '../testing/sample-services.ts'
import { rulesOf } from './rules.ts'
import { emptyState, stateOf, transactionFor } from './transaction.ts'

function state(one: Service, slices: EndpointSlice[] = [], family: Family = 'IPv4') {
  const ground = { family, clusterCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/12', nodeIP: '10.160.1.11' }
  return stateOf(ports(one, slices, family).map((port) => rulesOf(port, ground)))
}
const chain = (of: ReturnType<typeof state>, prefix: string) =>
  [...of.chains].filter(([name]) => name.startsWith(prefix)).flatMap(([, rules]) => rules)
const elements = (of: ReturnType<typeof state>, set: string) =>
  [...(of.elements.get(set)?.values() ?? [])].map((element) => element.replace(/-[A-Z2-7]{8}-/, '-'))
const [here, there] = [endpoint('10.244.0.2'), endpoint('10.244.1.2', { node: 'n2' })]
const WEB = 'default/web/tcp/'
const affinity = (timeoutSeconds: number) => ({
  sessionAffinity: 'ClientIP',
  sessionAffinityConfig: { clientIP: { timeoutSeconds } },
})

describe('rules', () => {
  it('look a cluster IP up and lead to endpoints by lot', () => {
    const of = state(service(), [slice(here, there)])
    expect(elements(of, 'cluster-ips')).toEqual(['10.96.0.50'])
    expect(elements(of, 'service-ips')).toEqual([`10.96.0.50 . tcp . 80 : goto service-${WEB}`])
    expect(chain(of, 'service-')).toEqual([
      'meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.2 . 8080 , 1 : 10.244.1.2 . 8080 }',
    ])
    // Only who is here can reach itself from here.
    expect(elements(of, 'hairpin-connections')).toEqual(['10.244.0.2 . 10.244.0.2 . tcp . 8080'])
  })

  it('have upstream’s names of chains', () => {
    const named = { ...service({ ports: [{ name: 'p80', port: 80 }] }), metadata: { namespace: 'ns1', name: 'svc1' } }
    const to = [{ ...slice(endpoint('10.180.0.1')), ports: [{ name: 'p80', port: 80 }] }]
    expect([...state(named, to).chains.keys()]).toEqual(['service-ULMVA6XW-ns1/svc1/tcp/p80'])
    const spec = { ...affinity(60), ports: [{ name: 'p80', port: 80 }] }
    const remembered = { ...service(spec), metadata: { namespace: 'ns1', name: 'svc1' } }
    expect([...state(remembered, to).chains.keys()]).toContain('endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80')
  })

  it('reject where nobody is anywhere, and drop where nobody is here by the Service’s own wish', () => {
    const nobody = state(balanced())
    expect(elements(nobody, 'no-endpoint-services')).toEqual([
      '10.96.0.50 . tcp . 80 comment "default/web" : goto reject-chain',
      '192.168.99.22 . tcp . 80 comment "default/web" : goto reject-chain',
      '1.2.3.4 . tcp . 80 comment "default/web" : goto reject-chain',
    ])
    expect(elements(nobody, 'no-endpoint-nodeports')).toEqual(['tcp . 30080 comment "default/web" : goto reject-chain'])
    const elsewhere = state(balanced({ externalTrafficPolicy: 'Local' }), [slice(there)])
    expect(elements(elsewhere, 'no-endpoint-nodeports')).toEqual(['tcp . 30080 comment "default/web" : drop'])
    expect(chain(elsewhere, 'external-').map((rule) => rule.replace(/-[A-Z2-7]{8}-/, '-'))).toEqual([
      `ip saddr 10.244.0.0/16 goto service-${WEB} comment "short-circuit pod traffic"`,
      'fib saddr type local meta mark set mark or 0x4000 comment "masquerade local traffic"',
      `fib saddr type local goto service-${WEB} comment "short-circuit local traffic"`,
    ])
  })

  it('let callers in whom the load balancer takes', () => {
    const of = state(balanced({ loadBalancerSourceRanges: ['203.0.113.0/25'] }), [slice(here)])
    expect(chain(of, 'firewall-')).toEqual(['ip saddr != { 203.0.113.0/25 } drop'])
    expect(elements(of, 'firewall-ips')).toEqual([`1.2.3.4 . tcp . 80 comment "default/web" : goto firewall-${WEB}`])
    expect(elements(of, 'service-ips')).toContain(`1.2.3.4 . tcp . 80 : goto external-${WEB}`)
  })

  it('remember clients with affinity, each endpoint its own', () => {
    const of = state(service(affinity(60)), [slice(here, there)])
    expect([...of.sets.values()]).toEqual(Array(2).fill('{ type ipv4_addr ; flags dynamic,timeout ; timeout 60s ; }'))
    const [first, second, lot] = chain(of, 'service-')
    expect(first).toMatch(/^ip saddr @affinity-\S+10\.244\.0\.2\/8080 goto endpoint-\S+10\.244\.0\.2\/8080$/)
    expect(second).toMatch(/10\.244\.1\.2/)
    expect(lot).toMatch(/^numgen random mod 2 vmap \{ 0 : goto endpoint-\S+ , 1 : goto endpoint-\S+ \}$/)
    expect(chain(of, 'endpoint-')[0]).toMatch(/^update @affinity-\S+ \{ ip saddr \}$/)
    expect(chain(of, 'endpoint-')[1]).toBe('meta l4proto tcp dnat to 10.244.0.2:8080')
  })

  it('write addresses of IPv6 as it wants them', () => {
    const of = state(service({ clusterIPs: ['fd00::50'], ...affinity(60) }), [slice(endpoint('fd00:10::2'))], 'IPv6')
    expect([...of.chains.keys()].every((name) => !name.includes(':'))).toBe(true)
    expect(chain(of, 'endpoint-')[1]).toBe('meta l4proto tcp dnat to [fd00:10::2]:8080')
    expect([...of.sets.values()][0]).toContain('type ipv6_addr')
  })
})

describe('a transaction', () => {
  const T = 'ip kube-proxy'
  const one = state(service(), [slice(here)])
  const verbs = (lines: string[]) => lines.map((line) => line.split(' ').slice(0, 2).join(' '))

  it('is empty when nothing changed', () => {
    expect(transactionFor(T, one, one)).toEqual({ lines: [], stale: [] })
  })

  it('touches only what changed: a chain, and who is at home', () => {
    const two = state(service(), [slice(here, there)])
    expect(verbs(transactionFor(T, two, one).lines)).toEqual(['add chain', 'flush chain', 'add rule'])
  })

  it('takes the way to a chain away before it is emptied for good, and leaves its deletion for later', () => {
    const { lines, stale } = transactionFor(T, emptyState(), one)
    expect(verbs(lines)).toEqual(['flush chain', 'delete element', 'delete element', 'delete element'])
    expect(stale).toEqual([...one.chains.keys()])
  })

  it('makes a set anew whose time changed, and writes again all rules that name it', () => {
    const [short, long] = [60, 120].map((seconds) => state(service(affinity(seconds)), [slice(here)]))
    const { lines } = transactionFor(T, long!, short!)
    expect(verbs(lines)).toEqual([
      'add chain',
      'add chain',
      'flush chain',
      'flush chain',
      'delete set',
      'add set',
      'add rule',
      'add rule',
      'add rule',
      'add rule',
    ])
  })
})
