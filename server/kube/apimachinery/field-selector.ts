// Field selectors: `metadata.name=web,status.phase!=Running`. Which fields a kind offers is told with the kind.
// Upstream: apimachinery/pkg/fields/selector.go.

import { badRequest } from './status-error.ts'

export interface FieldRequirement {
  field: string
  equal: boolean
  value: string
}

/** `\`, `,` and `=` in values come escaped by a backslash. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return split(text)
    .filter((term) => term !== '')
    .map((term) => {
      // The first one counts, the longer one of two.
      const [, field, operator, value] = /^(.*?)(!=|==|=)(.*)$/s.exec(term) ?? []
      if (field === undefined || value === undefined) {
        throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
      }
      return { field, equal: operator !== '!=', value: unescapeValue(value) }
    })
}

function split(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === ',') {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function unescapeValue(value: string): string {
  let plain = ''
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!
    if (character === '=' || character === ',') {
      // Upstream tells its number.
      const told = character.charCodeAt(0)
      throw badRequest(`invalid field selector: unescaped character in value: ${told}`)
    }
    if (character === '\\') {
      const [escaped = ''] = value.slice(at + 1)
      if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
        throw badRequest(`invalid field selector: invalid escape sequence: \\${escaped}`)
      }
      at++
      plain += escaped
    } else plain += character
  }
  return plain
}
