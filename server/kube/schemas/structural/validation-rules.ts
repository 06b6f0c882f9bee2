// x-kubernetes-validations: what objects must satisfy beyond the form of each value, as expressions in CEL.
//
//   self     the value whose schema has the rule
//   oldSelf  what it was: rules that name it hold for changes only, and for values that can be told apart
//
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/cel/{compilation,validation}.go.

import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { errorFindings, type FieldError, fieldError, NOT_TOLD } from '../../apimachinery/status-error.ts'
import { textFindings } from '../../apimachinery/told.ts'
import { type Cel, type CelEnvironment, CelError, type CelProgram } from '../../cel/cel.ts'
import type { CelType } from '../../cel/cel-type.ts'
import { celTypeOf } from './cel-of-schema.ts'
import { findField } from './field-path.ts'
import { child, type JsonSchema, schemaOfField, type ValidationRule } from './json-schema.ts'
import { NOWHERE } from './number-rules.ts'
import { OldItems, oldField } from './old-value.ts'
import { ValueNumbers } from './value-numbers.ts'

/** What one rule may cost, and all of them together. */
const PER_CALL = 1_000_000
const PER_OBJECT = 10_000_000
/** What an entry of a map takes more than an element of a list. */
const IN_MAP = 3
const LONGEST_MESSAGE = 5 * 1024

export interface CompiledRule {
  rule: ValidationRule
  /** What the value is that the rule is about, and what it was. */
  variables: { self: CelType; oldSelf: CelType }
  program: CelProgram
  message?: CelProgram
  usesOldSelf: boolean
  /** What of the value is to blame, as field errors name it. */
  fieldPath: string
}

/** What the rules of one schema know, made once for all of them. */
export class RuleScope {
  readonly schema: JsonSchema
  readonly #cel: Cel
  readonly #isRoot: boolean
  #self: CelType | undefined
  readonly #known = new Map<boolean, { variables: CompiledRule['variables']; environment: CelEnvironment }>()

  constructor(cel: Cel, schema: JsonSchema, { isRoot }: { isRoot: boolean }) {
    this.#cel = cel
    this.schema = schema
    this.#isRoot = isRoot
  }

  for({ optionalOldSelf = false }: ValidationRule) {
    this.#self ??= celTypeOf(this.schema, { isRoot: this.#isRoot })
    const self = this.#self
    if (!self) throw new CelError('failed to construct type information for x-kubernetes-validations rules')
    const known = this.#known.get(optionalOldSelf)
    if (known) return known
    const variables = { self, oldSelf: optionalOldSelf ? ({ kind: 'optional', of: self } as const) : self }
    const made = { variables, environment: this.#cel.environment(variables) }
    this.#known.set(optionalOldSelf, made)
    return made
  }
}

/** Throws CelError for a rule that is none. */
export function compileRule(scope: RuleScope, rule: ValidationRule): CompiledRule {
  const { schema } = scope
  const { variables, environment } = scope.for(rule)
  const program = environment.compile(rule.rule)
  if (program.type !== 'bool' && program.type !== 'dyn') throw new CelError('cel expression must evaluate to a bool')
  const usesOldSelf = program.uses('oldSelf')
  const field = rule.fieldPath ? findField(schema, rule.fieldPath) : ''
  const compiled = { rule, variables, program, usesOldSelf, fieldPath: typeof field === 'string' ? '' : field.path }
  return rule.messageExpression ? { ...compiled, message: compileMessage(rule.messageExpression) } : compiled

  function compileMessage(expression: string): CelProgram {
    try {
      const message = environment.compile(expression)
      if (message.type === 'string' || message.type === 'dyn') return message
    } catch (err) {
      throw new MessageExpressionError(`messageExpression ${(err as Error).message}`)
    }
    throw new MessageExpressionError('messageExpression must evaluate to a string')
  }
}

export class MessageExpressionError extends CelError {}

export interface RuleFindings {
  errors: readonly FieldError[]
  /** Wrong before and unchanged: told, not refused. */
  warnings: readonly string[]
}

export class ValidationRules {
  readonly #cel: Cel
  readonly #schema: JsonSchema
  readonly #compiled = new Map<JsonSchema, CompiledRule[]>()
  readonly #hasRules = new Map<JsonSchema, boolean>()

