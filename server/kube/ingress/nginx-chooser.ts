// Who answers where that depends on more than the path. nginx has no conditions in a location that could be trusted, but
// variables made of others, worked out when they are needed:
//
//   header, method, query ─ map ─► does this condition hold? ─ map ─► the first rule whose conditions all hold
//   request id ─ split_clients ─► whose turn it is among a rule's backends

import { exactly, quote } from './nginx-words.ts'
import type { Condition, Rule } from './site.ts'

/** What a location is sent to that no backend can be: names of backends have no blank. */
const NONE = 'no endpoint'
const INVALID = 'no backend'

export interface Chooser {
  /** For the file's top. */
  top: string
  /** For the location. */
  inside: string[]
}

/** `number` tells its variables from those of others. */
export function chooser(rules: readonly Rule[], number: number): Chooser {
  const parts: string[] = []
  const holds = rules.map(({ conditions }, at) => {
    const each = conditions.map((condition, index) => {
      const variable = `$holds_${number}_${at}_${index}`
      parts.push(map(variableOf(condition), variable, [`${exactly(condition.value)} 1`, 'default 0']))
      return variable
    })
    if (each.length === 0) return '1'
    const all = `$all_${number}_${at}`
    parts.push(map(joined(each), all, [`"${'1'.repeat(each.length)}" 1`, 'default 0']))
    return all
  })
  const targets = rules.map((rule, at) => {
    const { text, target } = targetOf(rule, `$share_${number}_${at}`)
    if (text) parts.push(text)
    return `"~^${'0'.repeat(at)}1" ${target}`
  })
  const chosen = `$backend_${number}`
  parts.push(map(joined(holds), chosen, [...targets, 'default ""']))
  const unless = (value: string, answer: string) => `if (${chosen} = "${value}") { ${answer} }`
  return {
    top: parts.join('\n'),
    inside: [
      unless('', 'return 404 "no rule of the route fits\\n";'),
      unless(NONE, 'return 503 "no endpoint is ready\\n";'),
      unless(INVALID, 'return 500 "the route leads nowhere\\n";'),
      `proxy_pass http://${chosen};`,
    ],
  }
}

function targetOf({ split }: Rule, variable: string): { text?: string; target: string } {
  const shares = split.filter(({ weight }) => weight > 0)
  const total = shares.reduce((sum, { weight }) => sum + weight, 0)
  const names = shares.map(({ backend }) =>
    quote(backend.isInvalid ? INVALID : backend.addresses.length > 0 ? backend.name : NONE),
  )
  if (names.length === 0) return { target: quote(INVALID) }
  if (names.length === 1) return { target: names[0]! }
  const lines = shares.map(({ weight }, at) =>
    at === shares.length - 1 ? `* ${names[at]}` : `${((100 * weight) / total).toFixed(2)}% ${names[at]}`,
  )
  return { text: blockOf(`split_clients $request_id ${variable}`, lines), target: variable }
}

function variableOf({ of, name }: Condition): string {
  if (of === 'method') return '$request_method'
  return of === 'header' ? `$http_${name.toLowerCase().replaceAll('-', '_')}` : `$arg_${name}`
}

/** In braces, so that what follows is not taken for a part of the name. */
const joined = (parts: readonly string[]) =>
  parts.map((part) => (part.startsWith('$') ? `\${${part.slice(1)}}` : part)).join('')

const map = (from: string, to: string, lines: string[]) => blockOf(`map "${from}" ${to}`, lines)

const blockOf = (head: string, lines: readonly string[]) =>
  [`    ${head} {`, ...lines.map((line) => `        ${line};`), '    }'].join('\n')
