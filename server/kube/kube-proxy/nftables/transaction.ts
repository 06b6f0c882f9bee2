// What to give to `nft -f` so that the table becomes the wanted one, in one transaction that touches only what changed.

import type { PortRules } from './rules.ts'

export type NftState = PortRules

export const emptyState = (): NftState => ({ chains: new Map(), sets: new Map(), elements: new Map() })

export function stateOf(ports: readonly PortRules[]): NftState {
  const state = emptyState()
  for (const { chains, sets, elements } of ports) {
    for (const [chain, rules] of chains) state.chains.set(chain, rules)
    for (const [set, declaration] of sets) state.sets.set(set, declaration)
    for (const [set, ofPort] of elements) {
      const all = state.elements.get(set) ?? new Map<string, string>()
      for (const [key, element] of ofPort) all.set(key, element)
      state.elements.set(set, all)
    }
  }
  return state
}

/**
 * Chains that are not wanted any more are emptied and told, not deleted: kernels before 6.2 still count the elements that
 * led to them for a moment, and would refuse all of the transaction.
 */
export function transactionFor(
  table: string,
  wanted: NftState,
  applied: NftState,
): { lines: string[]; stale: string[] } {
  const changedSets = [...wanted.sets].filter(([set, declaration]) => applied.sets.get(set) !== declaration)
  const staleSets = [...applied.sets.keys()].filter((set) => wanted.sets.get(set) !== applied.sets.get(set))
  const mentionsChanged = (rules: readonly string[]) =>
    staleSets.length > 0 && rules.some((rule) => staleSets.some((set) => rule.includes(`@${set} `)))
  const changed = [...wanted.chains].filter(
    ([chain, rules]) => !isSame(rules, applied.chains.get(chain)) || mentionsChanged(rules),
  )
  const stale = [...applied.chains.keys()].filter((chain) => !wanted.chains.has(chain))
  const lines = [
    ...changed.map(([chain]) => `add chain ${table} ${chain}`),
    ...[...changed.map(([chain]) => chain), ...stale].map((chain) => `flush chain ${table} ${chain}`),
    ...eachDifference(applied.elements, wanted.elements, ({ set, key }) => `delete element ${table} ${set} { ${key} }`),
    ...staleSets.map((set) => `delete set ${table} ${set}`),
    ...changedSets.map(([set, declaration]) => `add set ${table} ${set} ${declaration}`),
    ...changed.flatMap(([chain, rules]) => rules.map((rule) => `add rule ${table} ${chain} ${rule}`)),
    ...eachDifference(
      wanted.elements,
      applied.elements,
      ({ set, element }) => `add element ${table} ${set} { ${element} }`,
    ),
  ]
  return { lines, stale }
}

const isSame = (a: readonly string[], b: readonly string[] | undefined) =>
  a === b || (a.length === b?.length && a.every((rule, i) => rule === b[i]))

/** Elements of `some` that are not the same in `others`. */
function* eachDifference(
  some: NftState['elements'],
  others: NftState['elements'],
  line: (told: { set: string; key: string; element: string }) => string,
): Generator<string> {
  for (const [set, elements] of some) {
    const there = others.get(set)
    for (const [key, element] of elements) if (there?.get(key) !== element) yield line({ set, key, element })
  }
}
