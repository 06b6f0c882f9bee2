// The expressions of one policy or webhook, compiled when they are first needed, and what they may cost together.
// Upstream: apiserver/pkg/admission/plugin/cel/{activation,condition,composition}.go.

import type { Pace } from '../../../../base/pace.ts'
import { AdmissionExpressions, type KnownToExpressions } from '../../../cel/admission.ts'
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
  #known: AdmissionExpressions | undefined

  constructor(cel: Cel, told: KnownToExpressions) {
    this.#cel = cel
    this.#told = told
  }

  get #expressions(): AdmissionExpressions {
    this.#known ??= new AdmissionExpressions(this.#cel, this.#told)
    return this.#known
  }

  /** A turn over one request with one set of parameters. */
  turn(values: CelValues, { authorizer, pace, budget = ALL }: TurnTold): Turn {
    return new Turn({
      values: { ...values, authorizer: authorizer.variable },
      authorizer,
      budget,
      pace,
      expressions: this.#expressions,
      programOf: (expression) => this.#programOf(expression, pace),
    })
  }

  async #programOf(expression: string, pace: Pace): Promise<CelProgram> {
    let program = this.#programs.get(expression)
    if (!program) {
      try {
        program = await pace.through(this.#expressions.compiling(expression))
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

interface TurnTold {
  authorizer: AuthorizerAnswers
  /** Others have their turn between expressions. */
  pace: Pace
  budget?: number
}

interface TurnOptions extends Required<TurnTold> {
  values: CelValues
  expressions: AdmissionExpressions
  programOf(expression: string): Promise<CelProgram>
}

export class Turn {
  readonly #options: TurnOptions
  readonly #values: CelValues
  readonly #worked = new Map<string, unknown>()
  #left: number

  constructor(options: TurnOptions) {
    this.#options = options
    this.#left = options.budget
    const { expressions } = options
    const readers = expressions.names.map(([name, at]) => [name, () => this.#variable(name, expressions.variable(at))])
    this.#values = { ...options.values, variables: Object.fromEntries(readers) }
  }

  /** Throws OutOfBudget, or an error worded for people. */
  async run(expression: string): Promise<unknown> {
    const pause = this.#options.pace.pause()
    if (pause) await pause
    const program = await this.#options.programOf(expression)
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
