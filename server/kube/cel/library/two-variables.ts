// Loops with two variables: index and value of a list, key and value of a map.
// `self.labels.all(key, value, key != value)`. Upstream: cel-go/ext/comprehensions.go.

import type { Environment } from '@marcbachmann/cel-js'
import { type AstNode, CostExceeded } from '../cost.ts'
import { entriesOf, mapOf } from '../maps.ts'

interface Type {
  kind: string
  keyType: Type
  valueType: Type
}
/** The library's own walkers, as far as a macro uses them. */
interface Checker {
  check(node: AstNode, context: Context): Type
  getType(name: string): Type
  dynType: Type
  registry: { getListType(type: Type): Type; getMapType(key: Type, value: Type): Type }
  createError(code: string, message: string, node: AstNode): Error
}
interface Evaluator {
  run(node: AstNode, context: Context): unknown
}
interface Context {
  forkWithVariable(name: string, type: Type): Context
  reuse(parent: Context): Context
  setIterValue(value: unknown, evaluator: Evaluator): Context
}
interface Macro {
  receiver: AstNode
  names: readonly [AstNode, AstNode]
  /** The filter, if there is one, and what is made of each. */
  bodies: readonly AstNode[]
  outer?: Context
  inner?: Context
}

/** What a loop makes: its type, and its value from what the bodies say of each pair. */
interface Loop {
  /** How many bodies it may have. */
  bodies: readonly number[]
  /** By the type of what is made of a pair. */
  type(checker: Checker, key: Type, made: Type): Type
  run(pairs: readonly (readonly [unknown, unknown])[], say: Say): unknown
}
/** A body's value of a pair. */
type Say = (body: number, pair: readonly [unknown, unknown]) => unknown

const bool = (checker: Checker) => checker.getType('bool')

/** An error counts only where no other element decides. */
function decides(pairs: readonly (readonly [unknown, unknown])[], say: Say, by: boolean): boolean {
  let error: unknown
  for (const pair of pairs) {
    try {
      if (say(0, pair) === by) return by
    } catch (err) {
      if (err instanceof CostExceeded) throw err
      error ??= err
    }
  }
  if (error !== undefined) throw error
  return !by
}

const chosen = (pairs: readonly (readonly [unknown, unknown])[], say: Say, count: number) =>
  count === 1 ? pairs : pairs.filter((pair) => say(0, pair) === true)

const LOOPS: Readonly<Record<string, (count: number) => Loop>> = {
  all: () => ({ bodies: [1], type: bool, run: (pairs, say) => decides(pairs, say, false) }),
  exists: () => ({ bodies: [1], type: bool, run: (pairs, say) => decides(pairs, say, true) }),
  existsOne: () => ({
    bodies: [1],
    type: bool,
    run: (pairs, say) => pairs.filter((pair) => say(0, pair) === true).length === 1,
  }),
  transformList: (count) => ({
    bodies: [1, 2],
    type: ({ registry }, _key, made) => registry.getListType(made),
    run: (pairs, say) => chosen(pairs, say, count).map((pair) => say(count - 1, pair)),
  }),
  transformMap: (count) => ({
    bodies: [1, 2],
    type: ({ registry }, key, made) => registry.getMapType(key, made),
    run: (pairs, say) => mapOf(chosen(pairs, say, count).map((pair) => [String(pair[0]), say(count - 1, pair)])),
  }),
  transformMapEntry: (count) => ({
    bodies: [1, 2],
    type: (_checker, _key, made) => made,
    run(pairs, say) {
      const made = new Map<string, unknown>()
      for (const pair of chosen(pairs, say, count)) {
        for (const [key, value] of entriesOf(say(count - 1, pair) as object)) {
          if (made.has(key)) throw new Error(`insert failed: key '${key}' already exists`)
          made.set(key, value)
        }
      }
      return mapOf([...made])
    },
  }),
}
export function addTwoVariableLoops(environment: Environment): void {
  for (const [name, loopOf] of Object.entries(LOOPS)) {
    for (const count of loopOf(1).bodies) {
      const asts = ['ast', 'ast', ...Array.from({ length: count }, () => 'ast')].join(', ')
      const names = name === 'existsOne' ? ['existsOne', 'exists_one'] : [name]
      for (const one of names) {
        environment.registerFunction(`list.${one}(${asts}): dyn`, macroOf(name, loopOf(count)), { async: false })
      }
    }
  }
}

function macroOf(name: string, loop: Loop) {
  return ({ args, receiver }: { args: AstNode[]; receiver: AstNode }) => {
    const [first, second, ...bodies] = args as [AstNode, AstNode, ...AstNode[]]
    return {
      receiver,
      names: [first, second],
      bodies,
      async: false,
      typeCheck(checker: Checker, macro: Macro, context: Context): Type {
        for (const one of macro.names) {
          if (one.op !== 'id')
            throw checker.createError('invalid_macro_argument', 'argument must be a simple name', one)
        }
        const over = checker.check(macro.receiver, context)
        const key = over.kind === 'map' ? over.keyType : over.kind === 'list' ? checker.getType('int') : checker.dynType
        const value = over.kind === 'map' || over.kind === 'list' ? over.valueType : checker.dynType
        const [outerName, innerName] = macro.names.map((one) => one.args as string)
        const outer = context.forkWithVariable(outerName!, key)
        const inner = outer.forkWithVariable(innerName!, value)
        Object.assign(macro, { outer, inner })
        const types = macro.bodies.map((body) => checker.check(body, inner))
        const deciding = name.startsWith('transform') ? types.slice(0, -1) : types
        for (const [at, type] of deciding.entries()) {
          if (type.kind === 'dyn' || type === bool(checker)) continue
          throw checker.createError('invalid_condition_type', `${name}() predicate must return bool`, macro.bodies[at]!)
        }
        return loop.type(checker, key, types.at(-1)!)
      },
      evaluate(evaluator: Evaluator, macro: Macro, context: Context): unknown {
        const pairs = pairsOf(evaluator.run(macro.receiver, context))
        return loop.run(pairs, (body, [key, value]) => {
          const outer = macro.outer!.reuse(context).setIterValue(key, evaluator)
          return evaluator.run(macro.bodies[body]!, macro.inner!.reuse(outer).setIterValue(value, evaluator))
        })
      },
    }
  }
}

function pairsOf(value: unknown): (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map((one, at) => [BigInt(at), one])
  if (typeof value === 'object' && value !== null) return entriesOf(value)
  throw new Error('no such overload')
}
