// Reads Gateways and HTTPRoutes: which routes are let in by which listeners, under which names, and what each of the three
// kinds is told about itself. https://gateway-api.sigs.k8s.io/reference/spec

import { selectorOfObject } from '../apimachinery/label-selector.ts'
import { keyOf } from '../apimachinery/object-meta.ts'
import { type ClusterParts, certificateOf } from './cluster-parts.ts'
import type { GatewayClassObject, GatewayObject, HttpRouteObject, Listener, ParentRef } from './gateway-kinds.ts'
import { type Match, matchesOf, type RouteReading, unsupported } from './route-matches.ts'
import { locationsOf } from './route-order.ts'
import type { Certificate, Site } from './site.ts'

/** As GatewayClasses name this program. */
export const GATEWAY_CONTROLLER = 'podium.dev/gateway-nginx'

export interface GatewayWorld extends ClusterParts {
  classes: readonly GatewayClassObject[]
  gateways: readonly GatewayObject[]
  routes: readonly HttpRouteObject[]
  labelsOfNamespace(name: string): Record<string, string>
}

/** A condition without its times. */
export interface Verdict {
  type: string
  status: 'True' | 'False'
  reason: string
  message: string
}

export interface GatewaySites {
  sites: Site[]
  /** Those that are ours, with what they are to be told. */
  classes: { object: GatewayClassObject; verdicts: Verdict[] }[]
  gateways: { object: GatewayObject; verdicts: Verdict[]; listeners: ListenerReading[] }[]
  routes: { object: HttpRouteObject; parents: { parentRef: ParentRef; verdicts: Verdict[] }[] }[]
}

export interface ListenerReading {
  listener: Listener
  gateway: GatewayObject
  /** Whether anybody is answered at it. */
  isOpen: boolean
  certificate?: Certificate
  verdicts: Verdict[]
  attached: { hosts: string[]; matches: Match[] }[]
}

export function gatewaySites(world: GatewayWorld): GatewaySites {
  const classes = world.classes.filter(({ spec }) => spec.controllerName === GATEWAY_CONTROLLER)
  const names = new Set(classes.map(({ metadata }) => metadata?.name))
  const gateways = oldestFirst(world.gateways.filter(({ spec }) => names.has(spec.gatewayClassName))).map((object) => ({
    object,
    verdicts: [yes('Accepted', 'Accepted'), yes('Programmed', 'Programmed')],
    listeners: listenersOf(world, object),
  }))
  const listeners = gateways.flatMap((one) => one.listeners)
  const routes = oldestFirst(world.routes).flatMap((object) => {
    const parents = (object.spec.parentRefs ?? []).flatMap((parentRef) => {
      const named = listeners.filter(({ gateway }) => isParent(parentRef, object, gateway))
      return named.length > 0 ? [{ parentRef, verdicts: attach(world, object, parentRef, named) }] : []
    })
    return parents.length > 0 ? [{ object, parents }] : []
  })
  const accepted = [yes('Accepted', 'Accepted')]
  return {
    sites: sitesOf(listeners),
    classes: classes.map((object) => ({ object, verdicts: accepted })),
    gateways,
    routes,
  }
}

function listenersOf(world: GatewayWorld, gateway: GatewayObject): ListenerReading[] {
  const taken = new Set<string>()
  return gateway.spec.listeners.map((listener) => {
    const { protocol, port, hostname = '', tls } = listener
    const reading = { listener, gateway, attached: [] }
    const conflict = `${port} ${hostname}`
    const isConflicted = taken.has(conflict)
    taken.add(conflict)
    const conflicted = isConflicted
      ? no('Conflicted', 'True', 'HostnameConflict', 'another listener has this port and name')
      : no('Conflicted', 'False', 'NoConflicts', '')
    const refusal = refusalOf(listener)
    if (refusal) return { ...reading, isOpen: false, verdicts: [refusal, closed('Invalid'), resolved(), conflicted] }
    const accepted = yes('Accepted', 'Accepted')
    if (protocol === 'HTTP') {
      const programmed = isConflicted ? closed('Invalid') : yes('Programmed', 'Programmed')
      return { ...reading, isOpen: !isConflicted, verdicts: [accepted, programmed, resolved(), conflicted] }
    }
    const problems: string[] = []
    const certificate = listenerCertificate(world, gateway, tls, (problem) => problems.push(problem))
    const refs = certificate ? resolved() : no('ResolvedRefs', 'False', 'InvalidCertificateRef', problems.join('; '))
    const isOpen = certificate !== undefined && !isConflicted
    const programmed = isOpen ? yes('Programmed', 'Programmed') : closed('Invalid')
    const verdicts = [accepted, programmed, refs, conflicted]
    return { ...reading, isOpen, ...(certificate ? { certificate } : {}), verdicts }
  })
}

/** This door has two ports, and each speaks one protocol. */
function refusalOf({ protocol, port, tls }: Listener): Verdict | undefined {
  const expected = { HTTP: 80, HTTPS: 443 }[protocol]
  if (expected === undefined) {
    return no('Accepted', 'False', 'UnsupportedProtocol', `this gateway speaks HTTP and HTTPS, not ${protocol}`)
  }
  if (port !== expected) {
    return no('Accepted', 'False', 'PortUnavailable', `this gateway speaks ${protocol} at port ${expected} only`)
  }
  if (protocol === 'HTTPS' && (tls?.mode ?? 'Terminate') !== 'Terminate') {
    return no('Accepted', 'False', 'UnsupportedProtocol', 'this gateway ends TLS itself: mode must be Terminate')
  }
  return undefined
}

