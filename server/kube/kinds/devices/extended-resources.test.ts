import type { Container, Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { devicesFor, extendedClaimFor, isExtendedClaimOf, mayBeDevices, servingClasses } from './extended-resources.ts'

const GPU = 'example.com/gpu'
const asking = (name: string, gpus: number, more: Partial<Container> = {}): Container => ({
  name,
  ...more,
  ...(gpus ? { resources: { requests: { cpu: '1', [GPU]: String(gpus) } } } : {}),
})
const served = new Map([[GPU, 'gpu']])
const wanted = (at: number, count: number) => ({
  name: `container-${at}-request-1`,
  exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count },
})
const maps = (containerName: string, at: number) => ({
  containerName,
  resourceName: GPU,
  requestName: `container-${at}-request-1`,
})
const sidecar = { restartPolicy: 'Always' }

it.each<[string, Partial<Pod['spec']>, ReturnType<typeof wanted>[], ReturnType<typeof maps>[]]>([
  [
    'each of those that run beside each other',
    { containers: [asking('a', 1), asking('b', 2), asking('c', 0)] },
    [wanted(0, 1), wanted(1, 2)],
    [maps('a', 0), maps('b', 1)],
  ],
  [
    'one that ends before the others begin by what they have',
    { initContainers: [asking('i', 2)], containers: [asking('a', 1), asking('b', 2)] },
    [wanted(1, 1), wanted(2, 2)],
    [maps('a', 1), maps('b', 2), maps('i', 1), maps('i', 2)],
  ],
  [
    'one of them that needs more by more, and the others by the same',
    { initContainers: [asking('i', 2), asking('j', 4)], containers: [asking('a', 1)] },
    [wanted(1, 3), wanted(2, 1)],
    [maps('a', 2), maps('i', 2), maps('j', 2), maps('i', 1), maps('j', 1)],
  ],
  [
    'one that ends by nothing of what began before it',
    { initContainers: [asking('s', 1, sidecar), asking('i', 1)], containers: [asking('a', 0)] },
    [wanted(0, 1), wanted(1, 1)],
    [maps('s', 0), maps('i', 1)],
  ],
])('serves %s', (_what, spec, requests, mappings) => {
  const pod: Pod = { spec: { containers: [], ...spec } }
  expect(devicesFor(pod, served)).toEqual({ requests, mappings })
})

describe('the class', () => {
  const made = (name: string, creationTimestamp: string, extendedResourceName?: string) => ({
    metadata: { name, creationTimestamp },
    spec: { ...(extendedResourceName ? { extendedResourceName } : {}) },
  })

  it('is the newest that says so, or the first by its name', () => {
    const [old, b, a] = [made('old', '1', GPU), made('b', '2', GPU), made('a', '2', GPU)]
    expect(servingClasses([old, b, a]).get(GPU)).toBe(a)
    expect(servingClasses([old]).get(GPU)).toBe(old)
    expect(servingClasses([old]).get('example.com/other')).toBeUndefined()
  })

  it('is asked for by its own name as well', () => {
    const own = made('gpu', '1', GPU)
    expect(servingClasses([own]).get('deviceclass.resource.kubernetes.io/gpu')).toBe(own)
    expect(mayBeDevices('deviceclass.resource.kubernetes.io/gpu')).toBe(true)
    expect(mayBeDevices('cpu')).toBe(false)
  })
})

it('is known as the claim of its pod, and of no other', () => {
  const pod: Pod = { metadata: { namespace: 'default', name: 'web', uid: 'u' } }
  const claim = extendedClaimFor(pod, [])
  expect(claim.metadata?.generateName).toBe('web-extended-resources-')
  expect(isExtendedClaimOf(pod, claim)).toBe(true)
  expect(isExtendedClaimOf({ metadata: { ...pod.metadata, uid: 'v' } }, claim)).toBe(false)
})
