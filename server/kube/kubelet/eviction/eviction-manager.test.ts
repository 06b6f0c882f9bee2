// The manager with a fake clock, and figures that the tests make up.

import type { Pod } from 'kubernetes-types/core/v1'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { Metrics } from '../../../base/metrics.ts'
import { type KubeletConfiguration, kubeletConfigurationOf } from '../kubelet-configuration.ts'
import { type Eviction, EvictionManager } from './eviction-manager.ts'
import type { PodUsage } from './pod-usage.ts'
import type { Observations } from './thresholds.ts'

const MI = 2 ** 20
let clock: FakeClock
let seen: Observations
let pods: Pod[]
let usages: Map<string, PodUsage>
let evicted: { name: string; eviction: Eviction }[]
let events: string[]
let forPrograms: (object | undefined)[]
let reclaimed: string[]
let onReclaim: () => void
let changes: number
let metrics: Metrics

beforeEach(() => {
  clock = new FakeClock()
  metrics = new Metrics()
  seen = memory(500)
  pods = []
  usages = new Map()
  evicted = []
  events = []
  forPrograms = []
  reclaimed = []
  onReclaim = () => undefined
  changes = 0
})

const memory = (mebibytes: number): Observations => ({
  'memory.available': { available: mebibytes * MI, capacity: 2048 * MI },
})
const disk = (percent: number): Observations => ({ 'nodefs.available': { available: percent, capacity: 100 } })

function manager(told: Partial<KubeletConfiguration> = {}): EvictionManager {
  return new EvictionManager({
    configuration: kubeletConfigurationOf(undefined, told),
    pods: () => pods,
    observe: async () => seen,
    measure: async () => usages,
    async reclaim(resource) {
      reclaimed.push(resource)
      onReclaim()
    },
    async evict(pod, eviction) {
      pods = pods.filter((one) => one !== pod)
      evicted.push({ name: pod.metadata?.name ?? '', eviction })
    },
    onChange: () => changes++,
    events: {
      pod(pod, _type, reason, _message, _fieldPath, annotations) {
        events.push(`${pod.metadata?.name} ${reason}`)
        forPrograms.push(annotations)
      },
      claim: () => undefined,
      node: (_type, reason, message) => void events.push(`${reason}: ${message}`),
    },
    clock,
    logger: noLogger,
    metrics,
  })
}

/** Uses and asks for memory, in Mi. */
function running(name: string, used: number, asked: number, spec: Partial<NonNullable<Pod['spec']>> = {}): Pod {
  const requests = asked ? { resources: { requests: { memory: `${asked}Mi` } } } : {}
  const pod = { metadata: { name, uid: name }, spec: { containers: [{ name: 'app', ...requests }], ...spec } }
  pods.push(pod)
  const nothing = { bytes: 0, inodes: 0 }
  usages.set(name, {
    containers: [{ name: 'app', memoryBytes: used * MI, disk: nothing }],
    volumes: new Map(),
    processes: used,
  })
  return pod
}

