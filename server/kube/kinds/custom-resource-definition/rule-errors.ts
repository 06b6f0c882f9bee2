// Are the expressions of a schema sound, and cheap enough? Upstream: apiextensions/validation/{validation,cel_validation}.go.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { type Cel, CelError, createCel } from '../../cel/cel.ts'
import type { JsonSchema, ValidationRule } from '../../schemas/structural/json-schema.ts'
import { compileRule, MessageExpressionError } from '../../schemas/structural/validation-rules.ts'
import { type Cardinality, cardinalityBelow, RuleCosts } from './rule-costs.ts'
import { schemaAtPath } from './served-errors.ts'

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

interface Place {
  at: string
  isRoot: boolean
  /** The first list or map on the way here whose elements cannot be told apart between two states. */
  uncorrelatable?: string | undefined
  cardinality: Cardinality
}

export class RuleErrors {
  /** Made for the first rule met: most schemas have none. */
  #cel: Cel | undefined
  readonly #isUnchanged: boolean
  readonly #costs = new RuleCosts()

  constructor({ isUnchanged }: { isUnchanged: boolean }) {
    this.#isUnchanged = isUnchanged
  }

  of(schema: JsonSchema, at: string): FieldError[] {
    if (this.#isUnchanged) return []
    const errors = this.#walk(schema, { at, isRoot: true, cardinality: 1 })
    return [...errors, ...this.#costs.problems(at)]
  }

  #walk(schema: JsonSchema, place: Place): FieldError[] {
    const { at, uncorrelatable } = place
    const { properties = {}, items, additionalProperties: rest } = schema
    const own = (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) =>
      this.#rule(schema, rule, { ...place, at: `${at}.x-kubernetes-validations[${index}]` }),
    )
    const isAtomic = schema['x-kubernetes-map-type'] === 'atomic'
    const isApart = schema['x-kubernetes-list-type'] === 'map'
    const cardinality = cardinalityBelow(schema, place.cardinality)
    const inMap = { isRoot: false, cardinality, uncorrelatable: uncorrelatable ?? (isAtomic ? at : undefined) }
    const inList = { isRoot: false, cardinality, uncorrelatable: uncorrelatable ?? (isApart ? undefined : at) }
    return [
      ...own,
      ...Object.entries(properties).flatMap(([name, inner]) =>
        this.#walk(inner, { ...inMap, at: `${at}.properties[${name}]` }),
      ),
      ...(typeof rest === 'object' ? this.#walk(rest, { ...inMap, at: `${at}.additionalProperties` }) : []),
      ...(items ? this.#walk(items, { ...inList, at: `${at}.items` }) : []),
    ]
  }

  #rule(schema: JsonSchema, rule: ValidationRule, place: Place): FieldError[] {
    const { at, isRoot, uncorrelatable, cardinality } = place
    const form = formErrors(schema, rule, at)
    if (form.length > 0) return form
    this.#cel ??= createCel()
    try {
      const compiled = compileRule(this.#cel, schema, { rule, isRoot })
      const errors = this.#costs.add(compiled, at, cardinality)
      if (compiled.usesOldSelf && uncorrelatable) {
        const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
        errors.push(fieldError.invalid(`${at}.rule`, rule.rule, why))
      } else if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined) {
        const why = 'may not be set if oldSelf is not used in rule'
        errors.push(fieldError.invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, why))
      }
      return errors
    } catch (err) {
      if (!(err instanceof CelError)) throw err
      const field = err instanceof MessageExpressionError ? 'messageExpression' : 'rule'
      return [fieldError.invalid(`${at}.${field}`, rule, err.message)]
    }
  }
}

function formErrors(schema: JsonSchema, rule: ValidationRule, at: string): FieldError[] {
  const { message = '', messageExpression, reason, fieldPath } = rule
  const hasLines = (text: string) => /[\n\r]/.test(text)
  const errors: FieldError[] = []
  const text = (rule.rule ?? '').trim()
  if (text === '') errors.push(fieldError.required(`${at}.rule`, 'rule is not specified'))
  else if (message !== '' && message.trim() === '') {
    errors.push(fieldError.invalid(`${at}.message`, message, 'must be non-empty if specified'))
  } else if (hasLines(message.trim())) {
    errors.push(fieldError.invalid(`${at}.message`, message, 'must not contain line breaks'))
  } else if (hasLines(text) && message.trim() === '') {
    errors.push(fieldError.required(`${at}.message`, 'message must be specified if rule contains line breaks'))
  }
  if (messageExpression && messageExpression.trim() === '') {
    const why = 'messageExpression must be non-empty if specified'
    errors.push(fieldError.required(`${at}.messageExpression`, why))
  }
  if (reason !== undefined && !REASONS.includes(reason)) {
    errors.push(fieldError.notSupported(`${at}.reason`, reason, REASONS))
  }
  if (fieldPath && fieldPath.trim() === '') {
    errors.push(fieldError.invalid(`${at}.fieldPath`, fieldPath, 'must be non-empty if specified'))
  } else if (fieldPath && typeof schemaAtPath(schema, fieldPath.replace(/\['([^']*)'\]/g, '.$1')) === 'string') {
    errors.push(fieldError.invalid(`${at}.fieldPath`, fieldPath, 'must be a valid path'))
  }
  return errors
}
