// Where upstream's compiler marks what it refuses, and how its parser words it. The library knows where a piece of an
// expression begins; upstream marks its operator, or the bracket that opens a call. Upstream: cel-go/parser.

/** A node of the library's, or the place of a sign, which is neither an operation nor has arguments. */
export interface Place {
  op?: string
  args?: unknown
  pos: number
  start: number
  end: number
}

export function markOf({ op = '', args, start, pos }: Place, text: string): number {
  const [first, second] = Array.isArray(args) ? (args as [Ended, Ended]) : []
  const after = (piece: Ended | undefined, sign: string) => text.indexOf(sign, piece?.end ?? start)
  switch (op) {
    case 'call':
      return text.indexOf('(', start)
    case 'rcall':
      return text.indexOf('(', after(second, '.'))
    case '.':
    case '.?':
      return after(first, '.')
    case '[]':
    case '[?]':
      return after(first, '[')
    case '?:':
      return after(first, '?')
    default:
      return BINARY.has(op) ? after(first, op) : pos
  }
}

interface Ended {
  end: number
}
const BINARY = new Set('|| && == != < <= > >= in + - * / %'.split(' '))

const BEGINS_A_VALUE =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const SIGNS: Readonly<Record<string, string>> = { RPAREN: ')', RBRACKET: ']', RBRACE: '}', COLON: ':', COMMA: ',' }

export function syntaxWords(
  { code, text, at }: { code: string; text: string; at: Place | undefined },
  written: string,
): string {
  const { start, end } = at ?? { start: written.length, end: written.length }
  const found = start >= written.length ? '<EOF>' : written.slice(start, end)
  if (code.startsWith('unterminated')) return `token recognition error at: '${written.slice(start)}'`
  const expected = /^Expected (\w+), got/.exec(text)?.[1]
  if (expected && SIGNS[expected]) {
    return found === '<EOF>'
      ? `missing '${SIGNS[expected]}' at '<EOF>'`
      : `mismatched input '${found}' expecting '${SIGNS[expected]}'`
  }
  if (code === 'unexpected_token')
    return `${isOneTooMany(written, end) ? 'extraneous' : 'mismatched'} input '${found}' expecting ${BEGINS_A_VALUE}`
  // A sign that the language does not have, or something after the end of the expression.
  if (text.startsWith("Unexpected character: '"))
    return `${written.slice(end).trim() === '' ? 'extraneous' : 'mismatched'} input '${found}' expecting <EOF>`
  return text.startsWith('Unexpected character') ? `token recognition error at: '${found}'` : text
}

/** Would it be right without this sign? */
const isOneTooMany = (written: string, end: number) => /^\s*[\w"'([{.!-]/.test(written.slice(end))
