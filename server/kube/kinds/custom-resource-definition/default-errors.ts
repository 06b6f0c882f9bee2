// A default must be a value that its schema accepts and would keep. Inside maps nobody looks.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go.

import { deepEqual } from '../../apimachinery/deep.ts'
import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { type Cel, CelError, createCel } from '../../cel/cel.ts'
import { type JsonSchema, META_FIELDS } from '../../schemas/structural/json-schema.ts'
import { Patterns } from '../../schemas/structural/patterns.ts'
import { prune } from '../../schemas/structural/prune.ts'
import { embeddedProblems } from '../../schemas/structural/shape-rules.ts'
import { valueProblems } from '../../schemas/structural/validate-value.ts'
import { ValidationRules } from '../../schemas/structural/validation-rules.ts'

export function defaultErrors(schema: JsonSchema, at: string): FieldError[] {
  const patterns = new Patterns()
  const cel = createCel()
  return errorsBelow({ ...schema, 'x-kubernetes-embedded-resource': true }, at, false)

  function errorsBelow(inner: JsonSchema, here: string, isWithinMeta: boolean): FieldError[] {
    const { default: value = null, items, properties = {} } = inner
    const isEmbedded = inner['x-kubernetes-embedded-resource'] === true
    const isInMeta = isWithinMeta && !isEmbedded
    const errors = value === null ? [] : ownErrors(inner, value, { at: `${here}.default`, isInMeta, patterns, cel })
    if (items) errors.push(...errorsBelow(items, `${here}.items`, isInMeta))
    for (const [name, property] of Object.entries(properties)) {
      const isMeta = isInMeta || (isEmbedded && META_FIELDS.has(name))
      errors.push(...errorsBelow(property, `${here}.properties[${name}]`, isMeta))
    }
    return errors
  }
}

function ownErrors(
  schema: JsonSchema,
  value: JsonValue,
  { at, isInMeta, patterns, cel }: { at: string; isInMeta: boolean; patterns: Patterns; cel: Cel },
): FieldError[] {
  const unknown =
    isInMeta || isKept(schema, value) ? [] : [fieldError.invalid(at, value, 'must not have unknown fields')]
  const embedded = isInMeta ? [] : embeddedProblems(value, schema, at)
  if (embedded.length > 0) return [...unknown, ...embedded]
  const misfits = prefixed(valueProblems({ schema, value, patterns }), at)
  return [...unknown, ...(misfits.length > 0 ? misfits : ruleErrors(cel, schema, { value, at }))]
}

function isKept(schema: JsonSchema, value: JsonValue): boolean {
  const holder = { value: structuredClone(value) } as JsonObject
  prune(holder, { type: 'object', properties: { value: schema } })
  return deepEqual(holder.value, value)
}

/** It may be there from the beginning, and it may stay as it is. */
function ruleErrors(cel: Cel, schema: JsonSchema, { value, at }: { value: JsonValue; at: string }): FieldError[] {
  const isRoot = schema['x-kubernetes-embedded-resource'] === true
  try {
    const rules = new ValidationRules(cel, schema)
    const unchanged = rules.check(value, value, { isRoot, isStrict: true }).errors
    return prefixed(unchanged.length > 0 ? unchanged : rules.check(value, undefined, { isRoot }).errors, at)
  } catch (err) {
    if (!(err instanceof CelError)) throw err
    return [fieldError.invalid(at, schema.type ?? '', `rule compile error: ${err.message}`)]
  }
}

/** Told of the default as if it stood by itself. */
function prefixed(problems: readonly FieldError[], field: string): FieldError[] {
  return problems.map((problem) => ({
    ...problem,
    field: problem.field === '' || problem.field === '<nil>' ? field : `${field}.${problem.field}`,
  }))
}
