// Who → binding → role → rule, as rows: the way that said yes or those that came nearest first, then whatever else reaches
// the one who asks.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { Grant, GrantedRule, NearMiss } from '../../../../server/base/trace.ts'
import type { AccessHolder, AccessVerdict } from '../../../../server/observe/index.ts'

export interface ChainRule {
  /** Which rule of the role, from 0. */
  index: number
  /** Undefined when the role, as it is now, has no such rule. */
  rule: PolicyRule | undefined
  /** How it stands to what was asked; undefined: it is not about that. */
  fits?: NearMiss['fits']
  allows?: boolean
}

export interface ChainRow {
  key: string
  grant: Grant
  rules: ChainRule[]
  /** Rules of the role that are not drawn. */
  moreRules: number
  ruleCount: number
  /** It said yes, or came near. */
  isTelling: boolean
  /** The binding names a role that is not there. */
  hasNoRole: boolean
}

interface Ruled {
  by?: GrantedRule | undefined
  nearest?: readonly NearMiss[] | undefined
}

type Reached = AccessVerdict['reach'][number]

export function chainRows({ by, nearest = [] }: Ruled, reach: readonly Reached[] | undefined): ChainRow[] {
  const known = new Map((reach ?? []).map((one) => [keyOf(one), one.rules]))
  const told = new Map<string, { grant: Grant; rules: ChainRule[] }>()
  const tell = ({ rule: index, ...grant }: GrantedRule, more: Pick<ChainRule, 'fits' | 'allows'>) => {
    const key = keyOf(grant)
    const row = told.get(key) ?? { grant, rules: [] }
    row.rules.push({ index, rule: known.get(key)?.[index], ...more })
    told.set(key, row)
  }
  if (by) tell(by, { allows: true })
  for (const { fits, ...miss } of nearest) tell(miss, { fits })
  const rows = [...told].map(([key, { grant, rules }]) => rowOf(key, { grant, rules, all: known.get(key) }, true))
  for (const { rules: all, ...grant } of reach ?? []) {
    const key = keyOf(grant)
    if (told.has(key)) continue
    const rules = (all ?? []).slice(0, 1).map((rule, index) => ({ index, rule }))
    rows.push(rowOf(key, { grant, rules, all }, false))
  }
  // Before the answer is there, a role is not yet known to be missing.
  return reach ? rows : rows.map((row) => ({ ...row, hasNoRole: false }))
}

/** The ways by which anybody may do it. */
export function holderRows(holders: readonly AccessHolder[]): ChainRow[] {
  return holders.flatMap(({ by }) =>
    by.map(({ rule: index, told, ...grant }) =>
      rowOf(keyOf(grant), { grant, rules: [{ index, rule: told, allows: true }], all: undefined }, true),
    ),
  )
}

function rowOf(
  key: string,
  { grant, rules, all }: { grant: Grant; rules: ChainRule[]; all: readonly PolicyRule[] | undefined },
  isTelling: boolean,
): ChainRow {
  const ruleCount = all?.length ?? 0
  const { subject, binding, role } = grant
  return {
    key,
    grant: { subject, binding, role },
    rules,
    ruleCount,
    moreRules: Math.max(0, ruleCount - rules.length),
    isTelling,
    hasNoRole: all === undefined && rules.every(({ rule }) => rule === undefined),
  }
}

function keyOf({ subject, binding }: Grant): string {
  const parts = [subject.kind, subject.namespace, subject.name, binding.kind, binding.namespace, binding.name]
  return parts.join('/')
}
