// What a rule changes on the way, in nginx's words: headers, the host, the path, and whom else it tells.

import { block, escaped, literal, quote, table } from './nginx-words.ts'
import type { Changes, HeaderChanges, PathChange, Redirect } from './site.ts'

/** What every request is given. A location that gives more has to say these again. */
export const FORWARDED: readonly (readonly [name: string, value: string])[] = [
  ['Host', '$http_host'],
  ['Upgrade', '$http_upgrade'],
  ['Connection', '$connection_upgrade'],
  ['X-Real-IP', '$remote_addr'],
  ['X-Forwarded-For', '$remote_addr'],
  ['X-Forwarded-Host', '$http_host'],
  ['X-Forwarded-Port', '$server_port'],
  ['X-Forwarded-Proto', '$scheme'],
]

export interface ChangeLines {
  /** For the file's top. */
  top: string[]
  /** For the server. */
  beside: string[]
  /** For the location. */
  inside: string[]
}

/** `number` tells its names from those of other rules. */
export function changeLines({ request, response, host, path, mirrors = [] }: Changes, number: number): ChangeLines {
  const lines: ChangeLines = { top: [], beside: [], inside: [] }
  if (request || host) giveHeaders(lines, request, host, number)
  lines.inside.push(...answerLines(response))
  for (const [at, { name, addresses }] of mirrors.entries()) {
    if (addresses.length === 0) continue
    const place = `/.podium/mirror/${number}/${at}`
    lines.inside.push(`mirror ${place};`)
    lines.beside.push(...block(`location = ${place}`, ['internal;', `proxy_pass http://${name}$request_uri;`]))
  }
  if (path) lines.inside.push(`rewrite ${rewritten(path)} break;`)
  return lines
}

function giveHeaders(lines: ChangeLines, request: HeaderChanges | undefined, host: string | undefined, number: number) {
  const given = new Map(FORWARDED.map(([name, value]) => [name.toLowerCase(), `${name} ${value}`]))
  const give = (name: string, value: string) => given.set(name.toLowerCase(), `${quote(name)} ${value}`)
  for (const { name, value } of request?.set ?? []) give(name, literal(value))
  for (const [at, { name, value }] of (request?.add ?? []).entries()) {
    const brought = `$http_${name.toLowerCase().replaceAll('-', '_')}`
    const added = `$added_${number}_${at}`
    const after = literal(`,${value}`).slice(1)
    lines.top.push(table(`map ${brought} ${added}`, [`"" ${literal(value)}`, `default "${brought}${after}`]))
    give(name, added)
  }
  for (const name of request?.remove ?? []) give(name, '""')
  if (host) give('Host', quote(host))
  lines.inside.push(...Array.from(given.values(), (header) => `proxy_set_header ${header};`))
}

const answerLines = ({ set, add, remove }: HeaderChanges = { set: [], add: [], remove: [] }) => [
  ...[...set.map(({ name }) => name), ...remove].map((name) => `proxy_hide_header ${quote(name)};`),
  ...[...set, ...add].map(({ name, value }) => `add_header ${quote(name)} ${literal(value)} always;`),
]

/** The caller's own scheme and name where no other is asked for; a port that goes without saying is not said. */
export function redirectLines(redirect: Redirect, asked: 'http' | 'https', response?: HeaderChanges): string[] {
  const { scheme = asked, host, port, path, code } = redirect
  const usual = scheme === 'https' ? 443 : 80
  const there = `${scheme}://${host ?? '$host'}${port === undefined || port === usual ? '' : `:${port}`}`
  return [...answerLines(response), redirected(there, path, code)]
}

function redirected(there: string, path: PathChange | undefined, code: number): string {
  if (!path) return `return ${code} ${there}$request_uri;`
  if ('full' in path) return `return ${code} ${there}${literal(path.full).slice(1, -1)}$is_args$args;`
  return `rewrite ${rewritten(path, there)} ${code === 301 ? 'permanent' : 'redirect'};`
}

/** A pattern and what comes in its place. Written with or without a `/` at its end, a prefix is the same one. */
function rewritten(path: PathChange, before = ''): string {
  const to = (text: string, rest = '') => `"${before}${literal(text, rest).slice(1)}`
  if ('full' in path) return `^ ${to(path.full)}`
  const [prefix, by] = [path.prefix, path.by].map((one) => one.replace(/(?<!\/)\/+$/, ''))
  const rest = by === '' ? '/*(.*)' : '(.*)'
  return `${quote(`(?s)^${escaped(prefix!)}${rest}$`)} ${by === '' ? to('/', '$1') : to(by!, '$1')}`
}
