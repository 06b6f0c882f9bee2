// When an indexed Job has done enough. Upstream: batch/validation validateSuccessPolicy.

import { notNegative } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { FullJobSpec } from './full-job-spec.ts'
import { parseIndexes } from './indexes.ts'

const MOST_RULES = 20
const LONGEST_INDEXES = 64 * 1024

export function successPolicyErrors(spec: FullJobSpec, at: string): FieldError[] {
  const { successPolicy, completions = 0 } = spec
  const rules: readonly Rule[] = successPolicy?.rules ?? []
  if (spec.completionMode !== 'Indexed') {
    return [fieldError.invalid(at, inGo(rules), 'requires indexed completion mode')]
  }
  const why = 'at least one rules must be specified when the successPolicy is specified'
  return [
    ...(rules.length === 0 ? [fieldError.required(`${at}.rules`, why)] : []),
    ...(rules.length > MOST_RULES ? [fieldError.tooMany(`${at}.rules`, rules.length, MOST_RULES)] : []),
    ...rules.flatMap((rule, index) => ruleErrors(rule, completions, `${at}.rules[${index}]`)),
  ]
}

interface Rule {
  succeededIndexes?: string
  succeededCount?: number
}

/** Upstream shows its own form of it, whose names are Go's. */
const inGo = (rules: readonly Rule[]) => ({
  Rules: rules.map(({ succeededIndexes = null, succeededCount = null }) => ({
    SucceededIndexes: succeededIndexes,
    SucceededCount: succeededCount,
  })),
})

function ruleErrors({ succeededIndexes: indexes, succeededCount: count }: Rule, completions: number, at: string) {
  const errors: FieldError[] = []
  if (count === undefined && indexes === undefined) {
    errors.push(fieldError.required(at, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  const parsed = indexes === undefined ? [] : parseIndexes(indexes, completions)
  if (indexes !== undefined && indexes.length > LONGEST_INDEXES) {
    errors.push(fieldError.tooLong(`${at}.succeededIndexes`, LONGEST_INDEXES))
  }
  if (typeof parsed === 'string') {
    errors.push(fieldError.invalid(`${at}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${parsed}`))
  }
  if (count === undefined) return errors
  errors.push(...notNegative(`${at}.succeededCount`, count))
  const most = (limit: number, what: string) => {
    if (count <= limit) return
    errors.push(fieldError.invalid(`${at}.succeededCount`, count, `must be less than or equal to ${limit} (${what})`))
  }
  most(completions, 'the number of specified completions')
  // Of indexes that cannot be read there are none.
  const total = typeof parsed === 'string' ? 0 : parsed.length
  if (indexes !== undefined) most(total, 'the number of indexes in the specified succeededIndexes field')
  return errors
}
