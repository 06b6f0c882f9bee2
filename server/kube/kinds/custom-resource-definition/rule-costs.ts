// What the rules of a schema may cost at most, each and all together, told when they are defined.
// Upstream: apiextensions/validation/{validation,cel_validation}.go.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { estimateCost } from '../../cel/estimate.ts'
import { LARGEST_REQUEST } from '../../schemas/structural/cel-of-schema.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import type { CompiledRule } from '../../schemas/structural/validation-rules.ts'

const OF_ONE = 10_000_000
const OF_ALL = 100_000_000
const MOST_TOLD = 4

/** How many values of a schema there may be in one object; undefined: as many as a request can hold. */
export type Cardinality = number | undefined

/** What is below a list or a map is there as often as these have elements. */
export function cardinalityBelow(schema: JsonSchema, own: Cardinality): Cardinality {
  const { type, items, additionalProperties: rest, maxItems, maxProperties } = schema
  const factor = type === 'array' && items ? maxItems : type === 'object' && rest ? maxProperties : 1
  return own === undefined || factor === undefined ? undefined : own * Number(factor)
}

export class RuleCosts {
  #total = 0
  #dearest: { at: string; cost: number }[] = []

  /** `at`: of the rule. */
  add({ program, message, variables }: CompiledRule, at: string, cardinality: Cardinality): FieldError[] {
    const times = cardinality ?? Math.floor(LARGEST_REQUEST / ((variables.self.least ?? 0) + 1))
    const cost = estimateCost(program.ast, variables) * times
    this.#count(`${at}.rule`, cost)
    const errors = cost > OF_ONE ? [tooDear(`${at}.rule`, 'estimated rule cost', cost, OF_ONE)] : []
    if (!message) return errors
    const messageCost = estimateCost(message.ast, variables)
    this.#count(`${at}.messageExpression`, messageCost)
    if (messageCost <= OF_ONE) return errors
    return [...errors, tooDear(`${at}.messageExpression`, 'estimated messageExpression cost', messageCost, OF_ONE)]
  }

  #count(at: string, cost: number): void {
    this.#total += cost
    if (cost >= OF_ALL / 100) this.#dearest.push({ at, cost })
  }

  /** `at`: of the whole schema. */
  problems(at: string): FieldError[] {
    if (this.#total <= OF_ALL) return []
    const dearest = this.#dearest.sort((a, b) => b.cost - a.cost).slice(0, MOST_TOLD)
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
    return [
      ...dearest.map(({ at: rule }) =>
        fieldError.forbidden(
          rule,
          'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
        ),
      ),
      tooDear(at, what, this.#total, OF_ALL),
    ]
  }
}

const HINT =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'

function tooDear(at: string, what: string, cost: number, limit: number): FieldError {
  const times = cost / limit
  // More than a hundredfold is no mistake of measure: such a rule is of another order.
  const factor = times > 100 ? 'more than 100x' : `${times.toFixed(times < 1.5 ? 6 : 1)}x`
  return fieldError.forbidden(at, `${what} exceeds budget by factor of ${factor} ${HINT}`)
}
