// When an indexed Job has done enough. Upstream: batch/validation validateSuccessPolicy.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { FullJobSpec } from './full-job-spec.ts'
import { parseIndexes } from './indexes.ts'

export function successPolicyErrors(spec: FullJobSpec, at: string): FieldError[] {
  const rules = spec.successPolicy?.rules ?? []
  const errors: FieldError[] = []
  if (spec.completionMode !== 'Indexed') {
    errors.push(fieldError.invalid(at, spec.successPolicy, 'requires indexed completion mode'))
  }
  if (rules.length === 0) {
    errors.push(
      fieldError.required(`${at}.rules`, 'at least one rules must be specified when the successPolicy is specified'),
    )
  }
  for (const [index, { succeededCount, succeededIndexes }] of rules.entries()) {
    const here = `${at}.rules[${index}]`
    if (succeededCount === undefined && succeededIndexes === undefined) {
      errors.push(fieldError.required(here, 'at least one of succeededCount or succeededIndexes must be specified'))
    }
    const { completions = 0 } = spec
    let most = completions
    let what = 'the number of specified completions'
    if (succeededIndexes !== undefined) {
      const parsed = parseIndexes(succeededIndexes, completions)
      if (typeof parsed === 'string') {
        const why = `error parsing succeededIndexes: ${parsed}`
        errors.push(fieldError.invalid(`${here}.succeededIndexes`, succeededIndexes, why))
      } else {
        most = parsed.length
        what = 'the number of indexes in the specified succeededIndexes field'
      }
    }
    if (succeededCount !== undefined && succeededCount > most) {
      const why = `must be less than or equal to ${most} (${what})`
      errors.push(fieldError.invalid(`${here}.succeededCount`, succeededCount, why))
    }
  }
  return errors
}
