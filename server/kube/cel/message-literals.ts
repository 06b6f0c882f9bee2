// What the library does not read becomes calls before it reads. Upstream: the grammar of cel-go.
//
//     objects made, Object.spec{replicas: 3}             newMessage("Object.spec", {"replicas": 3})
//     elements that may be absent, [?a, b]  {?"k": v}    [optionalElement(a), b]  {"k": optionalElement(v)}

/** The macros that library/messages.ts and library/optional-elements.ts know. */
export const NEW_MESSAGE = 'newMessage'
export const OPTIONAL_ELEMENT = 'optionalElement'

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
const NAME = /[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*/y
const WORD = /[A-Za-z_0-9]+/y
const FIELD = /(\??)\s*(?:([A-Za-z_]\w*)|`([^`]+)`)\s*:/y
type Kind = 'message' | 'list' | 'map' | 'other'

/** What is open. */
interface Open {
  kind: Kind
  /** The key of an element that may be absent is being read; conditions in it that have still to come to their colon. */
  conditions?: number
  /** Such an element is being read. */
  isOptional?: boolean
}
const CLOSING = '}])'

export function rewriteLiterals(expression: string): Rewritten {
  const pieces: { at: number; from: number; isAsWritten: boolean }[] = []
  const types = new Set<string>()
  const open: Open[] = []
  let text = ''
  let at = 0
  /** The next thing is the first of an element. */
  let isFirst = false
  /** As far as this a name with dots has been read that is no type's, nor is any end of it: `a.b.c` is looked at once. */
  let untyped = 0
  /** The last thing was a value, so that a bracket now is an index. */
  let isValue = false
  const put = (written: string, isAsWritten = false) => {
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
  const sign = (character: string) => {
    const inside = open.at(-1)
    const isEnd = character === ',' || CLOSING.includes(character)
    if (inside?.isOptional && isEnd) {
      put(')')
      inside.isOptional = false
    }
    if (character === '?' && isFirst && (inside?.kind === 'list' || inside?.kind === 'map')) {
      at++
      if (inside.kind === 'map') inside.conditions = 0
      else beginOptional(inside)
      return
    }
    if (inside?.conditions !== undefined && character === '?' && !'.['.includes(expression[at - 1]!))
      inside.conditions++
    const endsKey = inside?.conditions !== undefined && character === ':' && inside.conditions-- === 0
    if (CLOSING.includes(character)) open.pop()
    else if (character === '[') open.push({ kind: isValue ? 'other' : 'list' })
    else if (character === '{') open.push({ kind: 'map' })
    else if (character === '(') open.push({ kind: 'other' })
    keep(1)
    if (endsKey) beginOptional(inside)
    if (CLOSING.includes(character) && inside?.kind === 'message') put(')')
    isFirst = '[{,'.includes(character)
    isValue = CLOSING.includes(character)
  }
  const beginOptional = (element: Open) => {
    put(`${OPTIONAL_ELEMENT}(`)
    element.isOptional = true
    delete element.conditions
    isFirst = isValue = false
  }
  while (at < expression.length) {
    const skipped = match(SKIPPED)
    if (skipped) {
      keep(skipped[0].length)
      continue
    }
    const field = isFirst && open.at(-1)?.kind === 'message' ? match(FIELD) : null
    const message = field || at < untyped ? null : match(TYPE)
    if (!field && !message && at >= untyped) untyped = at + (match(NAME)?.[0].length ?? 0)
    const whole = field ? null : (match(RAW) ?? match(TEXT) ?? match(WORD))
    if (field) {
      put(`${JSON.stringify(field[1]! + (field[2] ?? field[3]))}:`)
      at += field[0].length
      isFirst = isValue = false
    } else if (message && message[1] !== 'in') {
      const type = message[1]!.replace(/\s/g, '')
      types.add(type)
      put(`${NEW_MESSAGE}(${JSON.stringify(type)}, {`)
      at += message[0].length
      open.push({ kind: 'message' })
      isFirst = true
      isValue = false
    } else if (whole) {
      keep(whole[0].length)
      isFirst = false
      isValue = whole[0] !== 'in'
    } else sign(expression[at]!)
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
