import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { Service } from './service.ts'
import { serviceErrors } from './service-rules.ts'
import { problems, updateProblems } from './testing/kind-facts.ts'

const ports = [{ port: 80, targetPort: 80, protocol: 'TCP' }]
it.each<{ name: string; spec: ServiceSpec & { trafficDistribution?: string }; says: string }>([
  {
    name: 'an alias has no families',
    spec: { type: 'ExternalName', externalName: 'a.b', ipFamilies: ['IPv4'] },
    says: 'spec.ipFamilies: Forbidden: may not be set for ExternalName services',
  },
  {
    name: 'the first address is the address',
    spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] },
    says: 'spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`',
  },
  {
    name: 'one address of each family',
    spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] },
    says: 'may specify no more than one IP for each IP family',
  },
  {
    name: 'addresses are of their families',
    spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv6'] },
    says: 'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
  },
  {
    name: 'families there are two of',
    spec: { ipFamilies: ['IPv5'] },
    says: 'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
  },
  {
    name: 'external addresses are nobody’s own',
    spec: { externalIPs: ['127.0.0.1'] },
    says: 'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  },
  {
    name: 'source ranges are for load balancers',
    spec: { loadBalancerSourceRanges: ['10.0.0.0/8'] },
    says: "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
  },
  {
    name: 'source ranges are ranges',
    spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0'] },
    says: 'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value',
  },
  {
    name: 'outside policies are for what can be reached from outside',
    spec: { externalTrafficPolicy: 'Local' },
    says: 'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  },
  {
    name: 'health ports are for load balancers that keep traffic local',
    spec: { type: 'LoadBalancer', healthCheckNodePort: 30000 },
    says: "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
  },
  {
    name: 'clients are remembered for a day at most',
    spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } },
    says: 'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
  },
  {
    name: 'nobody is remembered without affinity',
    spec: { sessionAffinity: 'None', sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } },
    says: 'spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is None',
  },
  {
    name: 'ways to distribute have names',
    spec: { trafficDistribution: 'Near' },
    says: 'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
  },
  {
    name: 'a way to distribute that is empty is none of them',
    spec: { trafficDistribution: '' },
    says: 'spec.trafficDistribution: Unsupported value: ""',
  },
  {
    name: 'selectors are labels',
    spec: { selector: { '-a': 'b c' } },
    says: "spec.selector: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.'",
  },
  {
    name: 'and their values are of labels',
    spec: { selector: { a: 'b c' } },
    says: 'spec.selector: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric',
  },
  {
    name: 'protocols of applications have qualified names',
    spec: { ports: [{ port: 80, protocol: 'TCP', appProtocol: 'h 2' }] },
    says: 'spec.ports[0].appProtocol: Invalid value: "h 2": name part must consist of alphanumeric',
  },
  {
    name: 'a port is told once',
    spec: { ports: ['a', 'b'].map((name) => ({ name, port: 80, protocol: 'TCP' })) },
    says: 'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  },
  {
    name: 'a node opens a port once',
    spec: {
      type: 'NodePort',
      ports: [80, 81].map((port) => ({ name: `p${port}`, port, protocol: 'TCP', nodePort: 30_080 })),
    },
    says: 'spec.ports[1].nodePort: Duplicate value: 30080',
  },
  {
    name: 'classes of balancers have qualified names',
    spec: { type: 'LoadBalancer', loadBalancerClass: 'a b' },
    says: 'spec.loadBalancerClass: Invalid value: "a b": name part must consist of alphanumeric',
  },
  {
    name: 'health is asked at a port',
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 65_536 },
    says: 'spec.healthCheckNodePort: Invalid value: 65536: must be between 1 and 65535, inclusive',
  },
  {
    name: 'a name of elsewhere is shown without its last dot',
    spec: { type: 'ExternalName', externalName: 'a_b.' },
    says: 'spec.externalName: Invalid value: "a_b": a lowercase RFC 1123 subdomain',
  },
  {
    name: 'affinity to clients says for how long',
    spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: {} },
    says: 'spec.sessionAffinityConfig.clientIP: Required value: when session affinity type is ClientIP',
  },
])('$name', ({ spec, says }) => {
  const errors = serviceErrors({ ports, ...spec })
  expect(errors.map(({ field, message }) => `${field}: ${message}`).join('\n')).toContain(says)
})

