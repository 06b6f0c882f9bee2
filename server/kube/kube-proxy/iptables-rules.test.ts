import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import { ruleSetOf } from './iptables-rules.ts'
import { restoreText, staleChains } from './restore-text.ts'
import { servicePortsOf } from './service-ports.ts'

const CIDR = '10.244.0.0/16'
const service = (spec: Partial<NonNullable<Service['spec']>> = {}): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.50', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
})
const endpoint = (ip: string, told: { ready?: boolean; terminating?: boolean; node?: string } = {}) => ({
  addresses: [ip],
  nodeName: told.node ?? 'n1',
  conditions: { ready: told.ready ?? true, serving: true, terminating: told.terminating ?? false },
})
const slice = (...endpoints: EndpointSlice['endpoints']): EndpointSlice => ({
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ port: 8080, protocol: 'TCP' }],
})
const rules = (one: Service, ...slices: EndpointSlice[]) => ruleSetOf(servicePortsOf([one], slices, 'n1'), CIDR)
const chain = (set: ReturnType<typeof rules>, prefix: string) =>
  [...set.nat].filter(([name]) => name.startsWith(prefix)).flatMap(([, lines]) => lines)

describe('rules', () => {
  it('lead from a cluster IP to each endpoint with equal chances', () => {
    const set = rules(service(), slice(endpoint('10.244.0.2'), endpoint('10.244.1.2'), endpoint('10.244.1.3')))
    expect(set.nat.get('KUBE-SERVICES')?.[0]).toMatch(/-d 10\.96\.0\.50\/32 --dport 80 -j KUBE-SVC-[A-Z2-7]{16}$/)
    const svc = chain(set, 'KUBE-SVC-')
    expect(svc[0]).toContain(`! -s ${CIDR} -j KUBE-MARK-MASQ`)
    expect(svc.map((rule) => /probability (\S+)/.exec(rule)?.[1])).toEqual([
      undefined,
      '0.3333333333',
      '0.5000000000',
      undefined,
    ])
    expect(chain(set, 'KUBE-SEP-')).toHaveLength(6)
    expect(chain(set, 'KUBE-SEP-')[1]).toContain('-j DNAT --to-destination 10.244.0.2:8080')
  })

  it('masquerade a pod that reaches itself', () => {
    expect(chain(rules(service(), slice(endpoint('10.244.0.2'))), 'KUBE-SEP-')[0]).toContain(
      '-s 10.244.0.2/32 -j KUBE-MARK-MASQ',
    )
  })

  it('refuse at once when nobody is there', () => {
    const set = rules(service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }))
    expect(set.filter.get('KUBE-SERVICES')?.[0]).toContain('has no endpoints')
    expect(set.filter.get('KUBE-SERVICES')?.[0]).toMatch(/-d 10\.96\.0\.50\/32 --dport 80 -j REJECT$/)
    expect(set.filter.get('KUBE-EXTERNAL-SERVICES')?.[0]).toMatch(/--dport 30080 -j REJECT$/)
    expect(chain(set, 'KUBE-SVC-')).toEqual([])
  })

  it('leave out endpoints that are not ready, but use terminating ones when there are no others', () => {
    const mixed = slice(endpoint('10.244.0.2'), endpoint('10.244.0.3', { ready: false }))
    expect(chain(rules(service(), mixed), 'KUBE-SEP-')).toHaveLength(2)
    const last = slice(endpoint('10.244.0.3', { ready: false, terminating: true }))
    expect(chain(rules(service(), last), 'KUBE-SEP-')[1]).toContain('10.244.0.3:8080')
  })

  it('open a node port, masqueraded, through the same chain', () => {
    const set = rules(
      service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
      slice(endpoint('10.244.0.2')),
    )
    expect(set.nat.get('KUBE-NODEPORTS')?.[0]).toMatch(/--dport 30080 -j KUBE-EXT-/)
    expect(chain(set, 'KUBE-EXT-')[0]).toMatch(/-j KUBE-MARK-MASQ$/)
    expect(chain(set, 'KUBE-EXT-')[1]).toMatch(/^-j KUBE-SVC-/)
    expect(set.nat.get('KUBE-SERVICES')?.at(-1)).toMatch(/--dst-type LOCAL -j KUBE-NODEPORTS$/)
  })

  it('keep outside traffic on this node with policy Local, and its address as it is', () => {
    const spec = {
      type: 'NodePort' as const,
      externalTrafficPolicy: 'Local' as const,
      ports: [{ port: 80, nodePort: 30080 }],
    }
    const set = rules(service(spec), slice(endpoint('10.244.0.2'), endpoint('10.244.1.2', { node: 'n2' })))
    expect(chain(set, 'KUBE-EXT-').at(-1)).toMatch(/^-j KUBE-SVL-/)
    expect(chain(set, 'KUBE-SVL-')).toHaveLength(1)
    const elsewhere = rules(service(spec), slice(endpoint('10.244.1.2', { node: 'n2' })))
    expect(elsewhere.filter.get('KUBE-EXTERNAL-SERVICES')?.[0]).toMatch(/no local endpoints.*-j DROP$/)
  })

  it('remember clients with affinity, before the dice', () => {
    const spec = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }
    const set = rules(service(spec), slice(endpoint('10.244.0.2'), endpoint('10.244.0.3')))
    expect(chain(set, 'KUBE-SVC-').map((rule) => rule.includes('--rcheck --seconds 60'))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ])
    expect(chain(set, 'KUBE-SEP-')[1]).toContain('--set --rsource')
  })

  it('ignore headless services and names of elsewhere', () => {
    expect(servicePortsOf([service({ clusterIP: 'None' }), service({ type: 'ExternalName' })], [], 'n1')).toEqual([])
  })
})

describe('restore', () => {
  const one = rules(service(), slice(endpoint('10.244.0.2')))
  const two = rules(service(), slice(endpoint('10.244.0.3')))

  it('writes everything the first time, nothing when nothing changed', () => {
    expect(restoreText(one, undefined)).toMatch(/^\*filter\n/)
    expect(restoreText(one, one)).toBe('')
  })

  it('touches only what changed, and deletes what is stale at the end', () => {
    const text = restoreText(two, one)
    expect(text).not.toContain('*filter')
    expect(text).not.toContain(':KUBE-SERVICES ')
    expect(text).toMatch(/:KUBE-SVC-\S+ - \[0:0\]/)
    expect(text).toMatch(/\n-X KUBE-SEP-[A-Z2-7]{16}\nCOMMIT\n$/)
  })

  it('finds chains that an earlier life left', () => {
    const saved = ':KUBE-SVC-AAAA - [0:0]\n:KUBE-SERVICES - [0:0]\n:OTHER - [0:0]\n'
    expect(staleChains(saved, one.nat)).toEqual(['KUBE-SVC-AAAA'])
  })
})
