// The one nginx behind everything that leads here. Ingresses and Gateways are read by loops of their own, and each hands
// over its sites; where both want the same path of a name, the Ingress has it.

import { type NginxFiles, nginxFiles } from './nginx-config.ts'
import type { Location, Site } from './site.ts'

export class Door {
  readonly #use: (files: NginxFiles) => Promise<boolean>
  readonly #hasSix: boolean
  #ingress: readonly Site[] = []
  #gateway: readonly Site[] = []
  /** One at a time: what comes last is what holds. */
  #turn: Promise<unknown> = Promise.resolve()

  /** `use` takes a new configuration and says whether it is another one. */
  constructor(use: (files: NginxFiles) => Promise<boolean>, hasSix = true) {
    this.#use = use
    this.#hasSix = hasSix
  }

  /** Says whether anything is different now. */
  ingress(sites: readonly Site[]): Promise<boolean> {
    this.#ingress = sites
    return this.#apply()
  }

  gateway(sites: readonly Site[]): Promise<boolean> {
    this.#gateway = sites
    return this.#apply()
  }

  #apply(): Promise<boolean> {
    const next = this.#turn
      .catch(() => undefined)
      .then(() => this.#use(nginxFiles(merged(this.#ingress, this.#gateway), this.#hasSix)))
    this.#turn = next
    return next
  }
}

export function merged(first: readonly Site[], second: readonly Site[]): Site[] {
  const sites = new Map(first.map((site) => [site.host, site]))
  for (const site of second) {
    const there = sites.get(site.host)
    sites.set(site.host, there ? together(there, site) : site)
  }
  return [...sites.values()]
}

function together(first: Site, second: Site): Site {
  const secure = first.secure ?? second.secure
  return {
    host: first.host,
    plain: add(first.plain, second.plain),
    ...(secure
      ? {
          secure: {
            certificate: secure.certificate,
            locations: add(first.secure?.locations ?? [], second.secure?.locations ?? []),
          },
        }
      : {}),
  }
}

function add(first: readonly Location[], second: readonly Location[]): Location[] {
  const key = ({ path, isExact }: Location) => (isExact ? `= ${path}` : path.replace(/\/$/, ''))
  const taken = new Set(first.map(key))
  return [...first, ...second.filter((location) => !taken.has(key(location)))]
}
