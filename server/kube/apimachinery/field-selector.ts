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
      for (const operator of ['!=', '==', '='] as const) {
        const at = indexOfOperator(term, operator)
        if (at < 0) continue
        const value = unescapeValue(term.slice(at + operator.length))
        return { field: term.slice(0, at), equal: operator !== '!=', value }
      }
      throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
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

function indexOfOperator(term: string, operator: string): number {
  for (let at = 0; at < term.length; at++) {
    if (term[at] === '\\') at++
    else if (term.startsWith(operator, at)) return at
  }
  return -1
}

function unescapeValue(value: string): string {
  if (/(^|[^\\])(\\\\)*[=,]/.test(value))
    throw badRequest(`invalid field selector: unescaped character in value: ${value}`)
  return value.replace(/\\([\\,=])/g, '$1')
}
