import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import type { Claim, DeviceTaint, DeviceToleration, Slice } from '../../kinds/devices/device-objects.ts'
import { Event, Pod, ResourceClaim, ResourceSlice } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { evictionTime } from './eviction-time.ts'

const namespace = 'default'
const ADDED = '2026-01-01T00:00:00Z'
const at = (seconds: number) => Date.parse(ADDED) + seconds * 1000
const taint = (told: object = {}): DeviceTaint => ({ key: 'sick', effect: 'NoExecute', timeAdded: ADDED, ...told })
const tolerates = (told: object = {}): DeviceToleration => ({
  key: 'sick',
  operator: 'Exists',
  effect: 'NoExecute',
  ...told,
})
const slice = (taints: DeviceTaint[], generation = 1): Slice => ({
  metadata: { name: `s${generation}` },
  spec: { driver: 'd.io', pool: { name: 'p', generation, resourceSliceCount: 1 }, devices: [{ name: 'a', taints }] },
})
const has = (tolerations: DeviceToleration[]): Claim => ({
  status: {
    allocation: { devices: { results: [{ request: 'x', driver: 'd.io', pool: 'p', device: 'a', tolerations }] } },
  },
})

describe('when a claim’s devices are to be left', () => {
  it.each<[string, DeviceToleration[], Slice[], number | undefined]>([
    ['never without taints', [], [slice([])], undefined],
    ['never where the device is told no more', [], [], undefined],
    ['never for another effect', [], [slice([taint({ effect: 'NoSchedule' })])], undefined],
    ['when the taint was put there', [], [slice([taint()])], at(0)],
    ['for the first of several taints', [], [slice([taint({ timeAdded: '2026-01-01T01:00:00Z' }), taint()])], at(0)],
    ['never where it is tolerated for ever', [tolerates()], [slice([taint()])], undefined],
    ['after what is tolerated', [tolerates({ tolerationSeconds: 30 })], [slice([taint()])], at(30)],
    ['after the shorter', [5, 30].map((s) => tolerates({ tolerationSeconds: s })), [slice([taint()])], at(5)],
    ['never with one for ever', [tolerates({ tolerationSeconds: 5 }), tolerates()], [slice([taint()])], undefined],
    ['at once for less than nothing', [tolerates({ tolerationSeconds: -5 })], [slice([taint()])], at(0)],
    ['for another key', [tolerates({ key: 'other' })], [slice([taint()])], at(0)],
    ['for another value', [tolerates({ operator: 'Equal', value: 'b' })], [slice([taint({ value: 'a' })])], at(0)],
    ['whatever tolerates every effect', [tolerates({ effect: '' })], [slice([taint()])], at(0)],
    ['never by a slice that is over', [], [slice([taint()]), slice([], 2)], undefined],
  ])('%s', (_what, tolerations, slices, expected) => {
    expect(evictionTime(has(tolerations), () => slices)).toBe(expected)
  })
})

describe('pods on tainted devices', () => {
  let loops: TestLoops
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.run(['device-taint-eviction', 'serviceaccount'])
    await loops.client.of(ResourceSlice).create({ ...slice([]), spec: { ...slice([]).spec, allNodes: true } })
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const start = async (name: string, tolerations: DeviceToleration[] = [], nodeName = 'n') => {
    const made = await loops.client.of(Pod).create({
      metadata: { name, namespace },
      spec: {
        nodeName,
        containers: [{ name: 'c', image: 'i' }],
        resourceClaims: [{ name: 'x', ...{ resourceClaimName: name } }],
      },
    } as WirePod)
    const claim = await loops.client.of(ResourceClaim).create({
      metadata: { name, namespace },
      spec: { devices: { requests: [{ name: 'x', exactly: { deviceClassName: 'c', tolerations } }] } },
    })
    await loops.client.of(ResourceClaim).updateStatus({
      ...claim,
      status: { ...has(tolerations).status, reservedFor: [{ resource: 'pods', name, uid: made.metadata?.uid ?? '' }] },
    })
  }
  const tell = async (taints: DeviceTaint[]) => {
    const there = await loops.client.of(ResourceSlice).get({ name: 's1' })
    const devices = [{ name: 'a', taints: taints.map(({ timeAdded: _now, ...told }) => told) }]
    await loops.client.of(ResourceSlice).update({ ...there, spec: { ...there.spec, devices } })
  }
  const podNamed = async (name: string) => (await loops.pods()).find(({ metadata }) => metadata?.name === name)
  const said = async () => {
    const { items } = await loops.client.of(Event).list({ namespace })
    return items
      .filter(({ reason }) => reason === 'DeviceTaintManagerEviction')
      .map(({ involvedObject, message, source }) => [involvedObject.name, message, source?.component])
  }

  it('go at once, with upstream’s words, and others stay', async () => {
    loops.kubelets.lingering = true
    await start('web')
    await start('patient', [tolerates()])
    await tell([taint()])
    await loops.until('it goes', async () => (await podNamed('web'))?.metadata?.deletionTimestamp)
    expect((await podNamed('web'))?.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByDeviceTaintManager',
        message: 'Device Taint manager: deleting due to NoExecute taint',
      }),
    )
    expect((await podNamed('patient'))?.metadata?.deletionTimestamp).toBeUndefined()
    await loops.until('it is told', async () => (await said()).length > 0)
    expect(await said()).toEqual([['web', 'Marking for deletion', 'device-taint-eviction-controller']])
    const numbers = loops.metrics.text()
    expect(numbers).toContain('device_taint_eviction_controller_pod_deletions_total 1')
    expect(numbers).toContain('device_taint_eviction_controller_pod_deletion_duration_seconds_count 1')
  })

  it('go when their time is over, or stay when the taint goes first', async () => {
    await start('web', [tolerates({ tolerationSeconds: 60 })])
    await tell([taint()])
    await loops.until('it is seen', () =>
      loops.reconciles('device-taint-eviction').some(({ seen }) => seen.includes('tolerates')),
    )
    expect(await podNamed('web')).toBeDefined()
    await tell([])
    await loops.until('it is told', async () => (await said()).length > 0)
    expect(await said()).toEqual([['web', 'Cancelling deletion', 'device-taint-eviction-controller']])
    await tell([taint()])
    await loops.until('it has gone', async () => !(await podNamed('web')))
  })
})
