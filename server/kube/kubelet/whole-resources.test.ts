import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { wholeResourcesOf } from './whole-resources.ts'

const asks = (requests?: object, limits?: object) => ({
  name: 'a',
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
})
const sidecar = (requests: object) => ({ ...asks(requests), restartPolicy: 'Always' })
const small = { cpu: '100m', memory: '64Mi' }
const large = { cpu: '500m', memory: '1Gi' }

it.each<[what: string, spec: object, phase: string, told: object]>([
  ['that asks for nothing', { containers: [asks()] }, 'Running', { resources: {} }],
  [
    'that waits, of which one container has limits',
    { containers: [asks(small, large), asks(small)] },
    'Pending',
    {
      allocatedResources: { cpu: '200m', memory: '128Mi' },
      resources: { requests: { cpu: '200m', memory: '128Mi' }, limits: large },
    },
  ],
  [
    'the same that runs, limited by nothing as a whole',
    { containers: [asks(small, large), asks(small)] },
    'Running',
    { allocatedResources: { cpu: '200m', memory: '128Mi' }, resources: { requests: { cpu: '200m', memory: '128Mi' } } },
  ],
  [
    'with limits everywhere',
    { containers: [asks(small, large), asks(small, large)] },
    'Running',
    {
      allocatedResources: { cpu: '200m', memory: '128Mi' },
      resources: { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '1', memory: '2Gi' } },
    },
  ],
  [
    'that speaks of itself',
    { containers: [asks(small)], resources: { requests: large } },
    'Running',
    { allocatedResources: large, resources: { requests: large } },
  ],
  [
    'with a sidecar and a large init container',
    { containers: [asks(small)], initContainers: [sidecar(small), asks(large)] },
    'Pending',
    {
      allocatedResources: { cpu: '600m', memory: '1088Mi' },
      resources: { requests: { cpu: '600m', memory: '1088Mi' } },
    },
  ],
  [
    'with what runs it',
    { containers: [asks(small)], overhead: { cpu: '50m' } },
    'Pending',
    { allocatedResources: { cpu: '150m', memory: '64Mi' }, resources: { requests: { cpu: '150m', memory: '64Mi' } } },
  ],
  [
    'with a device, which no group counts',
    { containers: [asks({ ...small, 'example.com/gpu': '1' })] },
    'Running',
    { allocatedResources: { ...small, 'example.com/gpu': '1' }, resources: { requests: small } },
  ],
])('tells of a pod %s', (_, spec, phase, told) => {
  expect(wholeResourcesOf({ metadata: { uid: 'u' }, spec, status: { phase } } as unknown as Pod)).toEqual(told)
})
