// Where the classroom is reached, and whether people must log in there. On loopback nobody does: there is one person, let
// in by a link. Anywhere else accounts are demanded, also behind a proxy on the same machine.

import { isIP } from 'node:net'

export interface Entrance {
  readonly port: number
  /** People log in; without it, whoever has the link is the local person. */
  readonly accounts: boolean
  /** The origin of our own pages for a Host header, or undefined when that is none of our names. */
  originOf(host: string): string | undefined
  /** Whether this origin is a proxy's, so that the visitor's own address stands in X-Forwarded-For. */
  isProxied(origin: string): boolean
  /** What to say to somebody who came by another name. */
  readonly answersAs: string
}

export interface EntranceOptions {
  /** The address that is listened on. */
  host: string
  port: number
  tls: boolean
  /** Whole origins that people type: of a proxy, or of a name in the DNS. */
  origins: readonly string[]
  /** How this machine may be called, best first: addresses, and its own name. */
  names: readonly string[]
}

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']

export const isLoopback = (host: string): boolean =>
  /^127\./.test(host) || ['localhost', '::1', '[::1]'].includes(host) || host.startsWith('::ffff:127.')

export function entrance({ host, port, tls, origins, names: own }: EntranceOptions): Entrance {
  const accounts = !isLoopback(host) || origins.length > 0
  const scheme = tls ? 'https' : 'http'
  const names = accounts ? [...LOOPBACK_NAMES, ...own.map((name) => name.toLowerCase())] : LOOPBACK_NAMES
  const declared = new Map(origins.map((origin) => [new URL(origin).host, origin]))
  // A page can rebind its own name to our address, but it cannot make a browser say an address instead of its name.
  const isOurs = (name: string) => names.includes(name) || (accounts && isIP(name.replace(/^\[|\]$/g, '')) !== 0)
  return {
    port,
    accounts,
    answersAs: origins[0] ?? `${scheme}://${shown(host, own)}${port === (tls ? 443 : 80) ? '' : `:${port}`}`,
    originOf(header) {
      const lower = header.toLowerCase()
      const proxied = declared.get(lower)
      if (proxied) return proxied
      const [, name = '', given] = /^(\[[0-9a-f:.]+\]|[^:[\]/@]+)(?::(\d+))?$/.exec(lower) ?? []
      const asked = given ? Number(given) : tls ? 443 : 80
      return asked === port && isOurs(name) ? `${scheme}://${lower}` : undefined
    },
    isProxied: (origin) => origins.includes(origin),
  }
}

function shown(host: string, own: readonly string[]): string {
  if (host === '0.0.0.0' || host === '::') return own[0] ?? 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
