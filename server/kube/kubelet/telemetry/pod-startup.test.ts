// As of upstream's pod_startup_latency_tracker_test.go: what counts as a pod's start, and what of it is left out.

import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { Metrics } from '../../../base/metrics.ts'
import { PodStartup } from './pod-startup.ts'

const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString()
const running = { containerStatuses: [{ name: 'a', state: { running: { startedAt: at(1) } } }] }

function podOf(status: object = {}, spec: object = {}): Pod {
  return {
    metadata: { uid: 'u', creationTimestamp: at(0) },
    spec: { containers: [{ name: 'a' }], ...spec },
    status: { phase: 'Pending', ...status },
  } as unknown as Pod
}
const started = (status: object = {}, spec: object = {}) => podOf({ startTime: at(0), ...running, ...status }, spec)

async function seconds(run: (startup: PodStartup, wait: (ms: number) => Promise<void>) => Promise<void>) {
  const clock = new FakeClock()
  const metrics = new Metrics()
  await run(new PodStartup({ clock, metrics }), (ms) => clock.advance(ms))
  const sum = (name: string) => {
    const line = metrics
      .text()
      .split('\n')
      .find((one) => one.startsWith(`kubelet_pod_start_${name}_duration_seconds_sum`))
    return line && Number(line.split(' ')[1])
  }
  return { total: sum('total'), sli: sum('sli') }
}

it('counts from the creation until all containers are seen to have started, once', async () => {
  const found = await seconds(async (startup, wait) => {
    startup.observe(podOf())
    await wait(2_000)
    startup.observe(podOf({ startTime: at(0), containerStatuses: [{ name: 'a', state: { waiting: {} } }] }))
    await wait(1_000)
    startup.observe(started())
    await wait(5_000)
    startup.observe(started())
  })
  expect(found).toEqual({ total: 3, sli: 3 })
})

it('leaves out pulls, of which those at the same time count once, and init containers', async () => {
  const found = await seconds(async (startup, wait) => {
    startup.observe(podOf())
    const one = startup.pulling('u')
    await wait(2_000)
    const other = startup.pulling('u')
    await wait(1_000)
    one[Symbol.dispose]()
    await wait(1_000)
    other[Symbol.dispose]()
    await wait(6_000)
    const init = { name: 'i', state: { terminated: { exitCode: 0, startedAt: at(4), finishedAt: at(7) } } }
    startup.observe(started({ initContainerStatuses: [init] }, { initContainers: [{ name: 'i' }] }))
  })
  expect(found).toEqual({ total: 10, sli: 3 })
})

it.each([
  ['a volume that outlives it', { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'd' } }] }, undefined],
  [
    'volumes made for it',
    {
      volumes: [
        { name: 'd', emptyDir: {} },
        { name: 'c', configMap: {} },
      ],
    },
    2,
  ],
])('holds a pod with %s to the promise or not', async (_, spec, sli) => {
  const found = await seconds(async (startup, wait) => {
    startup.observe(podOf({}, spec))
    await wait(2_000)
    startup.observe(started({}, spec))
  })
  expect(found).toEqual({ total: 2, sli })
})

it.each([
  ['had been begun before the kubelet heard of it', [started()]],
  ['has ended without ever running', [podOf(), podOf({ phase: 'Failed', startTime: at(0) }), started()]],
])('counts nothing of a pod that %s', async (_, seen) => {
  const found = await seconds(async (startup) => {
    for (const pod of seen) startup.observe(pod)
  })
  expect(found).toEqual({ total: undefined, sli: undefined })
})
