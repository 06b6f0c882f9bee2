// Elements of lists and maps that are left out where they have no value: `[?a, b]`, `{?"k": v}` (message-literals.ts makes
// calls of them). Upstream: cel-go/checker, checkCreateList and checkCreateMap.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import type { AstNode } from '../cost.ts'
import { entriesOf, mapOf } from '../maps.ts'
import { OPTIONAL_ELEMENT } from '../message-literals.ts'

interface Type {
  kind: string
  name: string
  valueType?: Type
}
/** The library's own walkers, as far as a macro uses them. */
interface Checker {
  check(node: AstNode, context: unknown): Type
  createError(code: string, message: string, node: AstNode): Error
}
interface Evaluator {
  run(node: AstNode, context: unknown): unknown
}
interface Macro {
  args: [AstNode]
}

/** Stands for an element until its list or map is made. */
class Element {
  readonly #value: unknown

  constructor(value: unknown) {
    this.#value = value
  }

  /** It or nothing. `whose` says what cannot be made of something else. */
  made(whose: string): unknown[] {
    const value = this.#value
    if (!(value instanceof Optional)) {
      throw new Error(`cannot initialize optional ${whose} from non-optional value ${String(value)}`)
    }
    return value.hasValue() ? [value.value()] : []
  }
}

export function addOptionalElements(environment: Environment): void {
  const macro = ({ args }: Macro) => ({ args, async: false, typeCheck, evaluate })
  environment.registerFunction(`${OPTIONAL_ELEMENT}(ast): dyn`, macro, { async: false })
}

function typeCheck(checker: Checker, { args: [element] }: Macro, context: unknown): Type {
  const type = checker.check(element, context)
  if (type.kind === 'optional') return type.valueType!
  if (type.kind === 'dyn') return type
  const words = `expected type 'optional<${type.name}>' but found '${type.name}'`
  throw checker.createError('not_optional', words, element)
}

const evaluate = (evaluator: Evaluator, { args: [element] }: Macro, context: unknown): Element =>
  new Element(evaluator.run(element, context))

/** Has a list or a map that has such elements leave out the absent ones. */
export function rewriteOptionalElements(node: AstNode): void {
  const elements = node.op === 'list' ? (node.args as AstNode[]) : node.op === 'map' ? valuesOf(node) : []
  if (!elements.some(isOptional)) return
  const { evaluate: make } = node.meta
  const entryOf = ([key, value]: readonly [string, unknown]): (readonly [string, unknown])[] =>
    value instanceof Element ? value.made(`entry '${key}'`).map((one) => [key, one] as const) : [[key, value]]
  node.setMeta('evaluate', (evaluator, ast, context) => {
    const made = make(evaluator, ast, context)
    if (!Array.isArray(made)) return mapOf(entriesOf(made as object).flatMap(entryOf))
    return made.flatMap((one) => (one instanceof Element ? one.made('list element') : [one]))
  })
}

const valuesOf = (node: AstNode) => (node.args as [AstNode, AstNode][]).map(([, value]) => value)
const isOptional = ({ op, args }: AstNode) => op === 'call' && (args as unknown[])[0] === OPTIONAL_ELEMENT
