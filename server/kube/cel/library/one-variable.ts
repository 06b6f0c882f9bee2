// Macros with one variable that the library does not have: `existsOne`, `sortBy` of lists, `optMap` and `optFlatMap` of what
// may be absent. Upstream: cel-go/parser/macro.go, ext/lists.go, cel/library.go.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import type { AstNode, Charge } from '../cost.ts'
import { entriesOf } from '../maps.ts'
import { sortedBy } from './order.ts'

interface Type {
  kind: string
  name: string
  keyType: Type
  valueType: Type
}
/** The library's own walkers, as far as a macro uses them. */
interface Checker {
  check(node: AstNode, context: Context): Type
  getType(name: string): Type
  dynType: Type
  registry: { getOptionalType(type: Type): Type }
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
  name: AstNode
  body: AstNode
  inner?: Context
}

interface Meaning {
  receiver: 'list' | 'optional'
  /** By the receiver's type and the body's. */
  type(checker: Checker, over: Type, made: Type): Type
  run(value: unknown, say: (one: unknown) => unknown, charge: Charge): unknown
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  existsOne: {
    receiver: 'list',
    type: (checker) => checker.getType('bool'),
    run: (value, say) => elementsOf(value).filter((one) => say(one) === true).length === 1,
  },
  sortBy: {
    receiver: 'list',
    type: (_checker, over) => over,
    run: (value, say, charge) => sortedBy(value as unknown[], (value as unknown[]).map(say), charge),
  },
  optMap: {
    receiver: 'optional',
    type: ({ registry }, _over, made) => registry.getOptionalType(made),
    run: (value, say) => ifPresent(value, (one) => Optional.of(say(one))),
  },
  optFlatMap: {
    receiver: 'optional',
    type: (_checker, _over, made) => made,
    run: (value, say) => ifPresent(value, say),
  },
}

const elementsOf = (value: unknown) => (Array.isArray(value) ? value : entriesOf(value as object).map(([key]) => key))
const ifPresent = (value: unknown, then: (one: unknown) => unknown) =>
  value instanceof Optional && value.hasValue() ? then(value.value()) : Optional.none()

export function addOneVariableMacros(environment: Environment, charge: Charge): void {
  for (const [name, meaning] of Object.entries(MEANINGS)) {
    const macro = macroOf(name, meaning, charge)
    environment.registerFunction(`${meaning.receiver}.${name}(ast, ast): dyn`, macro, { async: false })
  }
}

function macroOf(called: string, meaning: Meaning, charge: Charge) {
  return ({ args: [name, body], receiver }: { args: [AstNode, AstNode]; receiver: AstNode }) => ({
    receiver,
    name,
    body,
    async: false,
    typeCheck(checker: Checker, macro: Macro, context: Context): Type {
      if (macro.name.op !== 'id') {
        throw checker.createError('invalid_macro_argument', 'argument must be a simple name', macro.name)
      }
      const over = checker.check(macro.receiver, context)
      const known =
        over.kind === 'map' ? over.keyType : over.kind === meaning.receiver ? over.valueType : checker.dynType
      macro.inner = context.forkWithVariable(macro.name.args as string, known)
      const made = checker.check(macro.body, macro.inner)
      if (called === 'sortBy' && !isComparable(made)) {
        const message = `found no matching overload for '@sortByAssociatedKeys' applied to '${over.name}.(list<${made.name}>)'`
        throw checker.createError('no_matching_overload', message, macro.body)
      }
      return meaning.type(checker, over, made)
    },
    evaluate(evaluator: Evaluator, macro: Macro, context: Context): unknown {
      const say = (one: unknown) => evaluator.run(macro.body, macro.inner!.reuse(context).setIterValue(one, evaluator))
      return meaning.run(evaluator.run(macro.receiver, context), say, charge)
    },
  })
}

const COMPARABLE = new Set(
  'dyn int uint double bool string bytes google.protobuf.Duration google.protobuf.Timestamp'.split(' '),
)
/** The elements of an empty list are of any type. */
const isComparable = ({ name, kind }: Type) => kind === 'param' || COMPARABLE.has(name)