it('takes what is right', () => {
  const spec: ServiceSpec = {
    type: 'LoadBalancer',
    ports,
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1', 'fd00::1'],
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'PreferDualStack',
    externalIPs: ['192.0.2.1'],
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 30000,
    loadBalancerSourceRanges: [' 10.0.0.0/8'],
    loadBalancerClass: 'example.com/fast',
  }
  expect(serviceErrors(spec)).toEqual([])
})

it('forgets how long clients are remembered when they no longer are: whoever turns it off says that much only', () => {
  const service = {
    spec: { sessionAffinity: 'None', sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } }, ports },
  }
  Service.strategy.setDefaults?.(service)
  expect(service.spec).not.toHaveProperty('sessionAffinityConfig')
})

it('lets load balancers serve the port of the kubelet, as any other', () => {
  const spec: ServiceSpec = { type: 'LoadBalancer', ports: [{ port: 10_250, targetPort: 12_345, protocol: 'TCP' }] }
  expect(serviceErrors(spec)).toEqual([])
})

it.each<{ name: string; type?: string; annotations: Record<string, string>; says: string[] }>([
  {
    name: 'two that contradict',
    annotations: {
      'service.kubernetes.io/topology-mode': 'Auto',
      'service.kubernetes.io/topology-aware-hints': 'Disabled',
    },
    says: [
      'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
    ],
  },
  {
    name: 'sources of a load balancer that is none',
    annotations: { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8' },
    says: [
      "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
  },
  {
    name: 'sources that are no range',
    type: 'LoadBalancer',
    annotations: { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8, foo' },
    says: [
      'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "foo": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  },
])('hears annotations: $name', ({ type = 'ClusterIP', annotations, says }) => {
  expect(problems(Service, { metadata: { annotations }, spec: { type, ports } })).toEqual(says)
})

const two = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'], ipFamilies: ['IPv4', 'IPv6'] }
const one = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'] }
const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
it.each<{ name: string; from: ServiceSpec; to: ServiceSpec; says: string[] }>([
  { name: 'a second address comes', from: one, to: { ...two, ipFamilyPolicy: 'PreferDualStack' }, says: [] },
  { name: 'and goes', from: two, to: { ...one, ipFamilyPolicy: 'SingleStack' }, says: [] },
  {
    name: 'but not unasked',
    from: two,
    to: { ...one, ipFamilyPolicy: 'PreferDualStack' },
    says: [
      `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary clusterIP`,
      `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary ipFamily`,
    ],
  },
  {
    name: 'nor becomes another',
    from: two,
    to: { ...two, clusterIPs: ['10.0.0.1', 'fd00::2'] },
    says: ['spec.clusterIPs[1]: Invalid value: ["10.0.0.1","fd00::2"]: may not change once set'],
  },
  {
    name: 'families stay as they are',
    from: { ...one, clusterIPs: [], clusterIP: '' },
    to: { ipFamilies: ['IPv6'] },
    says: ['spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set'],
  },
  {
    name: 'but of those without an address',
    from: { clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv4'] },
    to: { clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv6'] },
    says: [],
  },
  {
    name: 'who balances stays',
    from: { type: 'LoadBalancer' },
    to: { type: 'LoadBalancer', loadBalancerClass: 'a/b' },
    says: ['spec.loadBalancerClass: Invalid value: "a/b": may not change once set'],
  },
  {
    name: 'and where health is asked',
    from: { ...local, healthCheckNodePort: 30_001 },
    to: { ...local, healthCheckNodePort: 30_002 },
    says: ['spec.healthCheckNodePort: Forbidden: field is immutable'],
  },
])('of an update: $name', ({ from, to, says }) => {
  expect(updateProblems(Service, { spec: { ports, ...from } }, { spec: { ports, ...to } })).toEqual(says)
})
