// Expressions in the Common Expression Language: rules of custom resources, admission policies, match conditions.
// The only place that knows which library evaluates them.
//
//   const cel = createCel()                                        one a server
//   const rules = cel.environment({ self: {kind: 'object', …} })   one for each set of variables
//   const program = rules.compile('self.replicas <= self.max')     throws CelError, worded as upstream's compiler does
//   program.evaluate({ self: object }, 1_000_000)                  values are plain JSON; throws CelError as well
//
// A program may cost so much and no more: see cost.ts. Upstream: apiserver/pkg/cel/environment, library.

import { Environment, Optional } from '@marcbachmann/cel-js'
import type { JsonValue } from '../apimachinery/json.ts'
import { CelError, compilationError, evaluationError } from './cel-error.ts'
import { CelObject, type CelType, celEquals, fieldName, type ObjectClasses, toCel } from './cel-type.ts'
import { type AstNode, Meter, meter } from './cost.ts'
import { addLibrary, rewriteCalls } from './library/library.ts'

export type CelVariables = Readonly<Record<string, CelType>>

export interface CelProgram {
  /** `bool`, `string`, `int`, `list<…>`, `dyn`: what it will give. */
  readonly type: string
  readonly ast: AstNode
  /** Does it name this variable? */
  uses(variable: string): boolean
  /** Values are JSON, or functions of none for what is expensive to make. A variable left out is unknown. */
  evaluate(values: Readonly<Record<string, JsonValue | undefined>>, budget: number): { value: unknown; cost: number }
}

export interface CelEnvironment {
  compile(expression: string): CelProgram
}

export interface Cel {
  environment(variables: CelVariables): CelEnvironment
}

export function createCel(): Cel {
  const base = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  addLibrary(base)
  return { environment: (variables) => environmentOf(base, variables) }
}

function environmentOf(base: Environment, variables: CelVariables): CelEnvironment {
  const own = base.clone()
  const types = new TypeNames(own)
  for (const [name, type] of Object.entries(variables)) own.registerVariable(name, types.nameOf(type))
  return { compile: (expression) => compile(own, { expression, variables, classes: types.classes }) }
}

function compile(
  environment: Environment,
  told: { expression: string; variables: CelVariables; classes: ObjectClasses },
): CelProgram {
  const { expression, variables, classes } = told
  const parsed = parse(environment, expression)
  const ast = parsed.ast as unknown as AstNode
  rewriteCalls(ast)
  const { valid, error, type = 'dyn' } = parsed.check()
  if (!valid) throw compilationError(expression, error)
  const metered = new Meter()
  const names = meter(ast, metered)
  return {
    type,
    ast,
    uses: (variable) => names.has(variable),
    evaluate(values, budget) {
      metered.begin(budget)
      const context: Record<string, unknown> = {}
      for (const [name, declared] of Object.entries(variables)) {
        const value = values[name]
        if (!names.has(name)) continue
        const isThere = value !== undefined
        if (declared.kind === 'optional') {
          context[name] = isThere ? Optional.of(toCel(declared.of, value, classes)) : Optional.none()
        } else if (isThere) context[name] = toCel(declared, value, classes)
      }
      try {
        return { value: parsed(context), cost: metered.spent }
      } catch (err) {
        throw evaluationError(err, metered.spent)
      }
    },
  }
}

function parse(environment: Environment, expression: string) {
  try {
    return environment.parse(expression)
  } catch (err) {
    throw compilationError(expression, err)
  }
}

/** The library names types by text; each of ours with fields gets a name and a class of its own. */
class TypeNames {
  readonly classes = new Map<CelType, typeof CelObject>()
  readonly #environment: Environment
  readonly #names = new Map<CelType, string>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  nameOf(type: CelType): string {
    switch (type.kind) {
      case 'timestamp':
        return 'google.protobuf.Timestamp'
      case 'duration':
        return 'google.protobuf.Duration'
      case 'list':
        return `list<${this.nameOf(type.items)}>`
      case 'map':
        return `map<string, ${this.nameOf(type.values)}>`
      case 'optional':
        return `optional<${this.nameOf(type.of)}>`
      case 'object':
        return this.#names.get(type) ?? this.#declare(type)
      default:
        return type.kind
    }
  }

  #declare(type: CelType & { kind: 'object' }): string {
    const fields: Record<string, string> = {}
    for (const [field, inner] of Object.entries(type.fields)) {
      const name = fieldName(type, field)
      if (name) fields[name] = this.nameOf(inner)
    }
    const name = `object${this.#names.size + 1}`
    const ctor = class extends CelObject {}
    this.#names.set(type, name)
    this.classes.set(type, ctor)
    this.#environment.registerType(name, { ctor, fields })
    this.#environment.registerOperator(`${name} == ${name}`, celEquals)
    return name
  }
}

export { CelError }
