// Mode nftables: keeps table `kube-proxy` equal to what Services and endpoints ask for, one transaction for each change.

import type { NodeOs } from '../../node-os/node-os.ts'
import type { ProxyMode } from '../proxy-mode.ts'
import type { ServicePort } from '../service-ports.ts'
import { BASE_CHAINS, baseTable, tableOf } from './base-table.ts'
import { isAffinitySet, isServiceChain, type NftGround, type PortRules, rulesOf } from './rules.ts'
import { emptyState, type NftState, stateOf, transactionFor } from './transaction.ts'

export class NftablesMode implements ProxyMode {
  readonly #os: NodeOs
  readonly #ground: NftGround
  readonly #table: string
  readonly #rules = new WeakMap<ServicePort, PortRules>()
  #applied: NftState | undefined
  /** Emptied, and to be deleted when the kernel has noticed that nothing leads to them. */
  #stale = new Set<string>()

  constructor(os: NodeOs, ground: NftGround) {
    this.#os = os
    this.#ground = ground
    this.#table = tableOf(ground)
  }

  async sync(ports: readonly ServicePort[]): Promise<void> {
    const wanted = stateOf(ports.map((port) => this.#rulesOf(port)))
    await this.#deleteStale(wanted)
    const first = this.#applied === undefined ? baseTable(this.#ground) : []
    const applied = this.#applied ?? (await this.#left())
    const { lines, stale } = transactionFor(this.#table, wanted, applied)
    // Whatever becomes of it: until it is known to be there, it is not.
    this.#applied = undefined
    await this.#run([...first, ...lines])
    for (const chain of stale) this.#stale.add(chain)
    this.#applied = wanted
  }

  async isIntact(): Promise<boolean> {
    const { chains } = await this.#list()
    const wanted = [...BASE_CHAINS, ...(this.#applied?.chains.keys() ?? [])]
    if (wanted.every((chain) => chains.has(chain))) return true
    this.#applied = undefined
    return false
  }

  #rulesOf(port: ServicePort): PortRules {
    const known = this.#rules.get(port) ?? rulesOf(port, this.#ground)
    this.#rules.set(port, known)
    return known
  }

  /** Of an earlier life; clients that were remembered then stay so. */
  async #left(): Promise<NftState> {
    const { chains, sets } = await this.#list()
    const state = emptyState()
    for (const chain of chains) if (isServiceChain(chain)) state.chains.set(chain, ['?'])
    for (const [set, declaration] of sets) if (isAffinitySet(set)) state.sets.set(set, declaration)
    return state
  }

  async #list(): Promise<{ chains: Set<string>; sets: Map<string, string> }> {
    const { stdout } = await this.#os.run('nft', ['-t', '-s', 'list', 'table', ...this.#table.split(' ')])
    const chains = new Set([...stdout.matchAll(/^\tchain (\S+) \{/gm)].map(([, name = '']) => name))
    const sets = [...stdout.matchAll(/^\tset (\S+) \{\n\t\ttype (\S+)(?:[^}]*?timeout (\S+)\n)?/gm)]
    return { chains, sets: new Map(sets.map(([, name = '', type = '', time = '']) => [name, declared(type, time)])) }
  }

  async #deleteStale(wanted: NftState): Promise<void> {
    for (const chain of wanted.chains.keys()) this.#stale.delete(chain)
    if (this.#stale.size === 0) return
    // What cannot go yet is tried again with the next change: it is empty and nothing leads to it.
    await this.#run([...this.#stale].map((chain) => `delete chain ${this.#table} ${chain}`)).then(
      () => this.#stale.clear(),
      () => undefined,
    )
  }

  async #run(lines: string[]): Promise<void> {
    if (lines.length === 0) return
    const { exitCode, stderr } = await this.#os.run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` })
    if (exitCode !== 0) throw new Error(`nft: ${stderr.trim()}`)
  }
}

/** All that this mode ever made. */
export async function removeNftables(os: NodeOs, ground: Pick<NftGround, 'family'>): Promise<void> {
  await os.run('nft', ['delete', 'table', ...tableOf(ground).split(' ')])
}

/** As it is declared, from how it is listed: `3h` for 10800 s. */
function declared(type: string, time: string): string {
  const units = { d: 86_400, h: 3600, m: 60, s: 1 }
  const parts = [...time.matchAll(/(\d+)([dhms])/g)]
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0)
  return `{ type ${type} ; flags dynamic,timeout ; timeout ${seconds}s ; }`
}
