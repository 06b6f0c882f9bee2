import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { NearMiss } from '../../../../server/base/trace.ts'
import { missWords } from './access-words.ts'
import type { Access } from './use-access.ts'

export interface NearestRule {
  miss: NearMiss
  /** As it is now; undefined: not known yet, or not there any more. */
  rule: PolicyRule | undefined
  /** What of it does not fit. */
  words: string[]
}

/** Of what was refused: the rule that came nearest to allowing it. */
export function nearestRule({ ruling, rows, now, question }: Access): NearestRule | undefined {
  const miss = ruling?.allowed === false ? ruling.nearest[0] : undefined
  const asked = now?.wish ?? question?.wish
  if (!miss || !asked) return undefined
  // Rows begin with what came nearest.
  const rule = rows[0]?.rules.find(({ index }) => index === miss.rule)?.rule
  return { miss, rule, words: missWords(miss, rule, asked) }
}