function listenerCertificate(
  world: GatewayWorld,
  gateway: GatewayObject,
  tls: Listener['tls'],
  problem: (words: string) => void,
): Certificate | undefined {
  const [ref] = tls?.certificateRefs ?? []
  const { namespace = '' } = gateway.metadata ?? {}
  if (!ref) problem('no certificate is named')
  else if ((ref.kind ?? 'Secret') !== 'Secret' || ref.group) problem(`a certificate is a Secret, not a ${ref.kind}`)
  else if ((ref.namespace ?? namespace) !== namespace) problem('a certificate of another namespace is not permitted')
  else return certificateOf(world, `${namespace}/${ref.name}`, problem)
  return undefined
}

function isParent({ group, kind, namespace, name }: ParentRef, route: HttpRouteObject, { metadata }: GatewayObject) {
  return (
    (group ?? 'gateway.networking.k8s.io') === 'gateway.networking.k8s.io' &&
    (kind ?? 'Gateway') === 'Gateway' &&
    name === metadata?.name &&
    (namespace ?? route.metadata?.namespace) === metadata?.namespace
  )
}

/** Puts the route under the listeners of one parent that take it; says what became of that. */
function attach(
  world: GatewayWorld,
  route: HttpRouteObject,
  { sectionName, port }: ParentRef,
  listeners: readonly ListenerReading[],
): Verdict[] {
  const reading: RouteReading = matchesOf(world, route)
  const refs = reading.problem
    ? no('ResolvedRefs', 'False', reading.problem.reason, reading.problem.message)
    : yes('ResolvedRefs', 'ResolvedRefs')
  const refused = (reason: string, message: string) => [no('Accepted', 'False', reason, message), refs]
  const named = listeners.filter(
    ({ listener }) => (!sectionName || listener.name === sectionName) && (!port || listener.port === port),
  )
  if (named.length === 0) return refused('NoMatchingParent', 'the Gateway has no such listener')
  const allowing = named.filter(({ listener, gateway }) => isAllowed(world, listener, { route, gateway }))
  if (allowing.length === 0) return refused('NotAllowedByListeners', 'no listener allows routes of this namespace')
  const meeting = allowing.flatMap((one) => {
    const hosts = commonHosts(one.listener.hostname, route.spec.hostnames)
    return hosts.length > 0 ? [{ one, hosts }] : []
  })
  if (meeting.length === 0) return refused('NoMatchingListenerHostname', 'no listener has one of the names')
  const unknown = unsupported(route)
  if (unknown) return refused('UnsupportedValue', unknown)
  for (const { one, hosts } of meeting) one.attached.push({ hosts, matches: reading.matches })
  return [yes('Accepted', 'Accepted'), refs]
}

function isAllowed(
  world: GatewayWorld,
  { allowedRoutes }: Listener,
  { route, gateway }: { route: HttpRouteObject; gateway: GatewayObject },
): boolean {
  const { kinds, namespaces } = allowedRoutes ?? {}
  if (kinds && !kinds.some(({ kind }) => kind === 'HTTPRoute')) return false
  const namespace = route.metadata?.namespace ?? ''
  switch (namespaces?.from ?? 'Same') {
    case 'All':
      return true
    case 'Selector':
      return selectorOfObject(namespaces?.selector).matches(world.labelsOfNamespace(namespace))
    default:
      return namespace === gateway.metadata?.namespace
  }
}

/** The names under which both want requests; `*.` stands for any depth here. */
export function commonHosts(listener = '', wanted: readonly string[] = []): string[] {
  if (wanted.length === 0) return [listener]
  if (listener === '') return [...wanted]
  return wanted.flatMap((host) => {
    if (isBelow(host, listener)) return [host]
    return isBelow(listener, host) ? [listener] : []
  })
}

const isBelow = (host: string, pattern: string) =>
  host === pattern || (pattern.startsWith('*.') && host.replace(/^\*/, '').endsWith(pattern.slice(1)))

function sitesOf(listeners: readonly ListenerReading[]): Site[] {
  const plain = new Map<string, Match[]>()
  const secure = new Map<string, { certificate: Certificate; matches: Match[] }>()
  for (const { isOpen, certificate, attached } of listeners) {
    if (!isOpen) continue
    for (const { hosts, matches } of attached) {
      for (const host of hosts) {
        if (!certificate) plain.set(host, [...(plain.get(host) ?? []), ...matches])
        else {
          const known = secure.get(host) ?? { certificate, matches: [] }
          secure.set(host, { ...known, matches: [...known.matches, ...matches] })
        }
      }
    }
  }
  return [...new Set([...plain.keys(), ...secure.keys()])].map((host) => {
    const behindTls = secure.get(host)
    return {
      host: host.replace(/^\*\./, '**.'),
      plain: locationsOf(plain.get(host) ?? []),
      ...(behindTls
        ? { secure: { certificate: behindTls.certificate, locations: locationsOf(behindTls.matches) } }
        : {}),
    }
  })
}

const oldestFirst = <T extends GatewayObject | HttpRouteObject>(objects: readonly T[]): T[] => {
  const age = ({ metadata }: T) => String(metadata?.creationTimestamp ?? '')
  return [...objects].sort((a, b) => age(a).localeCompare(age(b)) || keyOf(a).localeCompare(keyOf(b)))
}

const yes = (type: string, reason: string): Verdict => ({ type, status: 'True', reason, message: '' })
const no = (type: string, status: 'True' | 'False', reason: string, message: string): Verdict => ({
  type,
  status,
  reason,
  message,
})
const closed = (reason: string) => no('Programmed', 'False', reason, 'nobody is answered at this listener')
const resolved = () => yes('ResolvedRefs', 'ResolvedRefs')
