// Ports that every node opens for a Service, chosen where it names none: for each of its ports, and one after which load
// balancers ask whether the node has endpoints. Upstream: kubernetes/pkg/registry/core/service/storage/alloc.go.

import { randomInt } from 'node:crypto'
import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { type FieldError, fieldError, internalError } from '../../apimachinery/status-error.ts'

const TRIES = 64

export const needsNodePorts = (spec: ServiceSpec) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
export const mayHaveNodePorts = (spec: ServiceSpec) => spec.type === 'NodePort' || spec.type === 'LoadBalancer'
export const needsHealthPort = (spec: ServiceSpec) =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

export interface PortsGiven {
  range: readonly [first: number, last: number]
  isTaken(port: number): boolean
  /** Held by this very Service already. */
  isOwn(port: number): boolean
}

/** All node ports of a Service, each once. */
export function nodePortsOf(spec: ServiceSpec): Set<number> {
  const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort), spec.healthCheckNodePort]
  return new Set(ports.flatMap((port) => (port ? [port] : [])))
}

/** Mutates the spec. */
export function takeNodePorts(spec: ServiceSpec, given: PortsGiven): FieldError[] {
  const errors: FieldError[] = []
  const chosen = new Map<number, number>()
  const mine = nodePortsOf(spec)
  for (const [index, port] of (spec.ports ?? []).entries()) {
    if (port.nodePort) {
      const problem = problemWith(port.nodePort, given)
      if (problem) errors.push(fieldError.invalid(`spec.ports[${index}].nodePort`, port.nodePort, problem))
    } else if (needsNodePorts(spec)) {
      // The same number for TCP and UDP of one port, as DNS wants it.
      port.nodePort = chosen.get(port.port) ?? freePort(given, mine)
      mine.add(port.nodePort)
    } else continue
    chosen.set(port.port, port.nodePort)
  }
  if (!needsHealthPort(spec)) return errors
  const { healthCheckNodePort: asked } = spec
  if (asked) {
    const problem = problemWith(asked, given)
    if (problem) {
      throw internalError(new Error(`failed to allocate requested HealthCheck NodePort ${asked}: ${problem}`))
    }
  } else spec.healthCheckNodePort = freePort(given, mine)
  return errors
}

function problemWith(port: number, { range: [first, last], isTaken, isOwn }: PortsGiven): string | undefined {
  if (port < first || port > last) {
    return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
  }
  return isTaken(port) && !isOwn(port) ? 'provided port is already allocated' : undefined
}

function freePort({ range: [first, last], isTaken }: PortsGiven, mine: ReadonlySet<number>): number {
  const isFree = (port: number) => !isTaken(port) && !mine.has(port)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(first, last + 1)
    if (isFree(port)) return port
  }
  for (let port = first; port <= last; port++) if (isFree(port)) return port
  throw internalError(new Error('failed to allocate a nodePort: range is full'))
}