describe('a machine short of memory', () => {
  it('ends who uses more than was asked for, first by priority, then by how much', async () => {
    running('modest', 900, 1000)
    running('important', 800, 100, { priority: 10 })
    running('greedy', 300, 100)
    running('greedier', 200, 0)
    running('mirrored', 900, 0, { priority: 2_000_000_000 })
    seen = memory(50)
    const evictions = manager()
    for (let turn = 0; turn < 5; turn++) await evictions.synchronize()
    // Equal in excess: the first of two stays the first.
    expect(evicted.map(({ name }) => name)).toEqual(['greedy', 'greedier', 'important', 'modest'])
    expect(evicted[0]?.eviction).toEqual({
      message:
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ' +
        'Container app was using 300Mi, request is 100Mi, has larger consumption of memory. ',
      graceSeconds: 1,
      isForPressure: true,
    })
    expect(metrics.text()).toContain('kubelet_evictions{eviction_signal="memory.available"} 4')
    expect(events.slice(0, 2)).toEqual(['EvictionThresholdMet: Attempting to reclaim memory', 'greedy Evicted'])
    expect(forPrograms[0]).toEqual({
      starved_resource: 'memory',
      offending_containers: 'app',
      offending_containers_usage: '300Mi',
    })
  })

  it('says so as long as it lasts and five minutes more', async () => {
    const evictions = manager()
    await evictions.synchronize()
    expect([...evictions.pressures]).toEqual([])
    seen = memory(99)
    await evictions.synchronize()
    expect([...evictions.pressures]).toEqual(['MemoryPressure'])
    seen = memory(500)
    await clock.advance(299_000)
    await evictions.synchronize()
    expect([...evictions.pressures]).toEqual(['MemoryPressure'])
    await clock.advance(1_000)
    await evictions.synchronize()
    expect([...evictions.pressures]).toEqual([])
    expect(changes).toBe(2)
  })

  it('takes in who asked for memory, and not who asked for none', async () => {
    seen = memory(50)
    const evictions = manager()
    await evictions.synchronize()
    const best = running('best', 0, 0)
    expect(evictions.admit(best)).toEqual({ reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' })
    expect(evictions.admit(running('burstable', 0, 10))).toBeUndefined()
    const tolerations = [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }]
    expect(evictions.admit(running('tolerant', 0, 0, { tolerations }))).toBeUndefined()
    seen = { ...seen, ...disk(5) }
    await evictions.synchronize()
    expect(evictions.admit(running('other', 0, 10))?.message).toBe(
      'The node had condition: [MemoryPressure DiskPressure]. ',
    )
    expect(evictions.admit(running('critical', 0, 0, { priority: 2_000_001_000 }))).toBeUndefined()
  })

  it('waits at a soft threshold, and gives more time', async () => {
    running('app', 100, 0)
    seen = memory(250)
    const evictions = manager({
      evictionSoft: { 'memory.available': '300Mi' },
      evictionSoftGracePeriod: { 'memory.available': '1m30s' },
      evictionMaxPodGracePeriod: 20,
    })
    await evictions.synchronize()
    expect([...evictions.pressures]).toEqual(['MemoryPressure'])
    await clock.advance(89_000)
    await evictions.synchronize()
    expect(evicted).toEqual([])
    await clock.advance(1_000)
    await evictions.synchronize()
    expect(evicted[0]?.eviction.graceSeconds).toBe(20)
  })

  it('goes on until as much more is free as it was told', async () => {
    for (const name of ['a', 'b', 'c']) running(name, 100, 0)
    const evictions = manager({ evictionMinimumReclaim: { 'memory.available': '200Mi' } })
    seen = memory(50)
    await evictions.synchronize()
    seen = memory(250)
    await evictions.synchronize()
    expect(evicted).toHaveLength(2)
    seen = memory(301)
    await evictions.synchronize()
    expect(evicted).toHaveLength(2)
  })
})

describe('a machine short of disk', () => {
  it('frees what nobody needs first, and ends nobody when that is enough', async () => {
    running('app', 1, 0)
    seen = disk(9)
    onReclaim = () => {
      seen = disk(12)
    }
    expect(await manager().synchronize()).toBe(false)
    expect(reclaimed).toEqual(['ephemeral-storage'])
    expect(evicted).toEqual([])
  })

  it('ends who wrote most, logs and directories together', async () => {
    running('small', 0, 0)
    running('large', 0, 0)
    usages.get('large')?.volumes.set('scratch', { bytes: 30, inodes: 1 })
    usages.get('small')!.containers[0]!.disk = { bytes: 20, inodes: 1 }
    seen = disk(9)
    await manager().synchronize()
    expect(evicted[0]?.name).toBe('large')
    expect(evicted[0]?.eviction.message).toBe(
      'The node was low on resource: ephemeral-storage. Threshold quantity: 10, available: 9. ',
    )
  })
})

describe('limits of a pod’s own', () => {
  const limited = (limits?: object, sizeLimit?: string) =>
    running('app', 0, 0, {
      containers: [{ name: 'app', ...(limits ? { resources: { limits } } : {}) }] as never,
      volumes: [{ name: 'scratch', emptyDir: sizeLimit ? { sizeLimit } : {} }],
    })
  const uses = (container: number, volume: number) => {
    const usage = usages.get('app')!
    usage.containers[0]!.disk = { bytes: container * MI, inodes: 1 }
    usage.volumes.set('scratch', { bytes: volume * MI, inodes: 1 })
  }
  it.each([
    ['nothing', undefined, undefined, 500, 500, undefined],
    ['an emptyDir within its limit', undefined, '1Mi', 0, 1, undefined],
    ['an emptyDir', undefined, '1Mi', 0, 2, 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". '],
    [
      'all together',
      { 'ephemeral-storage': '3Mi' },
      undefined,
      2,
      2,
      'Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. ',
    ],
  ])('end it for %s', async (_what, limits, sizeLimit, container, volume, message) => {
    limited(limits, sizeLimit)
    uses(container, volume)
    expect(await manager().synchronize()).toBe(message !== undefined)
    expect(evicted.map(({ eviction }) => eviction.message)).toEqual(message ? [message] : [])
    if (message) expect(evicted[0]?.eviction.isForPressure).toBe(false)
  })

  it('end it for one container that takes what another was given', async () => {
    const containers = [
      { name: 'app', resources: { limits: { 'ephemeral-storage': '1Mi' } } },
      { name: 'other', resources: { limits: { 'ephemeral-storage': '9Mi' } } },
    ]
    running('app', 0, 0, { containers })
    uses(2, 0)
    await manager().synchronize()
    expect(evicted[0]?.eviction.message).toBe('Container app exceeded its local ephemeral storage limit "1Mi". ')
  })
})

it('names a signal that it does not know, and a soft threshold without a period', () => {
  expect(() => manager({ evictionHard: { 'swap.available': '1' } })).toThrow(
    'unsupported eviction signal swap.available',
  )
  expect(() => manager({ evictionSoft: { 'pid.available': '5' } })).toThrow('grace period must be specified')
})

it.each<[told: Partial<KubeletConfiguration>, why: string]>([
  [{ evictionHard: { 'memory.available': '-150Mi' } }, 'eviction threshold memory.available must be positive: -150Mi'],
  [
    { evictionHard: { 'memory.available': '-15%' } },
    'eviction percentage threshold memory.available must be >= 0%: -15%',
  ],
  [
    { evictionHard: { 'memory.available': '150%' } },
    'eviction percentage threshold memory.available must be <= 100%: 150%',
  ],
  [{ evictionHard: { 'memory.available': 'little' } }, 'quantities must match the regular expression'],
  [{ evictionHard: { 'memory.available': 'some%' } }, 'strconv.ParseFloat: parsing "some": invalid syntax'],
  [
    { evictionSoft: { 'pid.available': '5' }, evictionSoftGracePeriod: { 'pid.available': '-30s' } },
    'invalid eviction grace period specified: -30s, must be a positive value',
  ],
  [
    { evictionMinimumReclaim: { 'memory.available': '-1Gi' } },
    'negative eviction minimum reclaim specified for memory.available',
  ],
  [
    { evictionMinimumReclaim: { 'memory.available': '0%' } },
    'eviction percentage minimum reclaim memory.available must be positive: 0%',
  ],
])('refuses %j', (told, why) => {
  expect(() => manager(told)).toThrow(why)
})

it.each(['0%', '100%'])('looks at nothing for a threshold of %s', async (value) => {
  seen = memory(50)
  running('app', 100, 0)
  const evictions = manager({
    evictionHard: { 'memory.available': value },
    evictionSoft: { 'memory.available': value },
  })
  expect(await evictions.synchronize()).toBe(false)
  expect(evicted).toEqual([])
})

it('measures a pod by what it asks for as a whole, and says so', async () => {
  const whole = { resources: { requests: { memory: '200Mi' } } } as object
  running('within', 150, 100, whole)
  running('above', 250, 400, whole)
  seen = memory(50)
  await manager().synchronize()
  expect(evicted[0]?.eviction.message).toContain(
    'Pod above was using 250Mi, request is 200Mi, has larger consumption of memory. ',
  )
  expect(forPrograms[0]).toMatchObject({ offending_pod: 'above', offending_pod_usage: '250Mi' })
})
