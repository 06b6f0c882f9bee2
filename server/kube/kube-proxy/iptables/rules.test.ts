import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import type { Family } from '../service-ports.ts'
import { balanced, endpoint, ports, service, slice } from '../testing/sample-services.ts'
import { IPTABLES_JUMPS } from './jumps.ts'
import { readSaved, removalText, restoreText } from './restore-text.ts'
import { ruleSetOf, rulesOf } from './rules.ts'

const CIDR = '10.244.0.0/16'
function rules(one: Service, slices: EndpointSlice[] = [], family: Family = 'IPv4') {
  const ground = { family, clusterCidr: family === 'IPv4' ? CIDR : 'fd00:10::/56', nodeIP: '10.160.1.11' }
  return ruleSetOf(
    ports(one, slices, family).map((port) => rulesOf(port, ground)),
    ground,
  )
}
const chain = (set: ReturnType<typeof rules>, prefix: string) =>
  [...set.nat].filter(([name]) => name.startsWith(prefix)).flatMap(([, lines]) => lines)
const [here, there] = [endpoint('10.244.0.2'), endpoint('10.244.1.2', { node: 'n2' })]
const nodePort = { type: 'NodePort' as const, ports: [{ port: 80, nodePort: 30080 }] }
const LOCAL = { externalTrafficPolicy: 'Local' as const }

