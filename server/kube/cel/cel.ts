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
import { CelError, compilationError, evaluationError, lengthProblem, refusal } from './cel-error.ts'
import { CelObject, type CelType, celEquals, fieldName, type ObjectClasses, toCel } from './cel-type.ts'
import { type AstNode, Meter, meter, Running } from './cost.ts'
import { addLibrary, rewriteCalls } from './library/library.ts'
import { MessageTypes } from './library/messages.ts'
import { literalProblem } from './literals.ts'
import { rewriteLiterals } from './message-literals.ts'

export type CelVariables = Readonly<Record<string, CelType>>

/** JSON, and values of CEL for variables that are declared so. */
export type CelValues = Readonly<Record<string, unknown>>

export interface CelProgram {
  /** `bool`, `string`, `int`, `list<…>`, `dyn`: what it will give. */
  readonly type: string
  readonly ast: AstNode
  /** Does it name this variable? */
  uses(variable: string): boolean
  /**
   * A variable left out is unknown. JSON becomes values of CEL once for all programs of an environment, and of those that
   * know more, that are given the same `values`.
   */
  evaluate(values: CelValues, budget: number): { value: unknown; cost: number }
}

export interface CelEnvironment {
  compile(expression: string): CelProgram
  /** One that knows more; this one stays as it is. */
  extend(variables: CelVariables): CelEnvironment
}

export interface Cel {
  /** `makes`: the types of objects that expressions may make, with all that begin with theirs: `Object`. */
  environment(variables: CelVariables, makes?: readonly string[]): CelEnvironment
}

export function createCel(): Cel {
  // Made when it is first needed: 160 KiB, of which a cluster has several, and most never see an expression.
  let base: Environment | undefined
  const running = new Running()
  return {
    environment(variables, makes = []) {
      base ??= baseEnvironment(running)
      const own = base.clone()
      const types = new TypeNames(own)
      return knowing(own, variables, {
        variables: {},
        types,
        messages: new MessageTypes(own, makes),
        running,
        made: new WeakMap(),
      })
    },
  }
}

function baseEnvironment({ charge }: Running): Environment {
  const base = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  addLibrary(base, charge)
  return base
}

type Made = WeakMap<CelValues, Map<string, { declared: CelType; value: unknown }>>

interface Known {
  made: Made
  running: Running
  variables: CelVariables
  types: TypeNames
  messages: MessageTypes
}

function knowing(environment: Environment, more: CelVariables, known: Known): CelEnvironment {
  const { types, messages, running, made } = known
  for (const [name, type] of Object.entries(more)) environment.registerVariable(name, types.nameOf(type))
  const variables = { ...known.variables, ...more }
  return {
    compile: (expression) =>
      compile(environment, { expression, variables, classes: types.classes, messages, running, made }),
    extend(others) {
      const clone = environment.clone()
      return knowing(clone, others, { variables, types: types.in(clone), messages: messages.in(clone), running, made })
    },
  }
}

function compile(
  environment: Environment,
  told: {
    expression: string
    variables: CelVariables
    classes: ObjectClasses
    messages: MessageTypes
    running: Running
    made: Made
  },
): CelProgram {
  const { expression, variables, classes, messages, running, made } = told
  const tooLong = lengthProblem(expression)
  if (tooLong) throw tooLong
  const rewritten = rewriteLiterals(expression)
  const source = { ...rewritten, expression, isFunction: (name: string) => isFunction(environment, name) }
  messages.declare(rewritten.types)
  const parsed = parse(environment, source)
  const ast = parsed.ast as unknown as AstNode
  const { valid, error, type = 'dyn' } = parsed.check()
  if (!valid) throw compilationError(source, error)
  const problem = literalProblem(ast)
  if (problem) throw refusal(source, problem)
  const metered = new Meter()
  const names = meter(ast, metered)
  return {
    type,
    ast,
    uses: (variable) => names.has(variable),
    evaluate(values, budget) {
      metered.begin(budget)
      const context: Record<string, unknown> = {}
      const known = made.get(values) ?? new Map<string, { declared: CelType; value: unknown }>()
      made.set(values, known)
      for (const [name, declared] of Object.entries(variables)) {
        if (!names.has(name) || (values[name] === undefined && declared.kind !== 'optional')) continue
        let one = known.get(name)
        if (one?.declared !== declared) {
          one = { declared, value: toContext(declared, values[name] as JsonValue | undefined, classes) }
          known.set(name, one)
        }
        context[name] = one.value
      }
      try {
        const value = running.during(metered, () => parsed(context))
        // `||`, `&&` and loops pass over what fails in them.
        metered.add(0)
        return { value, cost: Math.ceil(metered.spent) }
      } catch (err) {
        throw evaluationError(err, metered.spent)
      }
    },
  }
}

function toContext(declared: CelType, value: JsonValue | undefined, classes: ObjectClasses): unknown {
  if (declared.kind !== 'optional') return value === undefined ? undefined : toCel(declared, value, classes)
  return value === undefined ? Optional.none() : Optional.of(toCel(declared.of, value, classes))
}

function parse(environment: Environment, source: Parameters<typeof compilationError>[0]) {
  try {
    const parsed = environment.parse(source.text)
    rewriteCalls(parsed.ast as unknown as AstNode)
    return parsed
  } catch (err) {
    throw compilationError(source, err)
  }
}

const isFunction = (environment: Environment, name: string) =>
  environment.getDefinitions().functions.some((one) => one.name === name)

/** The library names types by text; each of ours with fields gets a name and a class of its own. */
class TypeNames {
  readonly classes: Map<CelType, typeof CelObject>
  readonly #environment: Environment
  readonly #names: Map<CelType, string>

  constructor(environment: Environment, known?: TypeNames) {
    this.#environment = environment
    this.classes = new Map(known?.classes)
    this.#names = new Map(known ? known.#names : undefined)
  }

  in(clone: Environment): TypeNames {
    return new TypeNames(clone, this)
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
      case 'own':
        return type.type
      case 'object':
      case 'lazy':
        return this.#names.get(type) ?? this.#declare(type)
      default:
        return type.kind
    }
  }

  #declare(type: CelType & { kind: 'object' | 'lazy' }): string {
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
    // What may be absent may be compared with nothing.
    this.#environment.registerOperator(`${name} == null`, celEquals)
    return name
  }
}

export { CelError }
