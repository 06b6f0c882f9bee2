// Match conditions: expressions that say whether a webhook or a policy is meant at all.
// Upstream: apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go.

import type { MatchCondition } from 'kubernetes-types/admissionregistration/v1'
import { OutOfBudget, type Turn } from './compiled.ts'

/** Throws when a condition cannot be judged, none says no, and whoever asks fails closed. */
export async function areMet(
  conditions: readonly MatchCondition[],
  turn: Turn,
  { failsClosed, onError }: { failsClosed: boolean; onError?: () => void },
): Promise<boolean> {
  const problems: string[] = []
  for (const { expression } of conditions) {
    try {
      if ((await turn.run(expression)) === false) return false
    } catch (err) {
      if (!(err instanceof OutOfBudget)) onError?.()
      problems.push((err as Error).message)
      if (err instanceof OutOfBudget) break
    }
  }
  if (problems.length === 0) return true
  if (!failsClosed) return false
  throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`)
}
