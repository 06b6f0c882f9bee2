// What an update of a Service keeps although it does not say so, and what goes with the type that it was for.
// Upstream: patchAllocatedValues and dropTypeDependentFields in kubernetes/pkg/registry/core/service.

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { mayHaveNodePorts, needsHealthPort, needsNodePorts } from './service-node-ports.ts'

export const needsAddress = (spec: ServiceSpec) => spec.type !== 'ExternalName' && spec.clusterIP !== 'None'

const isOpen = (spec: ServiceSpec) => mayHaveNodePorts(spec) || (spec.externalIPs?.length ?? 0) > 0

/** Mutates `spec`. */
export function carryOver(spec: ServiceSpec, before: ServiceSpec): void {
  keepGiven(spec, before)
  completeAddresses(spec, before)
  dropUnfit(spec, before)
}

/**
 * Two fields say the same: who knows of the older one alone means both, also who left the other one as it was. Given by the
 * server and not by default: they are nobody's (see managedFields). Mutates `spec`.
 */
export function completeAddresses(spec: ServiceSpec, before?: ServiceSpec): void {
  const { clusterIP = '', clusterIPs = [] } = spec
  if (!before) {
    if (clusterIP && clusterIPs.length === 0) spec.clusterIPs = [clusterIP]
    return
  }
  const [address = '', addresses = []] = [before.clusterIP, before.clusterIPs]
  if (addresses.length > 0 && clusterIPs.length === 0 && clusterIP === address) spec.clusterIPs = [...addresses]
  if (clusterIP === address || !deepEqual(spec.clusterIPs ?? [], addresses)) return
  if (clusterIP) spec.clusterIPs = [clusterIP]
  else delete spec.clusterIPs
}

function keepGiven(spec: ServiceSpec, before: ServiceSpec): void {
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP
    if (!spec.clusterIPs?.length && before.clusterIPs) spec.clusterIPs = [...before.clusterIPs]
  }
  if (needsNodePorts(spec) && needsNodePorts(before)) {
    // Whatever else of a port changed, its name says which it is. What another one asks for now is not kept.
    const asked = new Set(spec.ports?.map(({ nodePort }) => nodePort))
    const given = new Map(before.ports?.map(({ name = '', nodePort }) => [name, nodePort]))
    for (const port of spec.ports ?? []) {
      const old = given.get(port.name ?? '')
      if (!port.nodePort && old && !asked.has(old)) port.nodePort = old
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
