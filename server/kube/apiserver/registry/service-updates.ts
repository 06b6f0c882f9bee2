// What an update of a Service keeps although it does not say so, and what goes with the type that it was for.
// Upstream: patchAllocatedValues and dropTypeDependentFields in kubernetes/pkg/registry/core/service.

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { isIP } from '../../apimachinery/ip-rules.ts'
import { mayHaveNodePorts, needsHealthPort } from './service-node-ports.ts'

export const needsAddress = (spec: ServiceSpec) => spec.type !== 'ExternalName' && spec.clusterIP !== 'None'

export const areAddresses = ({ clusterIP, clusterIPs = [] }: ServiceSpec) =>
  clusterIP === 'None' || clusterIPs.every((address) => address === '' || isIP(address) > 0)

/** Only who becomes a name of elsewhere, or was one, may lose its first address. */
export const isMoved = (spec: ServiceSpec, before: ServiceSpec) =>
  spec.type !== 'ExternalName' &&
  before.type !== 'ExternalName' &&
  (before.clusterIP ?? '') !== '' &&
  spec.clusterIP !== before.clusterIP

const isOpen = (spec: ServiceSpec) => mayHaveNodePorts(spec) || (spec.externalIPs?.length ?? 0) > 0

/** Mutates `spec`. */
export function carryOver(spec: ServiceSpec, before: ServiceSpec): void {
  keepGiven(spec, before)
  dropUnfit(spec, before)
}

function keepGiven(spec: ServiceSpec, before: ServiceSpec): void {
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName' && !spec.clusterIP) {
    if (before.clusterIP) spec.clusterIP = before.clusterIP
    if (before.clusterIPs) spec.clusterIPs = [...before.clusterIPs]
  }
  if (needsAddress(spec) && needsAddress(before) && !spec.ipFamilies && before.ipFamilies) {
    spec.ipFamilies = [...before.ipFamilies]
  }
  if (mayHaveNodePorts(spec) && mayHaveNodePorts(before)) {
    for (const port of spec.ports ?? []) {
      const old = before.ports?.find(({ port: number, protocol }) => number === port.port && protocol === port.protocol)
      if (!port.nodePort && old?.nodePort) port.nodePort = old.nodePort
    }
  }
  if (needsHealthPort(spec) && needsHealthPort(before) && before.healthCheckNodePort) {
    spec.healthCheckNodePort ||= before.healthCheckNodePort
  }
}

/** Only what was left as it was: who changes it means it, and hears what is wrong with it. */
function dropUnfit(spec: ServiceSpec, before: ServiceSpec): void {
  if (spec.type === 'ExternalName' && before.type !== 'ExternalName') {
    if (spec.clusterIP === before.clusterIP && deepEqual(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP
      delete spec.clusterIPs
    }
    if (deepEqual(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy
  }
  if (!mayHaveNodePorts(spec) && mayHaveNodePorts(before)) {
    const given = new Set(before.ports?.map(({ nodePort }) => nodePort))
    const isLeft = (spec.ports ?? []).every(({ nodePort }) => !nodePort || given.has(nodePort))
    if (isLeft) for (const port of spec.ports ?? []) delete port.nodePort
  }
  const drop = (field: keyof ServiceSpec, fits: (spec: ServiceSpec) => boolean) => {
    if (fits(before) && !fits(spec) && spec[field] === before[field]) delete spec[field]
  }
  drop('healthCheckNodePort', needsHealthPort)
  drop('allocateLoadBalancerNodePorts', ({ type }) => type === 'LoadBalancer')
  drop('loadBalancerClass', ({ type }) => type === 'LoadBalancer')
  drop('externalTrafficPolicy', isOpen)
}
