// Devices asked for as amounts: a class tells by which extended resource (`requests: {example.com/gpu: 1}`), and each class
// is one by its own name. A pod that asks for it gets a claim of its own, which the scheduler makes.
// Upstream: plugins/dynamicresources/extendeddynamicresources.go, extended/deviceclassresolver.go.

import type { Container, Pod } from 'kubernetes-types/core/v1'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { isExtendedResource } from '../pod-template/resources.ts'
import type { Claim, Class, DeviceRequest } from './device-objects.ts'

/** On the claim. */
export const EXTENDED_CLAIM = 'resource.kubernetes.io/extended-resource-claim'
/** Before a class's name. */
export const OF_CLASS = 'deviceclass.resource.kubernetes.io/'

/** By which of the claim's requests a container gets what it asked for. */
export interface RequestMapping {
  containerName: string
  resourceName: string
  requestName: string
}

export interface ExtendedStatus {
  requestMappings?: RequestMapping[]
  resourceClaimName?: string
}

export const extendedStatusOf = ({ status }: Pod): ExtendedStatus | undefined =>
  (status as { extendedResourceClaimStatus?: ExtendedStatus } | undefined)?.extendedResourceClaimStatus

export const mayBeDevices = (resource: string): boolean => isExtendedResource(resource) || resource.startsWith(OF_CLASS)

/** By resource, the class that serves it: of several that say so the newest, of those the first by name. */
export function servingClasses(classes: readonly Class[]): Map<string, Class> {
  const serving = new Map<string, Class>()
  for (const one of classes) {
    for (const resource of [one.spec?.extendedResourceName, `${OF_CLASS}${nameOf(one)}`]) {
      const best = resource && serving.get(resource)
      if (resource && (!best || goesBefore(one, best))) serving.set(resource, one)
    }
  }
  return serving
}

function goesBefore(one: Class, other: Class): boolean {
  const made = ({ metadata }: Class) => metadata?.creationTimestamp ?? ''
  return made(one) === made(other) ? nameOf(one) < nameOf(other) : made(one) > made(other)
}

const nameOf = ({ metadata }: Class) => metadata?.name ?? ''

export const isExtendedClaimOf = ({ metadata }: Pod, claim: Claim): boolean =>
  claim.metadata?.annotations?.[EXTENDED_CLAIM] === 'true' && controllerOf(claim)?.uid === metadata?.uid

/** As the pod's claim is before it is made. */
export function extendedClaimFor({ metadata }: Pod, requests: DeviceRequest[]): Claim {
  const { namespace = '', name = '', uid = '' } = metadata ?? {}
  return {
    metadata: {
      namespace,
      generateName: `${name}-extended-resources-`,
      annotations: { [EXTENDED_CLAIM]: 'true' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
    },
    spec: { devices: { requests } },
  }
}

interface Asked {
  request: DeviceRequest
  count: number
}

/**
 * What the claim asks for, of resources and the classes that serve them. Containers that run beside each other have devices
 * of their own; those that run before them and end use the same ones, and more only as far as one needs more.
 */
export function devicesFor(pod: Pod, served: ReadonlyMap<string, string>) {
  const init = pod.spec?.initContainers ?? []
  const containers = [...init, ...(pod.spec?.containers ?? [])]
  const endsEarly = (at: number) => at < init.length && init[at]?.restartPolicy !== 'Always'
  const requests: DeviceRequest[] = []
  const mappings: RequestMapping[] = []
  for (const [resource, deviceClassName] of [...served].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const lasting: (Asked | undefined)[] = []
    const early: { container: Container; more: Asked | undefined }[] = []
    const shared: RequestMapping[] = []
    for (const [at, container] of containers.entries()) {
      const count = amountOf(container, resource)
      if (count === 0 || endsEarly(at)) continue
      lasting[at] = asked(at, container, { resource, deviceClassName, count })
      mappings.push(mapping(container, resource, lasting[at]))
    }
    for (const [at, container] of containers.entries()) {
      let missing = amountOf(container, resource)
      if (missing === 0 || !endsEarly(at)) continue
      for (const one of lasting.slice(at)) {
        if (!one || missing <= 0) continue
        shared.push(mapping(container, resource, one))
        missing -= one.count
      }
      const more = missing > 0 ? asked(at, container, { resource, deviceClassName, count: missing }) : undefined
      early.push({ container, more })
    }
    const most = early.reduce<Asked | undefined>(
      (best, { more }) => (more && (!best || more.count > best.count) ? more : best),
      undefined,
    )
    mappings.push(...shared)
    for (const { container, more } of early) if (more && most) mappings.push(mapping(container, resource, most))
    requests.push(...[most, ...lasting].flatMap((one) => one?.request ?? []))
  }
  return { requests: requests.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)), mappings }
}

const amountOf = ({ resources }: Container, resource: string): number =>
  quantityOf(resources?.requests?.[resource]).number

const mapping = ({ name }: Container, resourceName: string, { request }: Asked): RequestMapping => ({
  containerName: name,
  resourceName,
  requestName: request.name ?? '',
})

/** Named by the places of the container and of the resource among those that it asks for. */
function asked(
  at: number,
  { resources }: Container,
  { resource, deviceClassName, count }: { resource: string; deviceClassName: string; count: number },
): Asked {
  const place = Object.keys(resources?.requests ?? {})
    .sort()
    .indexOf(resource)
  const name = `container-${at}-request-${place}`
  return { request: { name, exactly: { deviceClassName, allocationMode: 'ExactCount', count } }, count }
}
