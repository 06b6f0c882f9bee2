// Reads Ingresses as https://kubernetes.io/docs/concepts/services-networking/ingress asks, and as ingress-nginx does where
// that says nothing: whoever was there first keeps a path, an Ingress without rules answers for all, and a name whose
// paths fit nothing leads to the default backend of its own Ingress.

import type { Ingress, IngressBackend, IngressClass } from 'kubernetes-types/networking/v1'
import { keyOf } from '../apimachinery/object-meta.ts'
import { backendOf, type ClusterParts, certificateOf } from './cluster-parts.ts'
import { always, type Location, type Site } from './site.ts'

/** As the `controller` of IngressClasses names this program. */
export const CONTROLLER = 'podium.dev/ingress-nginx'

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

export interface IngressWorld extends ClusterParts {
  ingresses: readonly Ingress[]
  classes: readonly IngressClass[]
}

export interface IngressSites {
  sites: Site[]
  /** The Ingresses that are ours, oldest first, each with what is wrong with it. */
  ours: { ingress: Ingress; problems: string[] }[]
}

/** One Ingress while it is read. */
interface Reading {
  world: IngressWorld
  ingress: Ingress
  problems: string[]
}

export function ingressSites(world: IngressWorld): IngressSites {
  const book = new Map<string, Site>()
  const readings = oursOf(world).map((ingress): Reading => ({ world, ingress, problems: [] }))
  for (const reading of readings) addRules(book, reading)
  // After all rules: what an Ingress asks for by name goes before what it only falls back to.
  for (const reading of readings) addDefault(book, reading)
  for (const reading of readings) addCertificates(book, reading)
  return { sites: [...book.values()], ours: readings.map(({ ingress, problems }) => ({ ingress, problems })) }
}

function oursOf({ ingresses, classes }: IngressWorld): Ingress[] {
  const names = new Set(classes.filter(({ spec }) => spec?.controller === CONTROLLER).map((one) => one.metadata?.name))
  const age = ({ metadata }: Ingress) => String(metadata?.creationTimestamp ?? '')
  return ingresses
    .filter(({ spec, metadata }) => names.has(spec?.ingressClassName ?? metadata?.annotations?.[CLASS_ANNOTATION]))
    .sort((a, b) => age(a).localeCompare(age(b)) || keyOf(a).localeCompare(keyOf(b)))
}

function addRules(book: Map<string, Site>, reading: Reading): void {
  for (const { host = '', http } of reading.ingress.spec?.rules ?? []) {
    const site = siteOf(book, host)
    for (const { path = '/', pathType, backend } of http?.paths ?? []) {
      const isExact = pathType === 'Exact'
      if (isTaken(site, path, isExact)) {
        reading.problems.push(`host "${host}" and path "${path}" are already another Ingress's`)
        continue
      }
      addLocation(site, { path, isExact }, backend, reading)
    }
  }
}

function addDefault(book: Map<string, Site>, reading: Reading): void {
  const { defaultBackend, rules = [] } = reading.ingress.spec ?? {}
  if (!defaultBackend) return
  const hosts = new Set(rules.length > 0 ? rules.map(({ host = '' }) => host) : [''])
  for (const host of hosts) {
    const site = siteOf(book, host)
    if (!isTaken(site, '/', false)) addLocation(site, { path: '/', isExact: false }, defaultBackend, reading)
  }
}

/** With a certificate a host answers the same at both ports. */
function addCertificates(book: Map<string, Site>, { world, ingress, problems }: Reading): void {
  const { tls = [], rules = [] } = ingress.spec ?? {}
  for (const { hosts = rules.map(({ host = '' }) => host), secretName } of tls) {
    if (!secretName) continue
    const key = `${ingress.metadata?.namespace}/${secretName}`
    const certificate = certificateOf(world, key, (problem) => problems.push(problem))
    if (!certificate) continue
    for (const host of hosts) {
      const site = book.get(host)
      if (site) site.secure ??= { certificate, locations: site.plain }
    }
  }
}

function siteOf(book: Map<string, Site>, host: string): Site {
  const site = book.get(host) ?? { host, plain: [] }
  book.set(host, site)
  return site
}

/** Written with or without a `/` at its end, a prefix is the same one. */
const isTaken = ({ plain }: Site, path: string, isExact: boolean) =>
  plain.some((one) => one.isExact === isExact && (isExact ? one.path === path : bare(one.path) === bare(path)))

const bare = (path: string) => path.replace(/\/$/, '')

function addLocation(
  site: Site,
  at: Pick<Location, 'path' | 'isExact'>,
  { service }: IngressBackend,
  { world, ingress, problems }: Reading,
): void {
  if (!service) {
    problems.push('a backend that is a resource is not supported: name a Service')
    return
  }
  const key = `${ingress.metadata?.namespace}/${service.name}`
  const backend = backendOf(world, key, service.port ?? {}, (problem) => problems.push(problem))
  // An Ingress makes no difference between who is not there and who is not ready.
  site.plain.push({ ...at, rules: [always({ name: backend.name, addresses: backend.addresses })] })
}
