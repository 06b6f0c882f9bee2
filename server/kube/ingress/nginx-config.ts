// The configuration of nginx for a set of sites. Whoever looks into the pod finds it in /etc/nginx/nginx.conf.

import { changeLines, FORWARDED, redirectLines } from './nginx-changes.ts'
import { backendChooser, ruleChooser } from './nginx-chooser.ts'
import { block, DOLLAR, escaped, quote } from './nginx-words.ts'
import type { Backend, Location, Rule, Site } from './site.ts'

/** Where certificates are put; nginx reads them by name. */
export const CERTIFICATES = '/etc/nginx/certificates'

export interface NginxFiles {
  config: string
  /** By path. */
  certificates: ReadonlyMap<string, string>
}

/** A kernel without IPv6 (`hasSix`) would not let nginx start for a door that nobody can come through. */
export function nginxFiles(sites: readonly Site[], hasSix = true): NginxFiles {
  const named = [...sites].sort((a, b) => (a.host < b.host ? -1 : 1))
  const all: Site[] = named[0]?.host === '' ? named : [{ host: '', plain: [] }, ...named]
  const backends = new Map(all.flatMap(backendsOf).map((backend) => [backend.name, backend]))
  const withAddresses = [...backends.values()].filter(({ addresses }) => addresses.length > 0)
  const writer = new ServerWriter(hasSix)
  const servers = all.flatMap((site) => [writer.plain(site), writer.secure(site)])
  const certificates = named.flatMap(({ secure }) => {
    if (!secure) return []
    const { name, certPem, keyPem } = secure.certificate
    return [[`${CERTIFICATES}/${name}.pem`, `${certPem.trimEnd()}\n${keyPem.trimEnd()}\n`] as const]
  })
  const config = [HEAD, ...withAddresses.map(upstream), ...writer.top, ...servers, '}\n'].join('\n')
  return { config, certificates: new Map(certificates) }
}

const backendsOf = ({ plain, secure }: Site): Backend[] =>
  [...plain, ...(secure?.locations ?? [])].flatMap(({ rules }) =>
    rules.flatMap(({ split, changes }) => [...split.map(({ backend }) => backend), ...(changes?.mirrors ?? [])]),
  )

const HEAD = `worker_processes 2;
pid /run/nginx.pid;
error_log stderr warn;

events {
    worker_connections 1024;
}

http {
    access_log /dev/stdout;
    server_tokens off;
    server_names_hash_bucket_size 256;
    variables_hash_max_size 4096;
    default_type text/plain;

    # What becomes of a connection is for both ends to say: WebSockets.
    map $http_upgrade $connection_upgrade {
        default upgrade;
        '' '';
    }
    proxy_http_version 1.1;
    proxy_buffering off;
${FORWARDED.map(([name, value]) => `    proxy_set_header ${name} ${value};`).join('\n')}

${DOLLAR}
`

const upstream = ({ name, addresses }: Backend) =>
  [`    upstream ${name} {`, ...addresses.map((address) => `        server ${address};`), '    }\n'].join('\n')

class ServerWriter {
  /** What locations need at the top. */
  readonly top: string[] = []
  readonly #choosers = new Map<readonly Rule[], string[]>()
  readonly #rules = new Map<Rule, RuleLines>()
  readonly #hasSix: boolean

  constructor(hasSix: boolean) {
    this.#hasSix = hasSix
  }

  plain({ host, plain }: Site): string {
    return this.#server(host, 80, [], plain)
  }

  secure({ host, secure }: Site): string {
    // Without a certificate for it nobody is let in under a name.
    if (!secure) return this.#server(host, 443, ['ssl_reject_handshake on;'], [])
    const file = `${CERTIFICATES}/${secure.certificate.name}.pem`
    return this.#server(host, 443, [`ssl_certificate ${file};`, `ssl_certificate_key ${file};`], secure.locations)
  }

