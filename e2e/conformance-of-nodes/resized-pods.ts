// Pods whose containers may use more or less while they run, by patch and by replacing, there and back.

import { isDeepStrictEqual } from 'node:util'
import type { Pod, ResourceRequirements } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { forever, PODS, pod, type Seat, shell } from './seat.ts'

type ByContainer = Record<string, ResourceRequirements>

const both = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } })
const GUARANTEED: ByContainer = { c1: both('100m', '64Mi'), c2: both('100m', '64Mi'), c3: both('100m', '64Mi') }
const BURSTABLE: ByContainer = {
  c1: { requests: { cpu: '20m' } },
  c2: { requests: { memory: '20Mi' } },
  c3: { requests: { cpu: '20m', memory: '20Mi' } },
  c4: { requests: { cpu: '20m' } },
  c5: { requests: { memory: '20Mi' } },
  // The kernel knows no less than this.
  c6: { requests: { cpu: '2m' }, limits: { cpu: '10m' } },
}
const made = (name: string, resources: ByContainer) =>
  pod(name, {
    containers: Object.entries(resources).map(([one, told]) => ({ ...shell(forever, { resources: told }), name: one })),
  })

export const resizedPods: readonly object[] = [made('resized', GUARANTEED), made('stretched', BURSTABLE)]

export function podsThatAreResized(seat: () => Seat): void {
  const becomes = async (name: string, wanted: ByContainer, generation: number) => {
    const { status } = await seat().podThat(
      name,
      'has been resized',
      ({ containerStatuses = [], conditions = [] }) =>
        containerStatuses.every(({ name: one, resources }) => isDeepStrictEqual(resources, wanted[one])) &&
        !conditions.some(({ type }) => type.startsWith('PodResize')),
    )
    expect(status?.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual(Object.keys(wanted).map(() => 0))
    expect(status).toMatchObject({ observedGeneration: generation })
    const read = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'
    for (const [one, { limits }] of Object.entries(wanted)) {
      if (!limits?.memory) continue
      const bytes = `${Number(limits.memory.slice(0, -2)) * 2 ** 20}\n`
      const said = () => seat().says(`exec ${name} -c ${one} -- sh -c '${read}'`)
      await until(`${one} has its limit`, async () => (await said()) === bytes)
    }
  }
  const patch = (name: string, wanted: ByContainer) =>
    seat().patch(`${PODS}/${name}/resize`, {
      spec: { containers: Object.entries(wanted).map(([one, resources]) => ({ name: one, resources })) },
    })

  it('Pod InPlace Resize: guaranteed pods with multiple containers, increases and decreases, and back by the replace endpoint', async () => {
    const { ready, api } = seat()
    expect((await ready('resized')).status?.qosClass).toBe('Guaranteed')
    const wanted = { c1: both('150m', '96Mi'), c2: both('50m', '96Mi'), c3: both('150m', '48Mi') }
    await patch('resized', wanted)
    await becomes('resized', wanted, 2)
    const now: Pod = await seat().pod('resized')
    const containers = now.spec?.containers.map((one) => ({ ...one, resources: GUARANTEED[one.name] }))
    const { code, text } = await api.ask('PUT', `${PODS}/resized/resize`, { ...now, spec: { ...now.spec, containers } })
    expect(code, text).toBe(200)
    await becomes('resized', GUARANTEED, 3)
  })

  it('Pod InPlace Resize: burstable pods, limits and requests added, and less than the kernel can tell apart', async () => {
    await seat().ready('stretched')
    const wanted = {
      c1: { requests: { cpu: '30m' }, limits: { cpu: '60m' } },
      c2: { requests: { memory: '15Mi' }, limits: { memory: '60Mi' } },
      c3: { requests: { cpu: '20m', memory: '15Mi' } },
      c4: { requests: { cpu: '15m', memory: '20Mi' } },
      c5: { requests: { cpu: '20m', memory: '30Mi' } },
      c6: { requests: { cpu: '1m' }, limits: { cpu: '5m' } },
    }
    await patch('stretched', wanted)
    await becomes('stretched', wanted, 2)
  })
}
