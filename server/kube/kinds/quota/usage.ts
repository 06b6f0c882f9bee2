// How much of a quota an object uses up. Upstream: kubernetes/pkg/quota/v1/evaluator/core.

import type {
  Container,
  PersistentVolumeClaim as WireClaim,
  Pod as WirePod,
  Service as WireService,
} from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../define-kind.ts'
import type { Claim, Wish } from '../devices/device-objects.ts'
import { mayBeDevices } from '../devices/extended-resources.ts'
import { storageClassOf } from '../storage/volumes.ts'
import { type Amounts, amountsOf, largest, sum, whole } from './amounts.ts'
import { heldSpec } from './held-resources.ts'
import { podAmounts } from './pod-amounts.ts'

interface Resizing {
  allocatedResources?: Record<string, string>
}

/** Counted under their own names since before there was `count/`. */
const COUNTED = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'])

export function usageOf(kind: AnyKind, object: KubeObject, now: number): Amounts {
  const count = { [countName(kind)]: whole(1) }
  if (isDeviceClaim(kind)) return { ...count, ...deviceUsage(object as Claim) }
  if (kind.group !== '') return count
  switch (kind.plural) {
    case 'pods':
      return { ...count, ...podUsage(object as WirePod, now) }
    case 'services':
      return { ...count, ...serviceUsage(object as WireService) }
    case 'persistentvolumeclaims':
      return { ...count, ...claimUsage(object as WireClaim) }
    default:
      return COUNTED.has(kind.plural) ? { ...count, [kind.plural]: whole(1) } : count
  }
}

const countName = ({ group, plural }: AnyKind) => `count/${group ? `${plural}.${group}` : plural}`

/** May objects of this kind use up any of these? */
export function isConcerned(kind: AnyKind, names: readonly string[]): boolean {
  // Events come and go too fast to be counted, whatever a quota says.
  if (kind.group === '' && kind.plural === 'events') return false
  if (names.includes(countName(kind))) return true
  if (isDeviceClaim(kind)) return names.some((name) => name.endsWith(DEVICES_OF_CLASS))
  if (kind.group !== '') return false
  if (kind.plural === 'pods') return names.some((name) => isOfPods(name))
  if (kind.plural === 'services') return names.some((name) => name === 'services' || name.startsWith('services.'))
  if (kind.plural === 'persistentvolumeclaims') return names.some((name) => isOfClaims(name))
  return COUNTED.has(kind.plural) && names.includes(kind.plural)
}

const isDeviceClaim = ({ group, plural }: AnyKind) => group === 'resource.k8s.io' && plural === 'resourceclaims'
const DEVICES_OF_CLASS = '.deviceclass.resource.k8s.io/devices'
/** As many as one claim may get. */
const ALL_DEVICES = 32

const BY_BOTH_NAMES = new Set(['cpu', 'memory', 'ephemeral-storage'])
const OF_PODS = new Set(['pods', ...[...BY_BOTH_NAMES].flatMap((name) => [name, `requests.${name}`, `limits.${name}`])])
/** Of what is neither known here nor huge pages, only what is asked for, by a name that is not Kubernetes' own. */
const isOfPods = (name: string) =>
  OF_PODS.has(name) || /^(requests\.)?hugepages-/.test(name) || (name.startsWith('requests.') && isExtended(name))
const isExtended = (name: string) =>
  name.startsWith('requests.deviceclass.resource.kubernetes.io/') ||
  (name.includes('/') && !name.includes('kubernetes.io/'))
const isOfClaims = (name: string) =>
  name === 'persistentvolumeclaims' || name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/')

/** A pod that has ended uses nothing, and neither does one that should be gone by now. */
export function hasEnded({ metadata, status }: WirePod, now: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return true
  const { deletionTimestamp, deletionGracePeriodSeconds: grace } = metadata ?? {}
  return (
    deletionTimestamp !== undefined && grace !== undefined && now > Date.parse(deletionTimestamp) + Number(grace) * 1000
  )
}

function podUsage(pod: WirePod, now: number): Amounts {
  const spec = heldSpec(pod)
  if (!spec || hasEnded(pod, now)) return {}
  return computeUsage(podAmounts(spec, 'requests'), podAmounts(spec, 'limits'))
}

export const containerUsage = ({ resources }: Container): Amounts =>
  computeUsage(amountsOf(resources?.requests), amountsOf(resources?.limits))

function computeUsage(requests: Amounts, limits: Amounts): Amounts {
  const usage: Record<string, Amounts[string]> = { pods: whole(1) }
  for (const [name, amount] of Object.entries(requests)) {
    const hasShortName = BY_BOTH_NAMES.has(name) || name.startsWith('hugepages-')
    if (hasShortName) usage[name] = amount
    if (hasShortName || mayBeDevices(name)) usage[`requests.${name}`] = amount
  }
  for (const [name, amount] of Object.entries(limits)) if (BY_BOTH_NAMES.has(name)) usage[`limits.${name}`] = amount
  return usage
}

function serviceUsage({ spec }: WireService): Amounts {
  const ports = spec?.ports ?? []
  const usage = { services: whole(1) }
  if (spec?.type === 'NodePort') return { ...usage, 'services.nodeports': whole(ports.length) }
  if (spec?.type !== 'LoadBalancer') return usage
  const given = spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort) : ports
  return { ...usage, 'services.loadbalancers': whole(1), 'services.nodeports': whole(given.length) }
}

function claimUsage(claim: WireClaim): Amounts {
  // While it is made larger it may have more than it asks for now.
  const allocated = (claim.status as Resizing | undefined)?.allocatedResources
  const { storage = whole(0) } = largest(amountsOf(claim.spec?.resources?.requests), amountsOf(allocated))
  const usage = { persistentvolumeclaims: whole(1), 'requests.storage': storage }
  const ofClass = storageClassOf(claim)
  if (!ofClass) return usage
  const prefix = `${ofClass}.storageclass.storage.k8s.io/`
  return { ...usage, [`${prefix}persistentvolumeclaims`]: whole(1), [`${prefix}requests.storage`]: storage }
}

/** Of each class, as many as it may get at most: who asks for one of several things, the most of them. */
function deviceUsage({ spec }: Claim): Amounts {
  const numberOf = ({ allocationMode, count = 0 }: Wish) => (allocationMode === 'All' ? ALL_DEVICES : count)
  const ofOne = (wish: Wish): Amounts => ({ [`${wish.deviceClassName}${DEVICES_OF_CLASS}`]: whole(numberOf(wish)) })
  return (spec?.devices?.requests ?? [])
    .map(({ exactly, firstAvailable = [] }) =>
      exactly ? ofOne(exactly) : firstAvailable.map(ofOne).reduce(largest, {}),
    )
    .reduce(sum, {})
}
