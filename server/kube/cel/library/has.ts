// `has(…)`: the library knows it of names only, and looks at no declared fields; rules of real CustomResourceDefinitions ask
// `has(self[0].matches)`, and a field that is not declared is a mistake worth telling.

import { Optional } from '@marcbachmann/cel-js'
import type { AstNode } from '../cost.ts'

/** The library's own walkers, as far as a macro uses them. */
interface Checker {
  check(node: AstNode, context: unknown): unknown
  getType(name: string): unknown
  createError(code: string, message: string, node: AstNode): Error
}
interface Evaluator {
  run(node: AstNode, context: unknown): unknown
  debugType(value: unknown): { fieldLazy(value: unknown, name: unknown, node: AstNode, by: Evaluator): unknown }
}
interface Macro {
  args: AstNode[]
}

/** Gives a call of `has` another meaning than the parser has given it. */
export function rewriteHas(node: AstNode): void {
  const { macro } = node.meta
  if (node.op !== 'call' || (node.args as unknown[])[0] !== 'has' || !macro) return
  Object.assign(macro, { typeCheck, evaluate })
}

function typeCheck(checker: Checker, { args: [field] }: Macro, context: unknown): unknown {
  if (!field || (field.op !== '.' && field.op !== '.?')) {
    throw checker.createError('invalid_macro_argument', 'invalid argument to has() macro', field!)
  }
  checker.check(field, context)
  return checker.getType('bool')
}

function evaluate(evaluator: Evaluator, { args: [field] }: Macro, context: unknown): boolean {
  const [holder, name] = field!.args as [AstNode, string]
  const value = evaluator.run(holder, context)
  const found = evaluator.debugType(value).fieldLazy(value, name, field!, evaluator)
  return found instanceof Optional ? found.hasValue() : found !== undefined
}
