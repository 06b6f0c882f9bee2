// Where volumes of a class may be. Upstream: pkg/apis/storage/validation validateAllowedTopologies, pkg/apis/core/validation
// ValidateTopologySelectorTerm.

import type { TopologySelectorTerm } from 'kubernetes-types/core/v1'
import { duplicatesAt, problemsAt, repetition } from '../../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { MOST_TOLD } from '../../apimachinery/told.ts'

/** An error for each two terms alike is the square of them; no answer tells more than this of errors as long as these. */
const MOST_DUPLICATES = Math.ceil(MOST_TOLD / 'allowedTopologies[0].matchLabelExpressions'.length)

export function topologiesErrors(terms: readonly TopologySelectorTerm[]): FieldError[] {
  const times = new Map<string, number>()
  let left = MOST_DUPLICATES
  return terms.flatMap((term, index) => {
    const field = `allowedTopologies[${index}].matchLabelExpressions`
    const meant = inAnyOrder(term)
    // Upstream compares with as many empty ones as there are terms, so one that says nothing is never alone.
    const twins = meant === NOTHING ? terms.length : 0
    const before = times.get(meant) ?? 0
    times.set(meant, before + 1)
    const repeated = Math.min(twins + before, left)
    left -= repeated
    return [...termErrors(term, field), ...Array.from({ length: repeated }, () => fieldError.duplicate(field, ''))]
  })
}

const NOTHING = '[]'

/** A text that is one for all terms that mean one thing. The last of those of one key stands for all of them. */
function inAnyOrder({ matchLabelExpressions = [] }: TopologySelectorTerm): string {
  const byKey = new Map(matchLabelExpressions.map(({ key, values = [] }) => [key, [...new Set(values)].sort()]))
  return JSON.stringify([...byKey.keys()].sort().map((key) => [key, byKey.get(key)]))
}

function termErrors({ matchLabelExpressions = [] }: TopologySelectorTerm, field: string): FieldError[] {
  const isRepeated = repetition()
  return matchLabelExpressions.flatMap(({ key = '', values = [] }, index) => {
    const at = `${field}[${index}]`
    return [
      ...(values.length > 0 ? [] : [fieldError.required(`${at}.values`)]),
      ...duplicatesAt((which) => `${at}.values[${which}]`, values),
      ...problemsAt(`${at}.key`, key, labelKeyProblems(key)),
      ...(isRepeated(key) ? [fieldError.duplicate(`${at}.key`, key)] : []),
    ]
  })
}
