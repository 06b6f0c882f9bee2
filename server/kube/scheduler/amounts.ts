// Amounts of resources on one node. Processor and memory, which every decision asks for on hundreds of nodes, are a place
// in memory and not an entry of a table.

import type { Resources } from '../kinds/placement/pod-resources.ts'

export class Amounts {
  #cpu = 0
  #memory = 0
  readonly #others: Resources = new Map()

  /** 0 for what there is none of. */
  get(name: string): number {
    if (name === 'cpu') return this.#cpu
    if (name === 'memory') return this.#memory
    return this.#others.get(name) ?? 0
  }

  set(name: string, amount: number): void {
    if (name === 'cpu') this.#cpu = amount
    else if (name === 'memory') this.#memory = amount
    else this.#others.set(name, amount)
  }

  add(name: string, amount: number): void {
    this.set(name, this.get(name) + amount)
  }
}
