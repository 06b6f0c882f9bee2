import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { podStatusErrors } from './pod-status.ts'

const GPU = 'example.com/gpu'
const spec = { containers: [{ name: 'c', resources: { requests: { [GPU]: '1' } } }], resourceClaims: [{ name: 'x' }] }
const mapping = { containerName: 'c', resourceName: GPU, requestName: 'container-0-request-0' }
const extended = (more: object, ...requestMappings: object[]) => ({
  extendedResourceClaimStatus: { resourceClaimName: 'made', requestMappings, ...more },
})

it.each<[string, object, string[]]>([
  ['the claims that it names', { resourceClaimStatuses: [{ name: 'x', resourceClaimName: 'a' }] }, []],
  [
    'others, or twice',
    { resourceClaimStatuses: [{ name: 'y' }, { name: 'y', resourceClaimName: 'A' }] },
    [
      'status.resourceClaimStatuses[0].name',
      'status.resourceClaimStatuses[1].name',
      'status.resourceClaimStatuses[1].name',
      'status.resourceClaimStatuses[1].resourceClaimName',
    ],
  ],
  ['what its containers asked for', extended({}, mapping), []],
  [
    'nothing of them',
    extended({ resourceClaimName: '' }),
    ['status.extendedResourceClaimStatus.requestMappings', 'status.extendedResourceClaimStatus.resourceClaimName'],
  ],
  [
    'what none asked for',
    extended({}, { ...mapping, containerName: 'd' }, { ...mapping, resourceName: 'cpu', requestName: 'A' }),
    [
      'status.extendedResourceClaimStatus.requestMappings[0].containerName',
      'status.extendedResourceClaimStatus.requestMappings[1].resourceName',
      'status.extendedResourceClaimStatus.requestName',
    ],
  ],
  [
    'the same twice',
    extended({}, mapping, mapping),
    ['containerName', 'resourceName', 'requestName'].map(
      (field) => `status.extendedResourceClaimStatus.requestMappings[1].${field}`,
    ),
  ],
])('of its claims a pod’s status tells %s', (_what, status, fields) => {
  expect(podStatusErrors({ spec, status } as Pod, { spec } as Pod).map(({ field }) => field)).toEqual(fields)
})
