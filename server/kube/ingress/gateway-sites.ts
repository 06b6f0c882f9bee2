// Reads Gateways and HTTPRoutes: which routes are let in by which listeners, under which names, and what each of the three
// kinds is told about itself. https://gateway-api.sigs.k8s.io/reference/spec

import { selectorOfObject } from '../apimachinery/label-selector.ts'
import { keyOf } from '../apimachinery/object-meta.ts'
import {
  type GatewayClassObject,
  type GatewayObject,
  GROUP,
  type HttpRouteObject,
  type ParentRef,
} from './gateway-kinds.ts'
import { type ListenerReading, listenersOf, no, type Verdict, yes } from './gateway-listeners.ts'
import { type Match, matchesOf, type RouteParts, type RouteReading, unsupported } from './route-matches.ts'
import { locationsOf } from './route-order.ts'
import type { Certificate, Site } from './site.ts'

/** As GatewayClasses name this program. */
export const GATEWAY_CONTROLLER = 'podium.dev/gateway-nginx'

export interface GatewayWorld extends RouteParts {
  classes: readonly GatewayClassObject[]
  gateways: readonly GatewayObject[]
  routes: readonly HttpRouteObject[]
  labelsOfNamespace(name: string): Record<string, string>
}

export interface GatewaySites {
  sites: Site[]
  /** Those that are ours, with what they are to be told. */
  classes: { object: GatewayClassObject; verdicts: Verdict[] }[]
  gateways: { object: GatewayObject; verdicts: Verdict[]; listeners: ListenerReading[] }[]
  routes: { object: HttpRouteObject; parents: { parentRef: ParentRef; verdicts: Verdict[] }[] }[]
}

export function gatewaySites(world: GatewayWorld): GatewaySites {
  const classes = world.classes.filter(({ spec }) => spec.controllerName === GATEWAY_CONTROLLER)
  const names = new Set(classes.map(({ metadata }) => metadata?.name))
  const gateways = oldestFirst(world.gateways.filter(({ spec }) => names.has(spec.gatewayClassName))).map((object) => {
    const listeners = listenersOf(world, object)
    return { object, verdicts: verdictsOf(listeners), listeners }
  })
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

/** One listener that is as it should be is enough. */
function verdictsOf(listeners: readonly ListenerReading[]): Verdict[] {
  const refused = listeners.filter(({ verdicts }) =>
    verdicts.some(({ type, status }) => type === 'Accepted' && status !== 'True'),
  )
  const names = refused.map(({ listener }) => listener.name).join(', ')
  const message = `not accepted of its listeners: ${names}`
  if (refused.length === 0) return [yes('Accepted', 'Accepted'), yes('Programmed', 'Programmed')]
  if (refused.length < listeners.length)
    return [{ ...yes('Accepted', 'ListenersNotValid'), message }, yes('Programmed', 'Programmed')]
  return [no('Accepted', 'False', 'ListenersNotValid', message), no('Programmed', 'False', 'Invalid', message)]
}

function isParent({ group, kind, namespace, name }: ParentRef, route: HttpRouteObject, { metadata }: GatewayObject) {
  return (
    (group ?? GROUP) === GROUP &&
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
  const allowing = named.filter((one) => one.takesRoutes && isAllowed(world, one, route))
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
  { listener, gateway }: ListenerReading,
  { metadata }: HttpRouteObject,
): boolean {
  const { namespaces } = listener.allowedRoutes ?? {}
  const namespace = metadata?.namespace ?? ''
  switch (namespaces?.from ?? 'Same') {
    case 'All':
      return true
    case 'Selector':
      return selectorOfObject(namespaces?.selector).matches(world.labelsOfNamespace(namespace))
    case 'None':
      return false
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
