// The nodes of a cluster that are no machines: started, switched off and on, and asked for what their kubelets know.

import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { coarseClock } from '../../base/coarse-clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../client/client.ts'
import { type HollowNode, startHollowNode } from '../kubelet/hollow-node.ts'
import { SharedObjects } from '../kubelet/shared-objects.ts'
import { hollowAddress } from './networking.ts'

export interface HollowNodesOptions {
  clock: Clock
  logger: Logger
  random: () => number
  /** As the kubelet of a node. */
  clientOf(node: string): Client
  /** As whoever may read what all of them may. */
  clientOfAll(): Client
}

const PREFIX = 'sim-'

export const hollowNodeNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `${PREFIX}${i + 1}`)

export class HollowNodes implements AsyncDisposable {
  readonly #options: HollowNodesOptions
  readonly #clock: Clock
  readonly #nodes = new Map<string, HollowNode>()
  readonly #names = new Map<string, string>()
  #shared: SharedObjects | undefined

  constructor(options: HollowNodesOptions) {
    this.#options = options
    this.#clock = coarseClock(options.clock)
  }

  /** Does nothing about one that is on. */
  start(name: string): void {
    if (this.#nodes.has(name)) return
    const { clock, logger, random, clientOf, clientOfAll } = this.#options
    this.#shared ??= new SharedObjects({
      client: clientOfAll(),
      clock,
      random,
      logger: logger.with({ component: 'simulated nodes' }),
    })
    const nodeIP = hollowAddress(Number(name.slice(PREFIX.length)))
    this.#names.set(nodeIP, name)
    const node = startHollowNode({
      name,
      nodeIP,
      shared: this.#shared,
      client: clientOf(name),
      clock: this.#clock,
      logger: logger.with({ node: name }),
      random,
    })
    this.#nodes.set(name, node)
  }

  async switchOff(name: string): Promise<void> {
    const node = this.#nodes.get(name)
    this.#nodes.delete(name)
    await node?.[Symbol.asyncDispose]()
  }

  /** What `/metrics/resource` tells of one; undefined for whom nobody knows. */
  usageOf(name: string): Promise<string> | undefined {
    return this.#nodes.get(name)?.kubelet.then((kubelet) => kubelet.telemetry.resources())
  }

  /** To the kubelet at an address; undefined where none of them ever was. */
  connect(address: string): Promise<Duplex> | undefined {
    const name = this.#names.get(address)
    if (name === undefined) return undefined
    const off = () => Object.assign(new Error(`${name} is off`), { code: 'EHOSTUNREACH', syscall: 'connect' })
    return this.#nodes.get(name)?.connect() ?? Promise.reject(off())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node[Symbol.asyncDispose]()))
    this.#shared?.[Symbol.dispose]()
  }
}
