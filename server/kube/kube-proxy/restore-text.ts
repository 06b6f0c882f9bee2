// What to give to `iptables-restore --noflush` so that the kernel's rules become the wanted ones: only chains that
// changed are declared (declaring a chain empties it), those that are no longer wanted are deleted at the end, when
// nothing points to them any more. Each table is replaced in one step.

import type { RuleSet } from './iptables-rules.ts'

const TABLES = ['filter', 'nat'] as const

/** Empty when there is nothing to do. `applied` is what the kernel has; undefined when that is not known. */
export function restoreText(wanted: RuleSet, applied: RuleSet | undefined): string {
  return TABLES.map((table) => tableText(table, wanted[table], applied?.[table])).join('')
}

function tableText(
  table: string,
  wanted: ReadonlyMap<string, string[]>,
  applied: ReadonlyMap<string, string[]> | undefined,
): string {
  const changed = [...wanted].filter(([chain, rules]) => !isSame(rules, applied?.get(chain)))
  const stale = [...(applied?.keys() ?? [])].filter((chain) => !wanted.has(chain))
  if (changed.length === 0 && stale.length === 0) return ''
  const lines = [
    `*${table}`,
    ...changed.map(([chain]) => `:${chain} - [0:0]`),
    ...stale.map((chain) => `:${chain} - [0:0]`),
    ...changed.flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...stale.map((chain) => `-X ${chain}`),
    'COMMIT',
  ]
  return `${lines.join('\n')}\n`
}

const isSame = (a: string[], b: string[] | undefined) => a.length === b?.length && a.every((rule, i) => rule === b[i])

/** Chains of an earlier life that nobody wants now: from `iptables-save`, so that a restart leaves nothing behind. */
export function staleChains(saved: string, wanted: ReadonlyMap<string, string[]>): string[] {
  const chains = [...saved.matchAll(/^:(KUBE-(?:SVC|SVL|EXT|SEP)-\S+)/gm)].map((match) => match[1] ?? '')
  return chains.filter((chain) => !wanted.has(chain))
}