  constructor(cel: Cel, schema: JsonSchema) {
    this.#cel = cel
    this.#schema = schema
  }

  /** `isStrict`: what is unchanged is held to the rules like anything else. */
  check(value: JsonValue, old: JsonValue | undefined, { isRoot = true, isStrict = false } = {}): RuleFindings {
    const run = new Run(isStrict)
    if (this.#has(this.#schema)) {
      const isUnchanged = () => run.isSame(old, value)
      this.#walk(run, { value, schema: this.#schema, old, path: '', isUnchanged, isRoot })
    }
    return { errors: run.errors.all, warnings: run.warnings.all }
  }

  /** Most schemas have no rules in most of their branches. */
  #has(schema: JsonSchema): boolean {
    const known = this.#hasRules.get(schema)
    if (known !== undefined) return known
    const { properties = {}, additionalProperties: rest, items } = schema
    const below = [...Object.values(properties), ...(typeof rest === 'object' ? [rest] : []), ...(items ? [items] : [])]
    const has = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || below.some((inner) => this.#has(inner))
    this.#hasRules.set(schema, has)
    return has
  }

  #walk(run: Run, place: Place): void {
    const { value, schema, old, path } = place
    if (value === null || run.isOver || !this.#has(schema)) return
    // The same for all of them: what is made of it for the first is there for the others.
    const values = { self: value, oldSelf: old }
    const isCharged = { self: false, oldSelf: false }
    for (const compiled of this.#rulesOf(schema, place)) {
      if (run.isOver) return
      this.#evaluate(run, compiled, { ...place, values, isCharged })
    }
    const go = (inner: JsonValue, innerSchema: JsonSchema, to: { path: string; old: JsonValue | undefined }) => {
      // Both have the version of the request by now, so these two say nothing of what changed.
      const isTypeMeta = to.path === 'apiVersion' || to.path === 'kind'
      // What has no past of its own is as unchanged as what it stands in.
      const isUnchanged = () => !isTypeMeta && (to.old === undefined ? place.isUnchanged() : run.isSame(to.old, inner))
      this.#walk(run, { value: inner, schema: innerSchema, ...to, isUnchanged, isRoot: false })
    }
    if (Array.isArray(value)) {
      if (!schema.items || !this.#has(schema.items)) return
      for (const [at, item] of value.entries()) {
        go(item, schema.items, { path: `${path}[${at}]`, old: run.oldItems.of(schema, { old, item }) })
      }
    } else if (isJsonObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        const below = schemaOfField(schema, name)
        if (!below || !this.#has(below)) continue
        const isProperty = schema.properties !== undefined && Object.hasOwn(schema.properties, name)
        const here = isProperty ? child(path, name) : `${path}[${name}]`
        go(inner, below, { path: here, old: oldField(old, name) })
      }
    }
  }

  #rulesOf(schema: JsonSchema, { isRoot }: Place): CompiledRule[] {
    const known = this.#compiled.get(schema)
    if (known) return known
    const asked = schema['x-kubernetes-validations'] ?? []
    const scope = new RuleScope(this.#cel, schema, { isRoot })
    const rules = asked.map((rule) => compileRule(scope, rule))
    this.#compiled.set(schema, rules)
    return rules
  }

  #evaluate(run: Run, compiled: CompiledRule, place: PlaceOfRules): void {
    const { rule, program, usesOldSelf, fieldPath } = compiled
    const { value, schema, old, path, isUnchanged, values, isCharged } = place
    if (usesOldSelf && old === undefined && !rule.optionalOldSelf) return
    const type = schema.type ?? ''
    const field = path || NOWHERE
    const stop = (why: string) => {
      run.errors.add(fieldError.invalid(field, type, why))
      run.budget = -1
    }
    let holds: unknown
    run.budget -= 1
    for (const name of ['self', 'oldSelf'] as const) {
      if (isCharged[name] || !program.uses(name)) continue
      isCharged[name] = true
      run.budget -= run.sizeOf(values[name])
    }
    if (run.budget < 0) {
      stop(OUT_OF_BUDGET)
      return
    }
    try {
      const { value: result, cost } = program.evaluate(values, Math.min(PER_CALL, run.budget))
      run.budget -= cost
      holds = result
    } catch (err) {
      if (!(err instanceof CelError)) throw err
      if (isCancelled(err)) {
        const perCall = `'${err.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${textOf(rule)}`
        stop(run.budget < PER_CALL ? OUT_OF_BUDGET : perCall)
        return
      }
      run.budget -= err.cost
      const why = err.message.startsWith('no such overload')
        ? `'${err.message}': call arguments did not match a supported operator, function or macro signature for rule: ${textOf(rule)}`
        : `${err.message} evaluating rule: ${textOf(rule)}`
      run.errors.add(fieldError.invalid(field, type, why))
      return
    }
    if (holds === true) return
    const at = fieldPath ? child(path, fieldPath) : field
    const fail = (error: FieldError) => {
      if (!usesOldSelf && !run.isStrict && isUnchanged()) run.warnings.add(`${error.field}: ${error.message}`)
      else run.errors.add(error)
    }
    const message = messageOf(run, compiled, values)
    if (message instanceof OutOfBudget) fail(fieldError.invalid(at, type, message.message))
    else fail(errorOf(rule, at, { value: type === 'object' || type === 'array' ? NOT_TOLD : value, detail: message }))
  }
}

class Run {
  readonly errors = errorFindings()
  readonly warnings = textFindings()
  readonly oldItems = new OldItems()
  readonly isStrict: boolean
  budget = PER_OBJECT
  readonly #numbers = new ValueNumbers()
  readonly #sizes = new WeakMap<object, number>()

