// Who answers where that depends on more than the path. nginx has no conditions in a location that could be trusted, but
// variables made of others, worked out when they are needed:
//
//   header, method, query ─ map ─► does this condition hold? ─ map ─► the first rule whose conditions all hold
//   request id ─ split_clients ─► whose turn it is among a rule's backends

import { exactly, quote, table } from './nginx-words.ts'
import type { Backend, Condition, Rule } from './site.ts'

/** What a location is sent to that no backend can be: names of backends have no blank. */
const NONE = 'no endpoint'
const INVALID = 'no backend'
const ANSWERS: Record<string, string> = {
  [NONE]: 'return 503 "no endpoint is ready\\n";',
  [INVALID]: 'return 500 "the route leads nowhere\\n";',
}

export interface Chooser {
  /** For the file's top. */
  top: string[]
  /** For the location. */
  inside: string[]
}

/** Leads to the location of the first rule that fits. `number` tells its variables from those of others. */
export function ruleChooser(rules: readonly Rule[], number: number, locationOf: (rule: Rule) => string): Chooser {
  const top: string[] = []
  const holds = rules.map(({ conditions }, at) => {
    const each = conditions.map((condition, index) => {
      const variable = `$holds_${number}_${at}_${index}`
      top.push(map(variableOf(condition), variable, [`${exactly(condition.value)} 1`, 'default 0']))
      return variable
    })
    if (each.length === 0) return '1'
    const all = `$all_${number}_${at}`
    top.push(map(joined(each), all, [`"${'1'.repeat(each.length)}" 1`, 'default 0']))
    return all
  })
  const chosen = `$rule_${number}`
  const targets = rules.map((rule, at) => `"~^${'0'.repeat(at)}1" ${quote(locationOf(rule))}`)
  top.push(map(joined(holds), chosen, [...targets, 'default ""']))
  return {
    top,
    inside: [
      `if (${chosen} = "") { return 404 "no rule of the route fits\\n"; }`,
      // No file has such a name: what nginx tries then may be a location whose name is worked out.
      `try_files /.podium/none $${chosen.slice(1)};`,
    ],
  }
}

/** Leads to one of a rule's backends. */
export function backendChooser({ split }: Rule, number: number): Chooser {
  const shares = split.filter(({ weight }) => weight > 0)
  const total = shares.reduce((sum, { weight }) => sum + weight, 0)
  const names = shares.map(({ backend }) => targetOf(backend))
  const [only = INVALID] = names
  if (new Set(names).size <= 1) return { top: [], inside: [ANSWERS[only] ?? `proxy_pass http://${only};`] }
  const lines = shares.map(({ weight }, at) => {
    const share = at === shares.length - 1 ? '*' : `${((100 * weight) / total).toFixed(2)}%`
    return `${share} ${quote(names[at]!)}`
  })
  const chosen = `$backend_${number}`
  const refused = Object.entries(ANSWERS).filter(([name]) => names.includes(name))
  return {
    top: [table(`split_clients $request_id ${chosen}`, lines)],
    inside: [
      ...refused.map(([name, answer]) => `if (${chosen} = "${name}") { ${answer} }`),
      `proxy_pass http://${chosen};`,
    ],
  }
}

const targetOf = ({ name, addresses, isInvalid }: Backend) => {
  if (isInvalid) return INVALID
  return addresses.length > 0 ? name : NONE
}

function variableOf({ of, name }: Condition): string {
  if (of === 'method') return '$request_method'
  return of === 'header' ? `$http_${name.toLowerCase().replaceAll('-', '_')}` : `$arg_${name}`
}

/** In braces, so that what follows is not taken for a part of the name. */
const joined = (parts: readonly string[]) =>
  parts.map((part) => (part.startsWith('$') ? `\${${part.slice(1)}}` : part)).join('')

const map = (from: string, to: string, lines: string[]) => table(`map "${from}" ${to}`, lines)
