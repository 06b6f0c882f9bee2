import type { PodSpec } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../define-kind.ts'
import { ConfigMap, Deployment, Event, PersistentVolumeClaim, Pod, ResourceClaim, Service } from '../index.ts'
import { asTexts, shown } from './amounts.ts'
import { podAmounts } from './pod-amounts.ts'
import { isInScope } from './scopes.ts'
import { isConcerned, usageOf } from './usage.ts'

const resized = (name: string, cpu: string, allocated: string) => ({
  name,
  resources: { requests: { cpu }, limits: { cpu } },
  allocatedResources: { cpu: allocated },
})
const NOW = Date.parse('2026-01-01T00:01:00Z')
const asking = (cpu: string, more: object = {}) => ({ name: 'a', resources: { requests: { cpu } }, ...more })
const wish = (deviceClassName: string, count: number) => ({ deviceClassName, allocationMode: 'ExactCount', count })
const claiming = (...requests: object[]) => ({ metadata: {}, spec: { devices: { requests } } }) as KubeObject
const pod = (spec: object, told: object = {}) => ({ metadata: {}, spec, ...told }) as KubeObject

describe('what a quota counts', () => {
  it.each([
    ['the sum of its containers', { containers: [asking('100m'), asking('1')] }, { cpu: '1100m' }],
    [
      'its largest init container',
      { containers: [asking('1')], initContainers: [asking('2'), asking('3')] },
      { cpu: '3' },
    ],
    [
      'sidecars, which stay',
      { containers: [asking('1')], initContainers: [asking('1', { restartPolicy: 'Always' }), asking('3')] },
      { cpu: '4' },
    ],
    [
      'overhead',
      { containers: [asking('1')], overhead: { cpu: '250m', memory: '1Mi' } },
      { cpu: '1250m', memory: '1Mi' },
    ],
  ])('adds up %s', (_what, spec, expected) => {
    expect(asTexts(podAmounts(spec as unknown as PodSpec, 'requests'))).toEqual(expected)
  })

  const limited = {
    name: 'a',
    resources: { requests: { cpu: '1', 'gpu.io/a': '2' }, limits: { cpu: '2', memory: '1Gi' } },
  }
  it.each([
    [ConfigMap, { metadata: {} }, 'configmaps=1,count/configmaps=1'],
    [Deployment, { metadata: {} }, 'count/deployments.apps=1'],
    [
      Pod,
      pod({ containers: [limited] }),
      'count/pods=1,cpu=1,limits.cpu=2,limits.memory=1Gi,pods=1,requests.cpu=1,requests.gpu.io/a=2',
    ],
    [Pod, pod({ containers: [limited] }, { status: { phase: 'Succeeded' } }), 'count/pods=1'],
    // Made smaller, and not yet told that it is.
    [
      Pod,
      pod({ containers: [asking('1')] }, { status: { containerStatuses: [resized('a', '2', '3')] } }),
      'count/pods=1,cpu=3,limits.cpu=2,pods=1,requests.cpu=3',
    ],
    // Never as large as it wishes to be.
    [
      Pod,
      pod(
        { containers: [asking('64')] },
        {
          status: {
            containerStatuses: [resized('a', '2', '1')],
            conditions: [{ type: 'PodResizePending', reason: 'Infeasible' }],
          },
        },
      ),
      'count/pods=1,cpu=2,limits.cpu=2,pods=1,requests.cpu=2',
    ],
    [
      Pod,
      pod(
        { containers: [] },
        { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 } },
      ),
      'count/pods=1',
    ],
    [Service, { spec: { ports: [{}, {}] } }, 'count/services=1,services=1'],
    [Service, { spec: { type: 'NodePort', ports: [{}, {}] } }, 'count/services=1,services=1,services.nodeports=2'],
    [
      Service,
      { spec: { type: 'LoadBalancer', ports: [{}] } },
      'count/services=1,services=1,services.loadbalancers=1,services.nodeports=1',
    ],
    [
      PersistentVolumeClaim,
      { spec: { storageClassName: 'fast', resources: { requests: { storage: '2Gi' } } } },
      'count/persistentvolumeclaims=1,fast.storageclass.storage.k8s.io/persistentvolumeclaims=1,fast.storageclass.storage.k8s.io/requests.storage=2Gi,persistentvolumeclaims=1,requests.storage=2Gi',
    ],
    [
      PersistentVolumeClaim,
      { spec: { resources: { requests: { storage: '2Gi' } } }, status: { allocatedResources: { storage: '3Gi' } } },
      'count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=3Gi',
    ],
    [
      ResourceClaim,
      claiming({ exactly: wish('gpu', 5) }, { exactly: wish('gpu', 1) }),
      'count/resourceclaims.resource.k8s.io=1,gpu.deviceclass.resource.k8s.io/devices=6',
    ],
    [
      ResourceClaim,
      claiming({ exactly: { ...wish('gpu', 1), adminAccess: true } }),
      'count/resourceclaims.resource.k8s.io=1,gpu.deviceclass.resource.k8s.io/devices=1',
    ],
    [
      ResourceClaim,
      claiming({ exactly: { deviceClassName: 'gpu', allocationMode: 'All' } }),
      'count/resourceclaims.resource.k8s.io=1,gpu.deviceclass.resource.k8s.io/devices=32',
    ],
    [
      ResourceClaim,
      claiming({ firstAvailable: [wish('gpu', 2), wish('tpu', 1), wish('gpu', 3)] }, { exactly: wish('gpu', 1) }),
      'count/resourceclaims.resource.k8s.io=1,gpu.deviceclass.resource.k8s.io/devices=4,tpu.deviceclass.resource.k8s.io/devices=1',
    ],
  ] as [AnyKind, KubeObject, string][])('of $kind: %j', (kind, object, expected) => {
    expect(shown(usageOf(kind, object, NOW))).toBe(expected)
  })

  it('of everything that is named, but not of Events', () => {
    expect(isConcerned(ConfigMap, ['count/configmaps'])).toBe(true)
    expect(isConcerned(Event, ['count/events'])).toBe(false)
    expect(isConcerned(ResourceClaim, ['gpu.deviceclass.resource.k8s.io/devices'])).toBe(true)
    expect(isConcerned(Pod, ['gpu.deviceclass.resource.k8s.io/devices'])).toBe(false)
  })

  it.each([
    ['pods', true],
    ['cpu', true],
    ['requests.ephemeral-storage', true],
    ['limits.memory', true],
    ['hugepages-2Mi', true],
    ['requests.hugepages-2Mi', true],
    ['requests.nvidia.com/gpu', true],
    ['requests.deviceclass.resource.kubernetes.io/gpu', true],
    ['requests.storage', false],
    ['requests.example.kubernetes.io/gpu', false],
    ['limits.nvidia.com/gpu', false],
    ['nvidia.com/gpu', false],
  ])('of pods by the name %s: %s', (name, isOfPods) => {
    expect(isConcerned(Pod, [name])).toBe(isOfPods)
  })

  const plain = { containers: [{ name: 'a' }] }
  const selecting = (operator: string, ...values: string[]) => ({
    scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] },
  })
  const ofClass = (operator: string, ...values: string[]) => ({
    scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator, values }] },
  })
  const claim = (wanted?: string, current?: string) => ({
    spec: { volumeAttributesClassName: wanted },
    status: { currentVolumeAttributesClassName: current },
  })
  it.each([
    [{}, Service, {}, true],
    [{ scopes: ['NotTerminating'] }, Service, {}, false],
    [{ scopes: ['BestEffort', 'NotTerminating'] }, Pod, pod(plain), true],
    [{ scopes: ['BestEffort'] }, Pod, pod({ containers: [limited] }), false],
    [{ scopes: ['Terminating'] }, Pod, pod({ ...plain, activeDeadlineSeconds: 5 }), true],
    [selecting('In', 'high'), Pod, pod({ ...plain, priorityClassName: 'high' }), true],
    [selecting('NotIn', 'high'), Pod, pod({ ...plain, priorityClassName: 'high' }), false],
    [selecting('DoesNotExist'), Pod, pod(plain), true],
    [
      { scopes: ['CrossNamespacePodAffinity'] },
      Pod,
      pod({
        ...plain,
        affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ['b'] }] } },
      }),
      true,
    ],
    [ofClass('In', 'gold'), PersistentVolumeClaim, claim('gold'), true],
    [ofClass('In', 'gold'), PersistentVolumeClaim, claim('silver', 'gold'), true],
    [ofClass('NotIn', 'gold'), PersistentVolumeClaim, claim('gold'), false],
    [ofClass('Exists'), PersistentVolumeClaim, claim(), false],
    [ofClass('Exists'), Pod, pod(plain), false],
  ] as [object, AnyKind, KubeObject, boolean][])('with scopes: %j', (spec, kind, object, expected) => {
    expect(isInScope(spec, kind, object)).toBe(expected)
  })
})
