// Where volumes of a class may be. Upstream: pkg/apis/storage/validation validateAllowedTopologies, pkg/apis/core/validation
// ValidateTopologySelectorTerm.

import type { TopologySelectorTerm } from 'kubernetes-types/core/v1'
import { duplicatesAt, problemsAt, repetition } from '../../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../../apimachinery/names.ts'
import { errorFindings, type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function topologiesErrors(terms: readonly TopologySelectorTerm[]): FieldError[] {
  const times = new Map<string, number>()
  const found = errorFindings()
  for (const [index, term] of terms.entries()) {
    const field = `allowedTopologies[${index}].matchLabelExpressions`
    const meant = inAnyOrder(term)
    // Upstream compares with as many empty ones as there are terms, so one that says nothing is never alone.
    const twins = meant === NOTHING ? terms.length : 0
    const before = times.get(meant) ?? 0
    times.set(meant, before + 1)
    found.addAll(termErrors(term, field))
    // An error for each two terms alike is the square of them.
    for (let twin = 0; twin < twins + before && !found.areEnough; twin++) found.add(fieldError.duplicate(field, ''))
  }
  return found.all
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