  #server(host: string, port: 80 | 443, tls: string[], locations: readonly Location[]): string {
    const how = `${port === 443 ? ' ssl' : ''}${host === '' ? ' default_server' : ''}`
    const lines = [
      `listen ${port}${how};`,
      ...(this.#hasSix ? [`listen [::]:${port}${how};`] : []),
      ...tls,
      `server_name ${serverName(host)};`,
      ...this.#places(locations, port === 443 ? 'https' : 'http'),
      ...(locations.some(({ path, isExact }) => path === '/' && !isExact)
        ? []
        : block('location /', ['return 404 "default backend - 404\\n";'])),
    ]
    return ['    server {', ...lines.map((line) => `        ${line}`), '    }\n'].join('\n')
  }

  #places(locations: readonly Location[], scheme: 'http' | 'https'): string[] {
    const used = new Set<RuleLines>()
    const chosen = new Map<string, string[]>()
    const lines = places(locations).flatMap(([match, rules]) => {
      const [first] = rules
      if (rules.length === 1 && first?.conditions.length === 0) {
        const rule = this.#rule(first)
        used.add(rule)
        return block(`location ${match}`, rule.inside(scheme))
      }
      for (const rule of rules.map((one) => this.#rule(one))) {
        used.add(rule)
        chosen.set(rule.location, rule.inside(scheme))
      }
      return block(`location ${match}`, this.#chooser(rules))
    })
    return [
      ...lines,
      ...Array.from(chosen).flatMap(([location, inside]) => block(`location ${location}`, inside)),
      ...[...used].flatMap(({ beside }) => beside),
    ]
  }

  #chooser(rules: readonly Rule[]): string[] {
    let inside = this.#choosers.get(rules)
    if (!inside) {
      const made = ruleChooser(rules, this.#choosers.size, (rule) => this.#rule(rule).location)
      this.top.push(...made.top)
      inside = made.inside
      this.#choosers.set(rules, inside)
    }
    return inside
  }

  /** The same rule may stand in many places, of several names. */
  #rule(rule: Rule): RuleLines {
    let lines = this.#rules.get(rule)
    if (!lines) {
      lines = this.#written(rule, this.#rules.size)
      this.#rules.set(rule, lines)
    }
    return lines
  }

  #written(rule: Rule, number: number): RuleLines {
    const location = `@rule_${number}`
    const { redirect, ...changes } = rule.changes ?? {}
    if (redirect) {
      return { location, beside: [], inside: (scheme) => redirectLines(redirect, scheme, changes.response) }
    }
    const { top, beside, inside } = changeLines(changes, number)
    const choice = backendChooser(rule, number)
    this.top.push(...top, ...choice.top)
    // Where a path is changed nginx reads no further: whoever is refused is refused before.
    const lines = [...choice.inside, ...inside]
    return { location, beside, inside: () => lines }
  }
}

interface RuleLines {
  location: string
  beside: string[]
  inside: (scheme: 'http' | 'https') => string[]
}

function serverName(host: string): string {
  if (host === '') return '_'
  // nginx's own `*.` means any depth.
  if (host.startsWith('**.')) return host.slice(1)
  return host.startsWith('*.') ? `~^[^.]+${host.slice(1).replaceAll('.', '\\.')}$` : host
}

/** A prefix is two places: the path itself, unless somebody has that alone, and all that lies below. */
function places(locations: readonly Location[]): [string, readonly Rule[]][] {
  const exact = new Map(locations.filter(({ isExact }) => isExact).map(({ path, rules }) => [path, rules]))
  const below: [string, Rule[]][] = []
  for (const { path, isExact, rules } of locations) {
    if (isExact) continue
    const bare = path.replace(/\/$/, '')
    if (bare !== '' && !exact.has(bare)) exact.set(bare, rules)
    below.push([`${bare}/`, rules])
  }
  return [
    ...Array.from(exact, ([path, rules]): [string, readonly Rule[]] => [exactPlace(path), rules]),
    ...below.map(([path, rules]): [string, readonly Rule[]] => [quote(path), rules]),
  ]
}

/** By `=` nginx would send who calls the path without its last `/` there; whoever else has that answers. */
const exactPlace = (path: string) =>
  path.length > 1 && path.endsWith('/') ? `~ ${quote(`^${escaped(path)}$`)}` : `= ${quote(path)}`
