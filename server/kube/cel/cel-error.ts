// What is wrong with an expression, in the words of upstream's compiler (cel-go), which is what people find when they
// search: `ERROR: <input>:1:5: undefined field 'replcas'`, with the place marked below.

import { CostExceeded } from './cost.ts'
import { markOf, type Place, syntaxWords } from './error-places.ts'
import { nameAsWritten } from './library/own-names.ts'

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
  node?: Place
  range?: { start: number }
}

/** An expression as it was written, and as the library read it. */
interface Source {
  expression: string
  text: string
  /** Of a place that the library tells, in the expression as it was written. */
  placeOf(position: number): number
  isFunction(name: string): boolean
}

const quoted = (text: string) => /'([^']*)'|: (.*)$/s.exec(text)?.slice(1).find(Boolean) ?? text

export function compilationError(source: Source, err: unknown): CelError {
  const error = err as LibraryError
  const { node, range } = error
  const at = node ? markOf(node, source.text) : (range?.start ?? 0)
  return reported(source, source.placeOf(at), wordsOf(error, source), err)
}

/** Of what the compiler refuses and the library does not. */
export const refusal = (source: Source, { pos, words }: { pos: number; words: string }): CelError =>
  reported(source, source.placeOf(pos), typeWords(words))

/** Upstream: cel-go/parser/options.go. */
const MOST_CHARACTERS = 100_000

/** Of an expression that is too long to be read; it has no place. Upstream: cel-go/parser/parser.go Parse. */
export function lengthProblem(expression: string): CelError | undefined {
  if (expression.length <= MOST_CHARACTERS) return undefined
  const size = [...expression].length
  if (size <= MOST_CHARACTERS) return undefined
  const words = `expression code point size exceeds limit: size: ${size}, limit ${MOST_CHARACTERS}`
  return new CelError(`compilation failed: ERROR: <input>:-1:0: ${words}`)
}

function reported({ expression }: Source, at: number, words: string, cause?: unknown): CelError {
  const before = expression.slice(0, at)
  const line = before.split('\n').length
  const column = at - (before.lastIndexOf('\n') + 1)
  const shown = expression.split('\n')[line - 1] ?? ''
  const where = `ERROR: <input>:${line}:${column + 1}: ${words}`
  return new CelError(`compilation failed: ${where}\n | ${shown}\n | ${'.'.repeat(column)}^`, { cause })
}

const OPERATION = /^no such overload: (.*) (==|!=|in|\+|-|\*|\/|%|<=?|>=?) (.*)$/
const UNARY = /^no such overload: ([!-])(.*)$/
const CALL = /^found no matching overload for '(?:(.*)\.)?(\w+)\((.*)\)'$/
const INDEX = /^(?:List index|Map key) must be .*, got '(.*)'$/

const noOverload = (name: string, given: string) =>
  `found no matching overload for '${name}' applied to '${typeWords(given)}'`

function wordsOf({ code, summary, message, node }: LibraryError, { text: written, isFunction }: Source): string {
  const text = summary ?? message
  if (code === 'no_such_key') return `undefined field '${quoted(text)}'`
  if (code === 'unknown_variable') return undeclared(quoted(text))
  if (code === 'cannot_index_type') return `type '${typeWords(quoted(text))}' does not support field selection`
  if (code?.includes('token') || code?.includes('character') || code?.startsWith('unterminated')) {
    return `Syntax error: ${syntaxWords({ code, text, at: node }, written)}`
  }
  const operation = OPERATION.exec(text)
  if (operation) {
    const [, left = '', operator = '', right = ''] = operation
    return noOverload(operator === 'in' ? '@in' : `_${operator}_`, `(${left}, ${right})`)
  }
  const unary = UNARY.exec(text)
  if (unary) return noOverload(`${unary[1]}_`, `(${unary[2]})`)
  const call = CALL.exec(text)
  if (call) {
    const [, receiver, called = '', given = ''] = call
    if (called.startsWith('@')) return noOverload(called, `${receiver}.(${given})`)
    const name = nameAsWritten(called)
    if (!isFunction(called)) return undeclared(name)
    return noOverload(name, `${receiver ? `${typeOf(node, 1) ?? receiver}.` : ''}(${given})`)
  }
  const index = INDEX.exec(text)
  if (index) return noOverload('_[_]', `(${typeOf(node, 0) ?? 'list'}, ${index[1]})`)
  if (code === 'invalid_logical_operand') {
    return noOverload(`_${node?.op}_`, `(${[0, 1].map((at) => typeOf(node, at) ?? 'bool').join(', ')})`)
  }
  return / iteration variable$/.test(text) ? 'argument must be a simple name' : typeWords(text)
}

/** The type of an argument, if the compiler came to it. */
const typeOf = (node: Place | undefined, at: number): string | undefined =>
  (node?.args as { checkedType?: { name: string } }[] | undefined)?.[at]?.checkedType?.name

const undeclared = (name: string) => `undeclared reference to '${name}' (in container '')`

/** Types are written by the library as `list<int>`. */
function typeWords(text: string): string {
  return text
    .replaceAll('google.protobuf.Timestamp', 'timestamp')
    .replaceAll('google.protobuf.Duration', 'duration')
    .replaceAll('optional<', 'optional_type<')
    .replaceAll(/(?<=\w)</g, '(')
    .replaceAll(/(?<=[\w>])>/g, ')')
}

const AT_RUNTIME: Readonly<Record<string, string>> = {
  no_such_overload: 'no such overload',
  no_matching_overload: 'no such overload',
  modulo_by_zero: 'modulus by zero',
  optional_value_missing: 'optional.none() dereference',
}

export function evaluationError(err: unknown, cost: number): CelError {
  if (err instanceof CostExceeded) return new CelError('operation cancelled: actual cost limit exceeded', { cost })
  const { code = '', summary, message } = err as LibraryError
  const text = summary ?? message
  const words =
    code === 'no_such_key'
      ? `no such key: ${quoted(text)}`
      : code === 'index_out_of_bounds'
        ? text.replace(/^.*index (-?\d+).*$/, 'index out of bounds: $1')
        : code === 'unknown_variable'
          ? `no such attribute(s): ${quoted(text)}`
          : code.endsWith('overflow')
            ? text.replace(/: -?\d+$/, '')
            : (AT_RUNTIME[code] ?? (code ? text.charAt(0).toLowerCase() + text.slice(1) : text))
  return new CelError(words, { cause: err, cost })
}
