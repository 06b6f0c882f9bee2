// What is wrong with an expression, in the words of upstream's compiler (cel-go), which is what people find when they
// search: `ERROR: <input>:1:5: undefined field 'replcas'`, with the place marked below.

import { CostExceeded } from './cost.ts'

export class CelError extends Error {
  override readonly name = 'CelError'
  readonly cost: number

  constructor(message: string, options: ErrorOptions & { cost?: number } = {}) {
    super(message, options)
    this.cost = options.cost ?? 0
  }
}

/** What the library's errors carry. */
interface LibraryError extends Error {
  code?: string
  summary?: string
  node?: { pos?: number; op?: string }
  range?: { start: number }
}

const quoted = (text: string) => /'([^']*)'|: (.*)$/.exec(text)?.slice(1).find(Boolean) ?? text

/** `placeOf`: of a place that the library tells, in the expression as it was written. */
export function compilationError(expression: string, err: unknown, placeOf: (position: number) => number): CelError {
  const { code, summary, message, node, range } = err as LibraryError
  const text = summary ?? message
  // Of `self.field`, the compiler marks the dot.
  const isField = code === 'no_such_key'
  const at = placeOf(node?.pos ?? range?.start ?? 0) - (isField && node?.op !== 'value' ? 1 : 0)
  const before = expression.slice(0, Math.max(0, at))
  const line = before.split('\n').length
  const column = at - (before.lastIndexOf('\n') + 1)
  const shown = expression.split('\n')[line - 1] ?? ''
  const where = `ERROR: <input>:${line}:${column + 1}: ${wordsOf(code, text)}`
  return new CelError(`compilation failed: ${where}\n | ${shown}\n | ${'.'.repeat(Math.max(0, column))}^`, {
    cause: err,
  })
}

const OPERATION = /^no such overload: (.*) (==|!=|in|\+|-|\*|\/|%|<=?|>=?) (.*)$/
const CALL = /^found no matching overload for '(?:(.*)\.)?(\w+)\((.*)\)'$/

function wordsOf(code: string | undefined, text: string): string {
  if (code === 'no_such_key') return `undefined field '${quoted(text)}'`
  if (code === 'unknown_variable') return `undeclared reference to '${quoted(text)}' (in container '')`
  const operation = OPERATION.exec(text)
  if (operation) {
    const [, left = '', operator = '', right = ''] = operation
    const name = operator === 'in' ? '@in' : `_${operator}_`
    return `found no matching overload for '${name}' applied to '(${left}, ${right})'`
  }
  const call = CALL.exec(text)
  if (call) {
    const [, receiver, name, given = ''] = call
    return `found no matching overload for '${name}' applied to '${receiver ? `${receiver}.` : ''}(${given})'`
  }
  return code?.includes('token') || code?.includes('character') ? `Syntax error: ${text}` : text
}

export function evaluationError(err: unknown, cost: number): CelError {
  if (err instanceof CostExceeded) return new CelError('operation cancelled: actual cost limit exceeded', { cost })
  const { code, summary, message } = err as LibraryError
  const text = summary ?? message
  const words =
    code === 'no_such_key'
      ? `no such key: ${quoted(text)}`
      : code === 'index_out_of_bounds'
        ? text.replace(/^.*index (-?\d+).*$/, 'index out of bounds: $1')
        : code === 'unknown_variable'
          ? `no such attribute(s): ${quoted(text)}`
          : code === 'no_such_overload' || code === 'no_matching_overload'
            ? 'no such overload'
            : text.charAt(0).toLowerCase() + text.slice(1)
  return new CelError(words, { cause: err, cost })
}