  constructor(isStrict: boolean) {
    this.isStrict = isStrict
  }

  /** Nothing that comes now would be told. */
  get isOver(): boolean {
    return this.budget < 0 || this.errors.areEnough
  }

  isSame(old: JsonValue | undefined, value: JsonValue): boolean {
    return old !== undefined && this.#numbers.areSame(old, value)
  }

  /** How many values there are in one, itself with them: all of them become values of CEL for each rule; maps take longest. */
  sizeOf(value: JsonValue | undefined): number {
    if (typeof value !== 'object' || value === null) return 1
    const more = Array.isArray(value) ? 0 : IN_MAP
    const known =
      this.#sizes.get(value) ?? Object.values(value).reduce<number>((sum, inner) => sum + more + this.sizeOf(inner), 1)
    this.#sizes.set(value, known)
    return known
  }
}

interface Place {
  value: JsonValue
  schema: JsonSchema
  old: JsonValue | undefined
  path: string
  isUnchanged: () => boolean
  isRoot: boolean
}

interface PlaceOfRules extends Place {
  values: { self: JsonValue; oldSelf: JsonValue | undefined }
  /** Whose values of CEL are made. */
  isCharged: { self: boolean; oldSelf: boolean }
}

const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run'

const textOf = ({ rule, message }: ValidationRule) => (message ?? rule).trim()
const defaultMessage = (rule: ValidationRule) => rule.message?.trim() || `failed rule: ${textOf(rule)}`
const isCancelled = (err: CelError) => err.message.startsWith('operation cancelled')

class OutOfBudget extends Error {}

/** What a rule says when it does not hold; its own text where an expression for it fails or gives nothing fit to show. */
function messageOf(
  run: Run,
  { rule, message }: CompiledRule,
  values: Record<string, JsonValue | undefined>,
): string | OutOfBudget {
  if (!message) return defaultMessage(rule)
  const left = run.budget
  try {
    const { value, cost } = message.evaluate(values, Math.min(PER_CALL, left))
    run.budget -= cost
    const text = typeof value === 'string' ? value.trim() : ''
    const isFit = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= LONGEST_MESSAGE
    return isFit ? text : defaultMessage(rule)
  } catch (err) {
    if (!(err instanceof CelError)) throw err
    if (!isCancelled(err)) {
      run.budget -= err.cost
      return defaultMessage(rule)
    }
    run.budget = -1
    return new OutOfBudget(
      left < PER_CALL
        ? 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run'
        : `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}`,
    )
  }
}

function errorOf(
  { reason }: ValidationRule,
  field: string,
  { value, detail }: { value: unknown; detail: string },
): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return fieldError.forbidden(field, detail)
    case 'FieldValueRequired':
      return fieldError.required(field, detail)
    case 'FieldValueDuplicate':
      return fieldError.duplicate(field, value)
    default:
      return fieldError.invalid(field, value, detail)
  }
}
