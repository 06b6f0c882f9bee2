// Where volumes of a class may be. Upstream: pkg/apis/storage/validation validateAllowedTopologies, pkg/apis/core/validation
// ValidateTopologySelectorTerm.

import type { TopologySelectorTerm } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { duplicatesAt, problemsAt } from '../../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function topologiesErrors(terms: readonly TopologySelectorTerm[]): FieldError[] {
  const told: object[] = []
  return terms.flatMap((term, index) => {
    const field = `allowedTopologies[${index}].matchLabelExpressions`
    const meant = inAnyOrder(term)
    // Upstream compares with as many empty ones as there are terms, so one that says nothing is never alone.
    const twins = Object.keys(meant).length === 0 ? terms.length : 0
    const repeated = twins + told.filter((other) => deepEqual(other, meant)).length
    told.push(meant)
    return [...termErrors(term, field), ...Array.from({ length: repeated }, () => fieldError.duplicate(field, ''))]
  })
}

/** The last of those of one key stands for all of them. */
const inAnyOrder = ({ matchLabelExpressions = [] }: TopologySelectorTerm) =>
  Object.fromEntries(matchLabelExpressions.map(({ key, values = [] }) => [key, [...new Set(values)].sort()]))

const termErrors = ({ matchLabelExpressions = [] }: TopologySelectorTerm, field: string): FieldError[] =>
  matchLabelExpressions.flatMap(({ key = '', values = [] }, index, all) => {
    const at = `${field}[${index}]`
    return [
      ...(values.length > 0 ? [] : [fieldError.required(`${at}.values`)]),
      ...duplicatesAt((which) => `${at}.values[${which}]`, values),
      ...problemsAt(`${at}.key`, key, labelKeyProblems(key)),
      ...(all.slice(0, index).some((other) => other.key === key) ? [fieldError.duplicate(`${at}.key`, key)] : []),
    ]
  })
