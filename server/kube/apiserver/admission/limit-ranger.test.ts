import type { LimitRangeItem } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { LimitRange, PersistentVolumeClaim, Pod } from '../../kinds/index.ts'
import { askPlugin, type There } from '../testing/ask-plugin.ts'
import { limitRanger } from './limit-ranger.ts'

const range = (...limits: Partial<LimitRangeItem>[]): There => [
  [LimitRange, { metadata: { name: 'l', namespace: 'default' }, spec: { limits } } as KubeObject],
]
const pod = (...containers: object[]) => ({ metadata: { name: 'web' }, spec: { containers } }) as KubeObject
const asking = (requests: object = {}, limits: object = {}) => ({ name: 'a', resources: { requests, limits } })
const claim = (storage: string) =>
  ({ metadata: { name: 'c' }, spec: { resources: { requests: { storage } } } }) as KubeObject

describe('LimitRanger', () => {
  it('gives containers what they do not ask for, and says so', async () => {
    const there = range({
      type: 'Container',
      default: { cpu: '1', memory: '512Mi' },
      defaultRequest: { cpu: '500m', memory: '256Mi' },
    })
    const object = {
      metadata: { name: 'web' },
      spec: {
        containers: [{ name: 'a' }, { name: 'b', resources: { requests: { cpu: '100m' }, limits: { cpu: '2' } } }],
        initContainers: [{ name: 'i', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1' } } }],
      },
    } as KubeObject
    const asked = await askPlugin(limitRanger, { kind: Pod, object }, there)
    expect(asked.object).toEqual({
      metadata: {
        name: 'web',
        annotations: {
          'kubernetes.io/limit-ranger':
            'LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; ' +
            'memory request for container b; memory limit for container b; memory request for init container i',
        },
      },
      spec: {
        containers: [
          {
            name: 'a',
            resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } },
          },
          {
            name: 'b',
            resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '2', memory: '512Mi' } },
          },
        ],
        initContainers: [
          {
            name: 'i',
            resources: { requests: { cpu: '1', memory: '256Mi' }, limits: { cpu: '1', memory: '1Gi' } },
          },
        ],
      },
    })
  })

  const least = range({ type: 'Container', min: { cpu: '100m' } })
  const most = range({ type: 'Container', max: { memory: '1Gi' } })
  const ofPod = range({ type: 'Pod', max: { cpu: '1' } })
  const ratio = range({ type: 'Container', maxLimitRequestRatio: { cpu: '2' } })
  it.each([
    ['enough', pod(asking({ cpu: '100m' })), least, undefined],
    ['too little', pod(asking({ cpu: '50m' })), least, 'minimum cpu usage per Container is 100m, but request is 50m'],
    ['nothing', pod(asking()), least, 'minimum cpu usage per Container is 100m.  No request is specified'],
    [
      'too low a limit',
      pod(asking({ cpu: '1' }, { cpu: '10m' })),
      least,
      'minimum cpu usage per Container is 100m, but limit is 10m',
    ],
    ['no limit', pod(asking()), most, 'maximum memory usage per Container is 1Gi.  No limit is specified'],
    [
      'too much',
      pod(asking({ memory: '1Gi' }, { memory: '2Gi' })),
      most,
      'maximum memory usage per Container is 1Gi, but limit is 2Gi',
    ],
    [
      'too much together',
      pod(asking({ cpu: '600m' }, { cpu: '600m' }), asking({ cpu: '600m' }, { cpu: '600m' })),
      ofPod,
      'maximum cpu usage per Pod is 1, but limit is 1200m',
    ],
    [
      'too far apart',
      pod(asking({ cpu: '100m' }, { cpu: '250m' })),
      ratio,
      'cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000',
    ],
    [
      'two things wrong',
      pod(asking({ cpu: '1m' })),
      range({ type: 'Container', min: { cpu: '100m', memory: '1Mi' } }),
      '[minimum cpu usage per Container is 100m, but request is 1m, minimum memory usage per Container is 1Mi.  No request is specified]',
    ],
  ])('judges a pod that asks for %s', async (_what, object, there, why) => {
    const { refused } = await askPlugin(limitRanger, { kind: Pod, object }, there)
    expect(refused).toBe(why && `pods "web" is forbidden: ${why}`)
  })

  it.each([
    ['1Gi', undefined],
    ['3Gi', 'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi'],
    ['1Mi', 'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi'],
  ])('judges a claim of %s', async (storage, why) => {
    const there = range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } })
    const { refused } = await askPlugin(limitRanger, { kind: PersistentVolumeClaim, object: claim(storage) }, there)
    expect(refused).toBe(why && `persistentvolumeclaims "c" is forbidden: ${why}`)
  })

  it('leaves a pod alone that is changed in anything else', async () => {
    const object = pod(asking())
    expect((await askPlugin(limitRanger, { kind: Pod, object, previous: object }, least)).refused).toBeUndefined()
  })
})
