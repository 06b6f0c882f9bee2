// A ValidatingAdmissionPolicy, compiled, and one request judged by it.
// Upstream: apiserver/pkg/admission/plugin/policy/validating/validator.go.

import type { ValidatingAdmissionPolicy, Validation } from 'kubernetes-types/admissionregistration/v1'
import type { JsonValue } from '../../../apimachinery/json.ts'
import { admissionEnvironment } from '../../../cel/admission.ts'
import type { Cel, CelProgram } from '../../../cel/cel.ts'

/** Of all expressions of one policy together, and of all its match conditions. */
const POLICY_BUDGET = 10_000_000
const CONDITIONS_BUDGET = 2_500_000

export interface Breach {
  message: string
  reason: string
  index: number
}

export type Values = Readonly<Record<string, JsonValue | undefined>>

type Compiled = { run: (values: Values) => unknown }

export class PolicyProgram {
  readonly #policy: ValidatingAdmissionPolicy
  readonly #compile: (expression: string) => Compiled
  #left = 0

  constructor(cel: Cel, policy: ValidatingAdmissionPolicy) {
    this.#policy = policy
    const environment = admissionEnvironment(cel, { of: 'policy', hasParams: policy.spec?.paramKind !== undefined })
    const programs = new Map<string, CelProgram>()
    this.#compile = (expression) => ({
      run: (values) => {
        const program = programs.get(expression) ?? environment.compile(expression)
        programs.set(expression, program)
        const { value, cost } = program.evaluate(values, this.#left)
        this.#left -= cost
        return value
      },
    })
  }

  get #failsClosed(): boolean {
    return this.#policy.spec?.failurePolicy !== 'Ignore'
  }

  /** Throws when a condition cannot be judged and the policy fails closed. */
  isMeant(values: Values): boolean {
    this.#left = CONDITIONS_BUDGET
    const conditions = this.#policy.spec?.matchConditions ?? []
    let problem: unknown
    for (const { expression } of conditions) {
      try {
        if (this.#compile(expression).run(values) !== true) return false
      } catch (err) {
        problem ??= err
      }
    }
    if (problem && this.#failsClosed) throw problem
    return problem === undefined
  }

  breaches(values: Values): { breaches: Breach[]; annotations: Record<string, string> } {
    this.#left = POLICY_BUDGET
    const all = { ...values, variables: this.#variables(values) }
    const { validations = [], auditAnnotations = [] } = this.#policy.spec ?? {}
    const annotations: Record<string, string> = {}
    for (const { key, valueExpression } of auditAnnotations) {
      const value = this.#text(valueExpression, all)
      if (value) annotations[`${this.#policy.metadata?.name}/${key}`] = value
    }
    return { breaches: validations.flatMap((one, index) => this.#breach(one, index, all) ?? []), annotations }
  }

  /** Those that cannot be worked out are not there for whoever names them. */
  #variables(values: Values): JsonValue {
    const variables: Record<string, JsonValue> = {}
    for (const { name, expression } of this.#policy.spec?.variables ?? []) {
      try {
        variables[name] = this.#compile(expression).run({ ...values, variables }) as JsonValue
      } catch {
        // Told by the expression that needs it.
      }
    }
    return variables
  }

  #breach(validation: Validation, index: number, values: Values): Breach | undefined {
    const expression = validation.expression.trim()
    const reason = validation.reason ?? 'Invalid'
    try {
      if (this.#compile(validation.expression).run(values) === true) return undefined
    } catch (err) {
      if (!this.#failsClosed) return undefined
      const why = err instanceof Error ? err.message : String(err)
      return { message: `expression '${expression}' resulted in error: ${why}`, reason, index }
    }
    const told = validation.messageExpression ? this.#text(validation.messageExpression, values) : undefined
    return { message: told || validation.message?.trim() || `failed expression: ${expression}`, reason, index }
  }

  #text(expression: string, values: Values): string | undefined {
    try {
      const value = this.#compile(expression).run(values)
      return typeof value === 'string' && value.trim() !== '' ? value : undefined
    } catch {
      return undefined
    }
  }
}