describe('rules', () => {
  it('lead from a cluster IP to each endpoint with equal chances', () => {
    const set = rules(service(), [slice(here, there, endpoint('10.244.1.3'))])
    expect(set.nat.get('KUBE-SERVICES')?.[0]).toMatch(
      /^-m comment --comment "default\/web cluster IP" -m tcp -p tcp -d 10\.96\.0\.50 --dport 80 -j KUBE-SVC-[A-Z2-7]{16}$/,
    )
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

  it('have upstream’s names of chains', () => {
    // From the tests of upstream's proxier, where ns1/svc1:p80 leads to 10.180.0.1:80.
    const named = { ...service({ ports: [{ name: 'p80', port: 80 }] }), metadata: { namespace: 'ns1', name: 'svc1' } }
    const set = rules(named, [{ ...slice(endpoint('10.180.0.1')), ports: [{ name: 'p80', port: 80 }] }])
    expect([...set.nat.keys()]).toEqual(
      expect.arrayContaining(['KUBE-SVC-XPGD46QRK7WJZT7O', 'KUBE-SEP-SXIVWICOYRO3J4NJ']),
    )
  })

  it('masquerade a pod that reaches itself', () => {
    expect(chain(rules(service(), [slice(here)]), 'KUBE-SEP-')[0]).toContain('-s 10.244.0.2 -j KUBE-MARK-MASQ')
  })

  it('refuse at once when nobody is there, wherever it is asked', () => {
    const set = rules(balanced())
    expect(set.filter.get('KUBE-SERVICES')?.[0]).toMatch(/has no endpoints" .*-d 10\.96\.0\.50 --dport 80 -j REJECT$/)
    const outside = set.filter.get('KUBE-EXTERNAL-SERVICES') ?? []
    expect(outside.map((rule) => /(?:-d (\S+) )?--dport (\d+) -j (\w+)$/.exec(rule)?.slice(1))).toEqual([
      ['192.168.99.22', '80', 'REJECT'],
      ['1.2.3.4', '80', 'REJECT'],
      [undefined, '30080', 'REJECT'],
    ])
    expect(outside[2]).toContain('-m addrtype --dst-type LOCAL')
    expect([...set.nat.keys()].filter((name) => /SVC|SEP|EXT/.test(name))).toEqual([])
    expect(set.nat.get('KUBE-SERVICES')).toHaveLength(1)
  })

  it('open a node port, masqueraded, through the same chain', () => {
    const set = rules(service(nodePort), [slice(here)])
    expect(set.nat.get('KUBE-NODEPORTS')?.[0]).toMatch(/--dport 30080 -j KUBE-EXT-/)
    expect(chain(set, 'KUBE-EXT-')[0]).toMatch(
      /"masquerade traffic for default\/web external destinations" -j KUBE-MARK-MASQ$/,
    )
    expect(chain(set, 'KUBE-EXT-')[1]).toMatch(/^-j KUBE-SVC-/)
    expect(set.nat.get('KUBE-SERVICES')?.at(-1)).toMatch(/must be the last rule.*--dst-type LOCAL -j KUBE-NODEPORTS$/)
  })

  it('keep outside traffic on this node with policy Local, and its address as it is', () => {
    const set = rules(service({ ...nodePort, ...LOCAL }), [slice(here, there)])
    expect(chain(set, 'KUBE-EXT-').map((rule) => /-j (KUBE-[A-Z]+)/.exec(rule)?.[1])).toEqual([
      'KUBE-SVC',
      'KUBE-MARK',
      'KUBE-SVC',
      'KUBE-SVL',
    ])
    expect(chain(set, 'KUBE-SVL-')).toHaveLength(1)
  })

  it('with policy Local and nobody here drop what comes from outside, and lead pods and the node to the others', () => {
    const set = rules(service({ ...nodePort, ...LOCAL }), [slice(there)])
    expect(set.filter.get('KUBE-EXTERNAL-SERVICES')?.[0]).toMatch(/no local endpoints.*-j DROP$/)
    expect(chain(set, 'KUBE-EXT-')).toHaveLength(3)
    expect(set.nat.get('KUBE-NODEPORTS')).toHaveLength(1)
    expect(chain(set, 'KUBE-SVL-')).toEqual([])
  })

  it('keep inside traffic on this node with policy Local, from the cluster IP only', () => {
    const set = rules(service({ ...nodePort, internalTrafficPolicy: 'Local' }), [slice(here, there)])
    expect(set.nat.get('KUBE-SERVICES')?.[0]).toMatch(/cluster IP.* -j KUBE-SVL-/)
    expect(chain(set, 'KUBE-EXT-').at(-1)).toMatch(/-j KUBE-SVC-/)
    expect(chain(set, 'KUBE-SVL-')[0]).toContain(`! -s ${CIDR} -j KUBE-MARK-MASQ`)
    const nobody = rules(service({ internalTrafficPolicy: 'Local' }), [slice(there)])
    expect(nobody.filter.get('KUBE-SERVICES')?.[0]).toMatch(/has no local endpoints" .*-j DROP$/)
    expect(chain(nobody, 'KUBE-SVC-')).toEqual([])
  })

  it('let callers in whom the load balancer takes, and drop all others', () => {
    const ranges = { loadBalancerSourceRanges: ['203.0.113.0/25', '10.160.0.0/12'] }
    const set = rules(balanced(ranges), [slice(here)])
    expect(set.nat.get('KUBE-SERVICES')?.[2]).toMatch(/"default\/web loadbalancer IP" .*-d 1\.2\.3\.4 .*-j KUBE-FW-/)
    const fw = chain(set, 'KUBE-FW-')
    // The node itself is in the second range: it may call from the load balancer's address.
    expect(fw.map((rule) => /-s (\S+) -j KUBE-EXT-/.exec(rule)?.[1])).toEqual([
      '203.0.113.0/25',
      '10.160.0.0/12',
      '1.2.3.4',
      undefined,
    ])
    expect(fw[3]).toMatch(/"other traffic to default\/web will be dropped by KUBE-PROXY-FIREWALL"$/)
    expect(set.filter.get('KUBE-PROXY-FIREWALL')?.[0]).toMatch(
      /traffic not accepted by KUBE-FW-\S+" .*-d 1\.2\.3\.4 --dport 80 -j DROP$/,
    )
    expect(rules(balanced(), [slice(here)]).nat.get('KUBE-SERVICES')?.[2]).toMatch(/loadbalancer IP.*-j KUBE-EXT-/)
  })

  it('accept questions of a load balancer after the node’s health', () => {
    const set = rules(balanced({ ...LOCAL, healthCheckNodePort: 30000 }), [slice(here)])
    expect(set.filter.get('KUBE-NODEPORTS')).toEqual([
      '-m comment --comment "default/web health check node port" -m tcp -p tcp --dport 30000 -j ACCEPT',
    ])
  })

  it('remember clients with affinity, before the dice', () => {
    const spec = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }
    const set = rules(service(spec), [slice(here, endpoint('10.244.0.3'))])
    expect(chain(set, 'KUBE-SVC-').map((rule) => rule.includes('--rcheck --seconds 60 --reap'))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ])
    expect(chain(set, 'KUBE-SEP-')[1]).toMatch(/-m recent --name KUBE-SEP-\S+ --set .*-j DNAT/)
  })

  it('write addresses of IPv6 as it wants them', () => {
    const set = rules(service({ clusterIPs: ['fd00::50'] }), [slice(endpoint('fd00:10::2'))], 'IPv6')
    expect(chain(set, 'KUBE-SEP-')[1]).toContain('--to-destination [fd00:10::2]:8080')
    expect(set.nat.get('KUBE-SERVICES')?.at(-1)).toContain('! -d ::1/128')
    expect(set.filter.get('KUBE-FIREWALL')).toEqual([])
  })
})

describe('restore', () => {
  const one = rules(service(), [slice(here)])
  const two = rules(service(), [slice(there)])
  const known = { missing: [] }

  it('writes everything the first time, jumps included, and nothing when nothing changed', () => {
    const text = restoreText(one, readSaved('', IPTABLES_JUMPS))
    expect(text).toMatch(/^\*filter\n/)
    expect(text).toContain(
      '\n-I INPUT 1 -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES\n',
    )
    expect(text.match(/^-I /gm)).toHaveLength(14)
    expect(restoreText(one, { ...known, rules: one })).toBe('')
  })

  it('touches only what changed, and deletes what is stale at the end', () => {
    const text = restoreText(two, { ...known, rules: one })
    expect(text).not.toContain('*filter')
    expect(text).not.toContain(':KUBE-SERVICES ')
    expect(text).toMatch(/:KUBE-SVC-\S+ - \[0:0\]/)
    expect(text).toMatch(/\n-X KUBE-SEP-[A-Z2-7]{16}\nCOMMIT\n$/)
  })

  it('declares chains by name, for the sake of iptables', () => {
    const all = rules(service(), [slice(...Array.from({ length: 9 }, (_, at) => endpoint(`10.244.0.${at}`)))])
    const [, nat = ''] = restoreText(all, readSaved('', IPTABLES_JUMPS)).split('*nat')
    const declared = nat.match(/^:\S+/gm) ?? []
    expect(declared).toEqual(declared.toSorted())
  })

  it('deletes chains that an earlier life left, and writes again those that are wanted still', () => {
    const [svc] = [...one.nat.keys()].filter((name) => name.startsWith('KUBE-SVC-'))
    const saved = `*nat\n:KUBE-SVC-AAAA - [0:0]\n:${svc} - [0:0]\n:OTHER - [0:0]\n-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING\n`
    const text = restoreText(one, readSaved(saved, IPTABLES_JUMPS))
    expect(text.match(/^-X .*/gm)).toEqual(['-X KUBE-SVC-AAAA'])
    expect(text).toContain(`:${svc} - [0:0]`)
    expect(text).not.toContain('-I POSTROUTING')
    expect(text).toContain('-I PREROUTING')
  })

  it('takes everything of ours away for another mode, and nothing else', () => {
    const saved =
      '*nat\n:POSTROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:PODIUM-MASQ - [0:0]\n-A POSTROUTING -j PODIUM-MASQ\n-A OUTPUT -m comment --comment "a b" -j KUBE-SERVICES\n-A KUBE-SERVICES -j KUBE-MARK-MASQ\nCOMMIT\n'
    expect(removalText(saved)).toBe(
      '*nat\n:KUBE-SERVICES - [0:0]\n-D OUTPUT -m comment --comment "a b" -j KUBE-SERVICES\n-X KUBE-SERVICES\nCOMMIT\n',
    )
    expect(removalText('*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n')).toBe('')
  })
})
