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
  /** By another Service. */
  isTaken(port: number): boolean
}

/** All node ports of a Service, each once. */
export function nodePortsOf(spec: ServiceSpec): Set<number> {
  const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort), spec.healthCheckNodePort]
  return new Set(ports.flatMap((port) => (port ? [port] : [])))
}

/** Mutates the spec. The first that cannot be had is told alone, as upstream. */
export function takeNodePorts(spec: ServiceSpec, before: ServiceSpec | undefined, given: PortsGiven): FieldError[] {
  const taking = new Taking(given, [...nodePortsOf(spec), ...(before ? nodePortsOf(before) : [])])
  const error = before ? takeChanged(spec, before, taking) : takeNew(spec, taking)
  if (error) return [error]
  const hadHealthPort = before && needsHealthPort(before)
  if (needsHealthPort(spec) && !hadHealthPort) {
    const { healthCheckNodePort: asked } = spec
    const problem = asked ? taking.ask(asked) : undefined
    if (problem) {
      throw internalError(new Error(`failed to allocate requested HealthCheck NodePort ${asked}: ${problem}`))
    }
    spec.healthCheckNodePort = asked || taking.any()
  }
  return []
}

/** One number for TCP and UDP of one port, as DNS wants it, whichever of the two asks for it. */
function takeNew(spec: ServiceSpec, taking: Taking): FieldError | undefined {
  const ports = spec.ports ?? []
  const chosen = new Map<number, number>()
  for (const [index, port] of ports.entries()) {
    if (!port.nodePort && !needsNodePorts(spec)) continue
    const known = chosen.get(port.port)
    if (known) {
      port.nodePort ||= known
      if (port.nodePort === known) continue
    }
    const asked = known ? port.nodePort : ports.find((one) => one.port === port.port && one.nodePort)?.nodePort
    const problem = asked ? taking.ask(asked) : undefined
    if (problem) return fieldError.invalid(`spec.ports[${index}].nodePort`, asked, problem)
    port.nodePort = asked || taking.any()
    if (!known) chosen.set(port.port, port.nodePort)
  }
  return undefined
}

function takeChanged(spec: ServiceSpec, before: ServiceSpec, taking: Taking): FieldError | undefined {
  const had = new Set(before.ports?.map(({ nodePort }) => nodePort))
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const { nodePort } = port
    if (!nodePort) {
      if (needsNodePorts(spec)) port.nodePort = taking.any()
    } else if (!had.has(nodePort)) {
      had.add(nodePort)
      const problem = taking.ask(nodePort, before.healthCheckNodePort)
      if (problem) return fieldError.invalid(`spec.ports[${index}].nodePort`, nodePort, problem)
    }
  }
  return undefined
}

/** The ports that one write takes: each once. */
class Taking {
  readonly #given: PortsGiven
  /** Told in the Service, so that no other one of its ports is given them by chance. */
  readonly #told: ReadonlySet<number>
  readonly #taken = new Set<number>()

  constructor(given: PortsGiven, told: Iterable<number>) {
    this.#given = given
    this.#told = new Set(told)
  }

  /** Says why it cannot be had. `health`: what the Service is asked at, which none of its ports can have. */
  ask(port: number, health?: number): string | undefined {
    const {
      range: [first, last],
      isTaken,
    } = this.#given
    if (port < first || port > last) {
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
    }
    if (isTaken(port) || this.#taken.has(port) || port === health) return 'provided port is already allocated'
    this.#taken.add(port)
    return undefined
  }

  any(): number {
    const port = freePort(this.#given, new Set([...this.#told, ...this.#taken]))
    this.#taken.add(port)
    return port
  }
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
