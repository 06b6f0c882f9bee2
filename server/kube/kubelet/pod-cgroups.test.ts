import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import type { CgroupLimits } from '../node-os/cgroup-tree.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { PodCgroups, podCgroupOf, podLimitsOf } from './pod-cgroups.ts'

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> }
const MI = 2 ** 20
const counted = { clock: new FakeClock(), metrics: new Metrics() }
const pod = (containers: Resources[], initContainers: (Resources & { restartPolicy?: string })[] = []): Pod => ({
  metadata: { uid: 'u' },
  spec: {
    containers: containers.map((resources, index) => ({ name: `c${index}`, resources })),
    initContainers: initContainers.map(({ restartPolicy, ...resources }, index) => ({
      name: `i${index}`,
      resources,
      ...(restartPolicy ? { restartPolicy } : {}),
    })),
  },
})
const whole = { requests: { cpu: '1', memory: '64Mi' }, limits: { cpu: '1', memory: '64Mi' } }

it.each<[string, Pod, string, CgroupLimits]>([
  ['nothing asked for', pod([{}]), '/kubepods/besteffort/podu', { cpuShares: 2 }],
  ['all limited', pod([whole, whole]), '/kubepods/podu', { cpuShares: 2048, cpuQuota: 200_000, memoryBytes: 128 * MI }],
  [
    'one without a limit of memory',
    pod([{ limits: { cpu: '500m' } }, { requests: { cpu: '250m' }, limits: { cpu: '1', memory: '32Mi' } }]),
    '/kubepods/burstable/podu',
    { cpuShares: 768, cpuQuota: 150_000 },
  ],
  [
    'an init container larger than all others',
    pod([whole], [{ requests: { cpu: '2' }, limits: { cpu: '3', memory: '8Mi' } }]),
    '/kubepods/burstable/podu',
    { cpuShares: 2048, cpuQuota: 300_000, memoryBytes: 64 * MI },
  ],
  [
    'a sidecar beside it',
    pod([whole], [{ ...whole, restartPolicy: 'Always' }]),
    '/kubepods/podu',
    { cpuShares: 2048, cpuQuota: 200_000, memoryBytes: 128 * MI },
  ],
  [
    'limits of its own as a whole',
    {
      metadata: { uid: 'u' },
      spec: {
        containers: [{ name: 'a' }],
        resources: { requests: { cpu: '1', memory: '1Mi' }, limits: { cpu: '1', memory: '1Mi' } },
      },
    } as Pod,
    '/kubepods/podu',
    { cpuShares: 1024, cpuQuota: 100_000, memoryBytes: MI },
  ],
  [
    'the overhead of its runtime class',
    { metadata: { uid: 'u' }, spec: { ...pod([whole]).spec!, overhead: { cpu: '250m', memory: '16Mi' } } },
    '/kubepods/podu',
    { cpuShares: 1280, cpuQuota: 125_000, memoryBytes: 80 * MI },
  ],
  [
    'overhead and nothing asked for',
    { metadata: { uid: 'u' }, spec: { ...pod([{}]).spec!, overhead: { cpu: '250m' } } },
    '/kubepods/besteffort/podu',
    { cpuShares: 2 },
  ],
])('puts a pod with %s into its class, with its limits', (_what, one, group, limits) => {
  expect(podCgroupOf(one)).toBe(group)
  expect(podLimitsOf(one)).toEqual(limits)
})

it('gives Burstable pods together what they asked for, and takes it back', async () => {
  const groups = new Map<string, CgroupLimits>()
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    setCgroup: async (path: string, limits: CgroupLimits) => {
      groups.set(path, limits)
      return []
    },
    removeCgroup: async (path: string) => void groups.delete(path),
  }
  const first = pod([{ requests: { cpu: '500m' } }])
  let pods = [first, pod([{ requests: { cpu: '250m' } }])]
  const forPods = { cpus: 2, memoryBytes: 1024 * MI }
  const cgroups = new PodCgroups({ ...counted, os, logger: noLogger, forPods, mostProcesses: 50, pods: () => pods })
  expect(await cgroups.ensure(first)).toBe('/kubepods/burstable/podu')
  expect(Object.fromEntries(groups)).toEqual({
    '/kubepods': { cpuShares: 2048, memoryBytes: 1024 * MI },
    '/kubepods/besteffort': { cpuShares: 2 },
    '/kubepods/burstable': { cpuShares: 768 },
    '/kubepods/burstable/podu': { cpuShares: 512, processes: 50 },
  })
  pods = pods.slice(1)
  await cgroups.remove('u')
  expect(groups.get('/kubepods/burstable')).toEqual({ cpuShares: 256 })
  expect(groups.has('/kubepods/burstable/podu')).toBe(false)
})

it('sets what all pods share when it is new or was refused, and not for each of them', async () => {
  const set: string[] = []
  let refused: string[] = ['memory.limit_in_bytes: EBUSY']
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    setCgroup: async (path: string) => {
      set.push(path)
      return refused
    },
  }
  const one = pod([{ requests: { cpu: '500m' } }])
  let pods = [one]
  const forPods = { cpus: 2, memoryBytes: 1024 * MI }
  const cgroups = new PodCgroups({ ...counted, os, logger: noLogger, forPods, mostProcesses: -1, pods: () => pods })
  const sets = async () => {
    set.length = 0
    await cgroups.ensure(one)
    return [...set]
  }
  const all = ['/kubepods', '/kubepods/besteffort', '/kubepods/burstable', '/kubepods/burstable/podu']
  expect(await sets()).toEqual(all)
  refused = []
  expect(await sets()).toEqual(all)
  expect(await sets()).toEqual(all.slice(3))
  pods = [one, one]
  expect(await sets()).toEqual(all.slice(2))
})
