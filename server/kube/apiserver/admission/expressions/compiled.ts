// The expressions of one policy or webhook, compiled when they are first needed, and what they may cost together.
// Upstream: apiserver/pkg/admission/plugin/cel/{activation,condition,composition}.go.

import { admissionEnvironment, type KnownToExpressions } from '../../../cel/admission.ts'
import { type Cel, CelError, type CelProgram, type CelValues } from '../../../cel/cel.ts'
import type { AuthorizerAnswers } from './authorizer-answers.ts'

/** Of one expression; of all of a policy together; of all its match conditions. Upstream: apiserver/pkg/apis/cel/config.go. */
const ONE = 1_000_000
export const ALL = 10_000_000
export const CONDITIONS = 2_500_000

/** Nothing more of this policy is run. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export class Compiled {
  readonly #cel: Cel
  readonly #told: KnownToExpressions
  readonly #programs = new Map<string, CelProgram | CelError>()
  #known: ReturnType<typeof admissionEnvironment> | undefined

  constructor(cel: Cel, told: KnownToExpressions) {
    this.#cel = cel
    this.#told = told
  }

  get #environment() {
    this.#known ??= admissionEnvironment(this.#cel, this.#told)
    return this.#known
  }

  /** A turn over one request with one set of parameters. */
  turn(values: CelValues, authorizer: AuthorizerAnswers, budget = ALL): Turn {
    return new Turn({
      values: { ...values, authorizer: authorizer.variable },
      authorizer,
      budget,
      variables: this.#environment.variables,
      programOf: (expression) => this.#programOf(expression),
    })
  }

  #programOf(expression: string): CelProgram {
    let program = this.#programs.get(expression)
    if (!program) {
      try {
        program = this.#environment.environment.compile(expression)
      } catch (err) {
        if (!(err instanceof CelError)) throw err
        program = err
      }
      this.#programs.set(expression, program)
    }
    if (program instanceof CelError) throw new Error(`compilation error: ${program.message}`)
    return program
  }
}

interface TurnOptions {
  values: CelValues
  authorizer: AuthorizerAnswers
  budget: number
  variables: ReturnType<typeof admissionEnvironment>['variables']
  programOf(expression: string): CelProgram
}

export class Turn {
  readonly #options: TurnOptions
  readonly #values: CelValues
  readonly #worked = new Map<string, unknown>()
  #left: number

  constructor(options: TurnOptions) {
    this.#options = options
    this.#left = options.budget
    const names = options.variables.map(({ name, compiled }) => [name, () => this.#variable(name, compiled)])
    this.#values = { ...options.values, variables: Object.fromEntries(names) }
  }

  /** Throws OutOfBudget, or an error worded for people. */
  async run(expression: string): Promise<unknown> {
    const program = this.#options.programOf(expression)
    for (;;) {
      const left = this.#left
      try {
        return this.#spend(program)
      } catch (err) {
        if (await this.#options.authorizer.settled()) {
          this.#left = left
          continue
        }
        if (err instanceof OutOfBudget || this.#left < 0) throw new OutOfBudget()
        throw new Error(`expression '${expression}' resulted in error: ${(err as Error).message}`, { cause: err })
      }
    }
  }

  #spend(program: CelProgram): unknown {
    try {
      const { value, cost } = program.evaluate(this.#values, ONE)
      this.#charge(cost)
      return value
    } catch (err) {
      if (err instanceof CelError) this.#charge(err.cost)
      throw err
    }
  }

  #charge(cost: number): void {
    this.#left -= cost
    if (this.#left < 0) throw new OutOfBudget()
  }

  /** Worked out when it is first looked at, once a turn. */
  #variable(name: string, compiled: CelProgram | CelError): unknown {
    if (this.#worked.has(name)) return this.#worked.get(name)
    if (compiled instanceof CelError) {
      throw new Error(`composited variable ${JSON.stringify(name)} fails to compile: ${compiled.message}`)
    }
    try {
      const value = this.#spend(compiled)
      this.#worked.set(name, value)
      return value
    } catch (err) {
      if (err instanceof OutOfBudget) throw err
      throw new Error(`composited variable ${JSON.stringify(name)} fails to evaluate: ${(err as Error).message}`)
    }
  }
}
