// What to give to `iptables-restore --noflush` so that the kernel's rules become the wanted ones: only chains that
// changed are declared (declaring a chain empties it), those that are no longer wanted are deleted at the end, when
// nothing points to them any more. Each table is replaced in one step.

import { type Jump, missingJumps } from './jumps.ts'
import type { RuleSet } from './rules.ts'

const TABLES = ['filter', 'nat'] as const

/** What is known of the kernel's rules. */
export interface Applied {
  rules: RuleSet
  missing: readonly Jump[]
}

/** Empty when there is nothing to do. */
export function restoreText(wanted: RuleSet, applied: Applied): string {
  return TABLES.map((table) => {
    const jumps = applied.missing.filter((jump) => jump.table === table)
    return tableText(table, { wanted: wanted[table], applied: applied.rules[table], jumps })
  }).join('')
}

function tableText(
  table: string,
  {
    wanted,
    applied,
    jumps,
  }: {
    wanted: ReadonlyMap<string, readonly string[]>
    applied: ReadonlyMap<string, readonly string[]>
    jumps: readonly Jump[]
  },
): string {
  const changed = [...wanted].filter(([chain, rules]) => !isSame(rules, applied.get(chain)))
  const stale = [...applied.keys()].filter((chain) => !wanted.has(chain))
  if (changed.length === 0 && stale.length === 0 && jumps.length === 0) return ''
  const lines = [
    `*${table}`,
    // By name: iptables keeps its list of chains so, and ten thousand take a fifth of the time.
    ...[...changed.map(([chain]) => chain), ...stale].sort().map((chain) => `:${chain} - [0:0]`),
    ...jumps.map(({ chain, rule, isLast }) => (isLast ? `-A ${chain} ${rule}` : `-I ${chain} 1 ${rule}`)),
    ...changed.flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...stale.map((chain) => `-X ${chain}`),
    'COMMIT',
  ]
  return `${lines.join('\n')}\n`
}

function isSame(a: readonly string[], b: readonly string[] | undefined): boolean {
  return a === b || (a.length === b?.length && a.every((rule, i) => rule === b[i]))
}

const PER_SERVICE = /^:(KUBE-(?:SVC|SVL|EXT|FW|SEP)-\S+)/

/**
 * From `iptables-save`: chains of an earlier life, which have to go unless they are wanted again, and the jumps that
 * somebody took away. What is in the chains is not read; all of them are written anew.
 */
export function readSaved(saved: string, jumps: readonly Jump[]): Applied {
  const nat = new Map<string, readonly string[]>()
  const rules = { nat, filter: new Map<string, readonly string[]>() }
  for (const line of saved.split('\n')) {
    const chain = PER_SERVICE.exec(line)?.[1]
    if (chain) nat.set(chain, UNKNOWN)
  }
  return { rules, missing: missingJumps(saved, jumps) }
}

const OURS = /^:(KUBE-\S+)/gm

/** kube-proxy's chains, whatever its mode was. */
export const chainsIn = (saved: string) => [...saved.matchAll(OURS)].map(([, chain = '']) => chain)

/** Takes every one of them away again, with the jumps to it. Empty where there is none. */
export function removalText(saved: string): string {
  return saved
    .split(/^(?=\*)/m)
    .map((table) => {
      const chains = chainsIn(table)
      const jumps = table.match(/^-A (?!KUBE-)\S+ .*-j KUBE-\S+$/gm) ?? []
      if (chains.length === 0) return ''
      const lines = [
        table.slice(0, table.indexOf('\n')),
        ...chains.map((chain) => `:${chain} - [0:0]`),
        ...jumps.map((jump) => jump.replace('-A', '-D')),
        ...chains.map((chain) => `-X ${chain}`),
        'COMMIT',
      ]
      return `${lines.join('\n')}\n`
    })
    .join('')
}

/** Like no rules that are wanted. */
const UNKNOWN = ['?']
