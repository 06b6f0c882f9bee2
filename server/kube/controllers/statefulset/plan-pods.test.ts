import type { StatefulSet as AppsStatefulSet } from 'kubernetes-types/apps/v1'
import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { podFor } from './identity.ts'
import { planPods, revisionFor } from './plan-pods.ts'
import { nextStatus } from './set-status.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const set = (spec: object = {}, status: object = {}): AppsStatefulSet => ({
  metadata: { name: 'web', namespace: 'default', uid: 'set' },
  spec: {
    serviceName: 'web',
    selector: { matchLabels: { app: 'web' } },
    template: {},
    replicas: 3,
    updateStrategy: { type: 'RollingUpdate' },
    ...spec,
  },
  status: { replicas: 0, ...status },
})
interface Told {
  ready?: boolean
  phase?: string
  going?: boolean
  revision?: string
}
const pod = (ordinal: number, { ready = true, phase = 'Running', going, revision = 'new' }: Told = {}): CorePod => ({
  metadata: {
    name: `web-${ordinal}`,
    uid: `${ordinal}`,
    labels: { 'controller-revision-hash': revision },
    ...(going ? { deletionTimestamp: 'now' } : {}),
  },
  status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})

describe('the plan', () => {
  const plan = (spec: object, pods: CorePod[]) => {
    const { create, remove } = planPods(set(spec), pods, { update: 'new', now: NOW })
    return { create, delete: remove.map(({ metadata }) => metadata?.name) }
  }
  const parallel = { podManagementPolicy: 'Parallel' }
  const old = { revision: 'old' }
  it.each<{ name: string; spec?: object; pods: CorePod[]; create?: number[]; gone?: string[] }>([
    { name: 'begins with the first', pods: [], create: [0] },
    { name: 'makes the next when the one before is ready', pods: [pod(0)], create: [1] },
    { name: 'waits for one that is not ready', pods: [pod(0, { ready: false })] },
    { name: 'waits for one that is going', pods: [pod(0, { going: true }), pod(1), pod(2)] },
    { name: 'fills the gap first', pods: [pod(0), pod(2)], create: [1] },
    { name: 'looks at nobody whose number is none', pods: [pod(0), pod(1), pod(2), pod(2 ** 31)] },
    {
      name: 'makes all at once where order does not matter',
      spec: parallel,
      pods: [pod(1, { ready: false })],
      create: [0, 2],
    },
    { name: 'begins where its ordinals begin', spec: { ordinals: { start: 5 } }, pods: [], create: [5] },
    {
      name: 'waits for one that says that it is ready and does not run',
      pods: [pod(0, { phase: 'Pending' }), pod(1), pod(2)],
    },
    {
      name: 'does not delete one that has ended twice',
      pods: [pod(0, { phase: 'Failed', going: true }), pod(1), pod(2)],
    },
    {
      name: 'does not wait for one that has ended, where order does not matter',
      spec: parallel,
      pods: [pod(0, { phase: 'Succeeded' }), pod(2)],
      create: [1],
      gone: ['web-0'],
    },
    {
      name: 'takes those away that come before where its ordinals begin',
      spec: { replicas: 2, ordinals: { start: 1 } },
      pods: [pod(0), pod(1), pod(2)],
      gone: ['web-0'],
    },
    {
      name: 'renews none while one is to be taken away',
      spec: { replicas: 2 },
      pods: [pod(0, old), pod(1, old), pod(2, { ...old, going: true })],
    },
    { name: 'makes one that has ended again', pods: [pod(0, { phase: 'Failed' })], gone: ['web-0'] },
    { name: 'takes the last away first', spec: { replicas: 1 }, pods: [pod(0), pod(1), pod(2)], gone: ['web-2'] },
    {
      name: 'takes none away while one is going',
      spec: { replicas: 1 },
      pods: [pod(0), pod(1), pod(2, { going: true })],
    },
    {
      name: 'takes all away at once where order does not matter',
      spec: { ...parallel, replicas: 1 },
      pods: [pod(0), pod(1), pod(2)],
      gone: ['web-2', 'web-1'],
    },
    { name: 'renews the last first', pods: [pod(0, old), pod(1, old), pod(2, old)], gone: ['web-2'] },
    {
      name: 'renews the one before when the last works again',
      pods: [pod(0, old), pod(1, old), pod(2)],
      gone: ['web-1'],
    },
    {
      name: 'renews none below the partition',
      spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
      pods: [pod(0, old), pod(1, old), pod(2)],
    },
    {
      name: 'renews the last though another is not well, where order does not matter',
      spec: parallel,
      pods: [pod(0, { ...old, ready: false }), pod(1, old), pod(2, old)],
      gone: ['web-2'],
    },
    {
      name: 'renews one that is not well, where order does not matter',
      spec: parallel,
      pods: [pod(0, old), pod(1, old), pod(2, { ...old, ready: false })],
      gone: ['web-2'],
    },
    {
      name: 'waits for the renewed one, where order does not matter',
      spec: parallel,
      pods: [pod(0, old), pod(1, old), pod(2, { ready: false })],
    },
    {
      name: 'counts the partition from where its ordinals begin',
      spec: { ordinals: { start: 5 }, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
      pods: [pod(5, old), pod(6, old), pod(7)],
      gone: ['web-6'],
    },
    {
      name: 'takes one that is not well away only when none before it is so',
      spec: { replicas: 1 },
      pods: [pod(0), pod(1, { ready: false }), pod(2, { ready: false })],
    },
    {
      name: 'takes one away that is not well',
      spec: { replicas: 1 },
      pods: [pod(0), pod(1), pod(2, { ready: false })],
      gone: ['web-2'],
    },
    {
      name: 'renews none where somebody else deletes',
      spec: { updateStrategy: { type: 'OnDelete' } },
      pods: [pod(0, old), pod(1, old), pod(2, old)],
    },
    { name: 'is content', pods: [pod(0), pod(1), pod(2)] },
  ])('$name', ({ spec = {}, pods, create = [], gone = [] }) => {
    expect(plan(spec, pods)).toEqual({ create, delete: gone })
  })

  it('makes those below the partition as they were', () => {
    const partitioned = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    const of = (ordinal: number) =>
      revisionFor(partitioned, ordinal, { current: 'old', update: 'new', currentReplicas: 3 })
    expect([0, 1, 2].map(of)).toEqual(['old', 'old', 'new'])
    expect(revisionFor(set(), 0, { current: 'old', update: 'new', currentReplicas: 1 })).toBe('old')
    expect(revisionFor(set(), 1, { current: 'old', update: 'new', currentReplicas: 1 })).toBe('new')
    // As the API server makes it: without a partition, what is made anew is new.
    const served = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } })
    expect(revisionFor(served, 0, { current: 'old', update: 'new', currentReplicas: 1 })).toBe('new')
  })
})

it('gives a pod its name, its place in DNS and its disks', () => {
  const volumeClaimTemplates = [{ metadata: { name: 'data' } }]
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [],
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  }
  const made = podFor(set({ volumeClaimTemplates }), 4, { name: 'web-abc', template })
  expect(made.metadata).toMatchObject({
    name: 'web-4',
    labels: {
      app: 'web',
      'controller-revision-hash': 'web-abc',
      'statefulset.kubernetes.io/pod-name': 'web-4',
      'apps.kubernetes.io/pod-index': '4',
    },
  })
  expect(made.spec).toMatchObject({ hostname: 'web-4', subdomain: 'web' })
  expect(made.spec?.volumes).toEqual([
    { name: 'data', persistentVolumeClaim: { claimName: 'data-web-4' } },
    { name: 'tmp', emptyDir: {} },
  ])
})

it('counts a pod as ready only while it runs', () => {
  const pods = [pod(0), pod(1, { phase: 'Failed' }), pod(2, { going: true })]
  const status = nextStatus(set(), pods, { current: 'old', update: 'new', now: NOW })
  expect(status).toMatchObject({ replicas: 3, readyReplicas: 2, availableReplicas: 2, updatedReplicas: 2 })
})
