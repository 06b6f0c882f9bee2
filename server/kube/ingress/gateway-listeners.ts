// The listeners of a Gateway: at which of them anybody is answered, with which certificate, and what each is told.

import { certificateOf } from './cluster-parts.ts'
import { type GatewayObject, GROUP, type Listener } from './gateway-kinds.ts'
import { isGranted } from './reference-grants.ts'
import type { Match, RouteParts } from './route-matches.ts'
import type { Certificate } from './site.ts'

/** A condition without its times. */
export interface Verdict {
  type: string
  status: 'True' | 'False'
  reason: string
  message: string
}

export interface ListenerReading {
  listener: Listener
  gateway: GatewayObject
  /** Whether anybody is answered at it. */
  isOpen: boolean
  certificate?: Certificate
  /** Whether it takes HTTPRoutes, the one kind of routes that there is here. */
  takesRoutes: boolean
  verdicts: Verdict[]
  attached: { hosts: string[]; matches: Match[] }[]
}

export function listenersOf(parts: RouteParts, gateway: GatewayObject): ListenerReading[] {
  const taken = new Set<string>()
  return gateway.spec.listeners.map((listener) => {
    const { protocol, port, hostname = '' } = listener
    const conflict = `${port} ${hostname}`
    const isConflicted = taken.has(conflict)
    taken.add(conflict)
    const conflicted = isConflicted
      ? no('Conflicted', 'True', 'HostnameConflict', 'another listener has this port and name')
      : no('Conflicted', 'False', 'NoConflicts', '')
    const refusal = refusalOf(listener)
    const { kinds = [] } = listener.allowedRoutes ?? {}
    const odd = kinds.find((one) => !isOurs(one))
    const takesRoutes = refusal === undefined && (kinds.length === 0 || kinds.some(isOurs))
    const { certificate, problem } =
      protocol === 'HTTPS' && !refusal ? listenerCertificate(parts, gateway, listener.tls) : {}
    const refs =
      problem ??
      (odd ? no('ResolvedRefs', 'False', 'InvalidRouteKinds', `routes are HTTPRoutes, not ${odd.kind}`) : resolved)
    const isOpen = !refusal && !isConflicted && !problem
    return {
      listener,
      gateway,
      isOpen,
      ...(certificate && { certificate }),
      takesRoutes,
      verdicts: [
        refusal ?? yes('Accepted', 'Accepted'),
        isOpen ? yes('Programmed', 'Programmed') : closed,
        refs,
        conflicted,
      ],
      attached: [],
    }
  })
}

const isOurs = ({ group = GROUP, kind }: { group?: string; kind: string }) => group === GROUP && kind === 'HTTPRoute'

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
  parts: RouteParts,
  gateway: GatewayObject,
  tls: Listener['tls'],
): { certificate?: Certificate; problem?: Verdict } {
  const [ref] = tls?.certificateRefs ?? []
  const own = gateway.metadata?.namespace ?? ''
  const refused = (message: string, reason = 'InvalidCertificateRef') => ({
    problem: no('ResolvedRefs', 'False', reason, message),
  })
  if (!ref) return refused('no certificate is named')
  if ((ref.kind ?? 'Secret') !== 'Secret' || ref.group) return refused(`a certificate is a Secret, not a ${ref.kind}`)
  const { name, namespace = own } = ref
  if (!isGranted(parts.grants, { kind: 'Gateway', namespace: own }, { kind: 'Secret', namespace, name })) {
    const message = `no ReferenceGrant permits Secret "${namespace}/${name}" of another namespace`
    return refused(message, 'RefNotPermitted')
  }
  const problems: string[] = []
  const certificate = certificateOf(parts, `${namespace}/${name}`, (problem) => problems.push(problem))
  return certificate ? { certificate } : refused(problems.join('; '))
}

export const yes = (type: string, reason: string): Verdict => ({ type, status: 'True', reason, message: '' })
export const no = (type: string, status: 'True' | 'False', reason: string, message: string): Verdict => ({
  type,
  status,
  reason,
  message,
})
const closed = no('Programmed', 'False', 'Invalid', 'nobody is answered at this listener')
const resolved = yes('ResolvedRefs', 'ResolvedRefs')
