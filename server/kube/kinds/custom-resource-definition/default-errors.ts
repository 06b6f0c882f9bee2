// A default must be a value that its schema accepts and would keep. Upstream: apiserver/schema/defaulting/validation.go.

import { deepEqual } from '../../apimachinery/deep.ts'
import type { JsonObject } from '../../apimachinery/json.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { Patterns } from '../../schemas/structural/patterns.ts'
import { prune } from '../../schemas/structural/prune.ts'
import { embeddedProblems, listProblems } from '../../schemas/structural/shape-rules.ts'
import { valueProblems } from '../../schemas/structural/validate-value.ts'

export function defaultErrors(schema: JsonSchema, at: string): FieldError[] {
  const patterns = new Patterns()
  const look = (inner: JsonSchema, here: string): FieldError[] => {
    const { default: value, items, properties = {}, additionalProperties: rest } = inner
    const errors: FieldError[] = []
    if (value !== undefined) {
      const field = `${here}.default`
      const holder = { value: structuredClone(value) } as JsonObject
      const kept = { type: 'object', properties: { value: inner } }
      prune(holder, kept)
      if (!deepEqual(holder.value, value)) errors.push(fieldError.invalid(field, value, 'must not have unknown fields'))
      else errors.push(...prefixed(valueProblems({ schema: inner, value, patterns }), field))
      if (errors.length === 0)
        errors.push(...listProblems(value, inner, field), ...embeddedProblems(value, inner, field))
    }
    for (const [name, property] of Object.entries(properties)) {
      errors.push(...look(property, `${here}.properties[${name}]`))
    }
    if (items) errors.push(...look(items, `${here}.items`))
    if (typeof rest === 'object') errors.push(...look(rest, `${here}.additionalProperties`))
    return errors
  }
  return look(schema, at)
}

/** Told of the default as if it stood by itself. */
function prefixed(problems: FieldError[], field: string): FieldError[] {
  return problems.map((problem) => ({
    ...problem,
    field: problem.field === '' || problem.field === '<nil>' ? field : `${field}.${problem.field}`,
  }))
}
