import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { Service } from './service.ts'
import { serviceErrors } from './service-rules.ts'

const ports = [{ port: 80, targetPort: 80, protocol: 'TCP' }]
it.each<{ name: string; spec: ServiceSpec & { trafficDistribution?: string }; says: string }>([
  {
    name: 'an alias has no families',
    spec: { type: 'ExternalName', externalName: 'a.b', ipFamilies: ['IPv4'] },
    says: "spec.ipFamilies: Forbidden: may not be set when `type` is 'ExternalName'",
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
    says: "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
  },
  {
    name: 'source ranges are ranges',
    spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0'] },
    says: 'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value',
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
    name: 'the kubelet’s port is its own',
    spec: { type: 'LoadBalancer', ports: [{ port: 10_250, protocol: 'TCP' }] },
    says: 'may not expose port 10250 externally since it is used by kubelet',
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
    says: 'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
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
