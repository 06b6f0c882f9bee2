// How much nodes and containers use: two looks at every kubelet, and what went on between them. Kubelets are looked at
// when somebody asks: a cluster that nobody measures pays nothing. Whoever asks again and again, as an autoscaler does,
// gets what went on since the time before; who asks first waits a second.
// Upstream: kubernetes-sigs/metrics-server, pkg/{scraper,storage}; it looks every 15 s, whether anybody asks or not.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type IsKnown, type NodeUsage, readUsage, type Usage } from './read-usage.ts'

/** What is younger is told again. */
const FRESH_MS = 10_000
/** Who asks after a longer time is told of the last second, not of the hour before it. */
const WINDOW_AT_MOST_MS = 60_000
const SHORT_WINDOW_MS = 1_000
/** What they say is in memory until it is read, and whoever writes Nodes may write thousands. */
const ASKED_AT_ONCE = 8

export interface Figures {
  /** End and length of the time that they are about. */
  at: number
  windowMs: number
  cpuCores: number
  memoryBytes: number
}

export interface Measured {
  nodes: ReadonlyMap<string, Figures>
  pods: ReadonlyMap<string, ReadonlyMap<string, Figures>>
}

interface Look {
  at: number
  nodes: ReadonlyMap<string, NodeUsage>
}

export interface ResourceMetricsOptions {
  clock: Clock
  logger: Logger
  nodes(): readonly KubeObject[]
  /** The text of a kubelet's `/metrics/resource`. */
  textOf(node: KubeObject): Promise<string>
  isKnown: IsKnown
}

export class ResourceMetrics {
  readonly #options: ResourceMetricsOptions
  #last: Look | undefined
  #measured: Measured | undefined
  #measuring: Promise<Measured> | undefined

  constructor(options: ResourceMetricsOptions) {
    this.#options = options
  }

  now(): Promise<Measured> {
    const age = this.#options.clock.monotonic() - (this.#last?.at ?? Number.NEGATIVE_INFINITY)
    if (this.#measured && age < FRESH_MS) return Promise.resolve(this.#measured)
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined
    })
    return this.#measuring
  }

  async #measure(): Promise<Measured> {
    const { clock } = this.#options
    let before = this.#last
    if (!before || clock.monotonic() - before.at > WINDOW_AT_MOST_MS) {
      before = await this.#look()
      await clock.sleep(SHORT_WINDOW_MS)
    }
    const after = await this.#look()
    this.#last = after
    this.#measured = between(before, after)
    return this.#measured
  }

  async #look(): Promise<Look> {
    const { clock, logger, nodes, textOf, isKnown } = this.#options
    const at = clock.monotonic()
    const told = new Map<string, NodeUsage>()
    const left = nodes().values()
    const askOneByOne = async () => {
      for (const node of left) {
        const name = node.metadata?.name ?? ''
        try {
          told.set(name, readUsage(await textOf(node), isKnown))
        } catch (err) {
          logger.debug('a kubelet did not say what its node uses', { node: name, err })
        }
      }
    }
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askOneByOne))
    return { at, nodes: told }
  }
}

function between(before: Look, after: Look): Measured {
  const nodes = new Map<string, Figures>()
  const pods = new Map<string, ReadonlyMap<string, Figures>>()
  for (const [name, usage] of after.nodes) {
    const earlier = before.nodes.get(name)
    const node = figuresOf(earlier?.node, usage.node)
    if (node) nodes.set(name, node)
    for (const [key, containers] of usage.pods) {
      const figures = new Map<string, Figures>()
      for (const [container, now] of containers) {
        const found = figuresOf(earlier?.pods.get(key)?.get(container), now)
        if (found) figures.set(container, found)
      }
      // Half a pod would look like one that has little to do.
      if (figures.size === containers.size) pods.set(key, figures)
    }
  }
  return { nodes, pods }
}

/** Nothing of what was not there before, or was started again meanwhile. */
function figuresOf(before: Usage | undefined, after: Usage | undefined): Figures | undefined {
  if (!before || !after || after.at <= before.at || after.cpuSeconds < before.cpuSeconds) return undefined
  const windowMs = after.at - before.at
  const cpuCores = ((after.cpuSeconds - before.cpuSeconds) * 1000) / windowMs
  return { at: after.at, windowMs, cpuCores, memoryBytes: after.memoryBytes }
}
