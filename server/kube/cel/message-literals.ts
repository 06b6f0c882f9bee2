// Objects made in expressions: `Object.spec{replicas: 3}`. The library does not read them, so each becomes a call before
// it reads:  newMessage("Object.spec", {"replicas": 3})
// Upstream: the grammar of cel-go, messages.

/** The macro that library/messages.ts knows. */
export const NEW_MESSAGE = 'newMessage'

export interface Rewritten {
  text: string
  /** The place in the expression as it was written. */
  placeOf(position: number): number
  /** The types of what is made. */
  types: ReadonlySet<string>
}

const SKIPPED = /\s+|\/\/[^\n]*/y
const RAW = /[rR](?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')/y
const TEXT = /[bB]?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/y
const TYPE = /([A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)\s*\{/y
const WORD = /[A-Za-z_0-9]+/y
const FIELD = /(\??)\s*(?:([A-Za-z_]\w*)|`([^`]+)`)\s*:/y
const OPENING = '{[('
const CLOSING = '}])'

export function rewriteMessages(expression: string): Rewritten {
  const pieces: { at: number; from: number; isAsWritten: boolean }[] = []
  const types = new Set<string>()
  /** What is open: a message's braces, or any others. */
  const open: boolean[] = []
  let text = ''
  let at = 0
  let wantsField = false
  const put = (written: string, isAsWritten: boolean) => {
    pieces.push({ at: text.length, from: at, isAsWritten })
    text += written
  }
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(expression)
  }
  const keep = (length: number) => {
    put(expression.slice(at, at + length), true)
    at += length
  }
  while (at < expression.length) {
    const skipped = match(SKIPPED)
    if (skipped) {
      keep(skipped[0].length)
      continue
    }
    const field = wantsField ? match(FIELD) : null
    wantsField = false
    if (field) {
      put(`${JSON.stringify(field[1]! + (field[2] ?? field[3]))}:`, false)
      at += field[0].length
      continue
    }
    const message = match(TYPE)
    if (message && message[1] !== 'in') {
      const type = message[1]!.replace(/\s/g, '')
      types.add(type)
      put(`${NEW_MESSAGE}(${JSON.stringify(type)}, {`, false)
      at += message[0].length
      open.push(true)
      wantsField = true
      continue
    }
    const whole = match(RAW) ?? match(TEXT) ?? match(WORD)
    if (whole) {
      keep(whole[0].length)
      continue
    }
    const character = expression[at]!
    const closed = CLOSING.includes(character) ? open.pop() : undefined
    if (OPENING.includes(character)) open.push(false)
    keep(1)
    if (closed) put(')', false)
    wantsField = character === ',' && open.at(-1) === true
  }
  return {
    text,
    types,
    placeOf(position) {
      const piece = pieces.findLast((one) => one.at <= position)
      if (!piece) return position
      return piece.isAsWritten ? piece.from + position - piece.at : piece.from
    },
  }
}
