// Are the expressions of a schema sound, and cheap enough? Upstream: apiextensions/validation/{validation,cel_validation}.go.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { type Cel, CelError, createCel } from '../../cel/cel.ts'
import { findField } from '../../schemas/structural/field-path.ts'
import type { JsonSchema, ValidationRule } from '../../schemas/structural/json-schema.ts'
import { compileRule, MessageExpressionError, RuleScope } from '../../schemas/structural/validation-rules.ts'
import { goRule } from './internal-form.ts'
import { type Cardinality, cardinalityBelow, RuleCosts } from './rule-costs.ts'

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

interface Place {
  at: string
  isRoot: boolean
  /** The first list on the way here whose elements cannot be told apart between two states. */
  uncorrelatable?: string | undefined
  cardinality: Cardinality
}

export class RuleErrors {
  /** Made for the first rule met: most schemas have none. */
  #cel: Cel | undefined
  readonly #options: { isUnchanged: boolean; isSound(at: string): boolean }
  readonly #costs = new RuleCosts()

  constructor(options: { isUnchanged: boolean; isSound(at: string): boolean }) {
    this.#options = options
  }

  of(schema: JsonSchema, at: string): FieldError[] {
    if (this.#options.isUnchanged) return []
    const errors = this.#walk(schema, { at, isRoot: true, cardinality: 1 })
    return [...errors, ...this.#costs.problems(at)]
  }

  #walk(schema: JsonSchema, place: Place): FieldError[] {
    const { at, uncorrelatable } = place
    const { properties = {}, items, additionalProperties: rest } = schema
    const asked = schema['x-kubernetes-validations'] ?? []
    const rules = asked.length > 0 && this.#options.isSound(at) ? asked : []
    const scope = rules.length > 0 ? this.#scopeOf(schema, place) : undefined
    const own = rules.flatMap((rule, index) =>
      scope ? this.#rule(scope, rule, { ...place, at: `${at}.x-kubernetes-validations[${index}]` }) : [],
    )
    const isApart = schema['x-kubernetes-list-type'] === 'map'
    const inMap = { isRoot: false, cardinality: cardinalityBelow(schema, place.cardinality), uncorrelatable }
    const inList = { ...inMap, uncorrelatable: uncorrelatable ?? (isApart ? undefined : at) }
    return [
      ...(typeof rest === 'object' ? this.#walk(rest, { ...inMap, at: `${at}.additionalProperties` }) : []),
      ...Object.entries(properties).flatMap(([name, inner]) =>
        this.#walk(inner, { ...inMap, at: `${at}.properties[${name}]` }),
      ),
      ...(items ? this.#walk(items, { ...inList, at: `${at}.items` }) : []),
      ...own,
    ]
  }

  #scopeOf(schema: JsonSchema, { isRoot }: Place): RuleScope {
    this.#cel ??= createCel()
    return new RuleScope(this.#cel, schema, { isRoot })
  }

  #rule(scope: RuleScope, rule: ValidationRule, place: Place): FieldError[] {
    const { at, uncorrelatable, cardinality } = place
    try {
      const compiled = compileRule(scope, rule)
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
      return [fieldError.invalid(`${at}.${field}`, goRule(rule), err.message)]
    }
  }
}

export function ruleFormErrors(schema: JsonSchema, rule: ValidationRule, at: string): FieldError[] {
  const { message = '', messageExpression, reason, fieldPath = '' } = rule
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
  }
  if (hasLines(fieldPath)) errors.push(fieldError.invalid(`${at}.fieldPath`, fieldPath, 'must not contain line breaks'))
  if (fieldPath && typeof findField(schema, fieldPath) === 'string') {
    errors.push(fieldError.invalid(`${at}.fieldPath`, fieldPath, 'must be a valid path'))
  }
  return errors
}
