// Tables of iptables that are kept equal to what is wanted: what was written is remembered, and each restore has only what
// is different.

import type { NodeOs } from '../../node-os/node-os.ts'
import type { RuleCounts } from '../proxy-mode.ts'
import type { Family } from '../service-ports.ts'
import { type Jump, missingJumps } from './jumps.ts'
import { type Applied, chainsIn, readSaved, removalText, restoreText } from './restore-text.ts'
import type { RuleSet } from './rules.ts'

/** Thousands of Services take many seconds the first time. */
const RESTORE_TIMEOUT_MS = 300_000

export class RestoredTables {
  readonly #os: NodeOs
  readonly #iptables: string
  readonly #jumps: readonly Jump[]
  #applied: Applied | undefined
  counts: RuleCounts = {}

  constructor(os: NodeOs, family: Family, jumps: readonly Jump[]) {
    this.#os = os
    this.#iptables = programFor(family)
    this.#jumps = jumps
  }

  async bring(wanted: RuleSet): Promise<void> {
    const before = this.#applied ?? readSaved(await save(this.#os, this.#iptables), this.#jumps)
    const text = restoreText(wanted, before)
    // Whatever becomes of it: until it is known to be there, it is not.
    this.#applied = undefined
    if (text !== '') await restore(this.#os, this.#iptables, text)
    this.#applied = { rules: wanted, missing: [] }
    this.counts = countsOf(wanted, text)
  }

  async isIntact(): Promise<boolean> {
    if (missingJumps(await save(this.#os, this.#iptables), this.#jumps).length === 0) return true
    this.#applied = undefined
    return false
  }
}

/** Takes away all chains of kube-proxy when there is one that `isOwn` does not know: another mode was here. */
export async function removeOtherChains(os: NodeOs, family: Family, isOwn: (chain: string) => boolean): Promise<void> {
  const iptables = programFor(family)
  const saved = await save(os, iptables)
  if (chainsIn(saved).every(isOwn)) return
  await restore(os, iptables, removalText(saved))
}

const programFor = (family: Family) => (family === 'IPv6' ? 'ip6tables' : 'iptables')

async function save(os: NodeOs, iptables: string): Promise<string> {
  const tables = ['filter', 'nat'].map(async (table) => {
    const { exitCode, stdout, stderr } = await os.run(`${iptables}-save`, ['-t', table])
    if (exitCode !== 0) throw new Error(`${iptables}-save: ${stderr.trim()}`)
    return stdout
  })
  return (await Promise.all(tables)).join('')
}

async function restore(os: NodeOs, iptables: string, input: string): Promise<void> {
  const { exitCode, stderr } = await os.run(`${iptables}-restore`, ['-w', '5', '--noflush'], {
    input,
    timeoutMs: RESTORE_TIMEOUT_MS,
  })
  if (exitCode !== 0) throw new Error(`${iptables}-restore: ${stderr.trim()}`)
}

function countsOf(wanted: RuleSet, written: string): RuleCounts {
  const texts = written.split(/^(?=\*)/m)
  const count = (table: keyof RuleSet) => ({
    total: [...wanted[table].values()].reduce((sum, rules) => sum + rules.length, 0),
    last: texts.find((text) => text.startsWith(`*${table}\n`))?.match(/^-A KUBE-/gm)?.length ?? 0,
  })
  return { filter: count('filter'), nat: count('nat') }
}
