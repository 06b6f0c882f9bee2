import type { ReplicaSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { nextStatus, type Observed, type Status } from './replica-set-status.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const at = '2026-01-01T01:00:00Z'
const set = (replicas: number, told: { minReadySeconds?: number; status?: Partial<Status> } = {}): ReplicaSet => ({
  metadata: { name: 'web', generation: 1 },
  spec: {
    replicas,
    selector: {},
    template: { metadata: { labels: { app: 'web', stage: 'live' } }, spec: { containers: [] } },
    ...(told.minReadySeconds ? { minReadySeconds: told.minReadySeconds } : {}),
  },
  ...(told.status ? { status: { replicas: 0, ...told.status } } : {}),
})
const pod = (told: { labels?: Record<string, string>; ready?: boolean; readySince?: string } = {}): Pod => ({
  metadata: { labels: told.labels ?? { app: 'web', stage: 'live' } },
  status: {
    conditions: [
      {
        type: 'Ready',
        status: told.ready === false ? 'False' : 'True',
        lastTransitionTime: told.readySince ?? '2026-01-01T00:00:00Z',
      },
    ],
  },
})
const plain = pod({ labels: { app: 'web' } })
const hour = 3600

it.each<{ name: string; set?: ReplicaSet; active: Pod[]; terminating?: number | undefined; said: number[] }>([
  { name: 'a pod with all labels of the template', active: [pod()], said: [1, 1, 1, 1] },
  { name: 'one with fewer', active: [plain], said: [1, 0, 1, 1] },
  { name: 'one of each', active: [plain, pod()], said: [2, 1, 2, 2] },
  { name: 'one that is not ready', active: [pod({ ready: false })], said: [1, 1, 0, 0] },
  {
    name: 'one that has just become ready',
    set: set(1, { minReadySeconds: hour }),
    active: [pod({ readySince: at })],
    said: [1, 1, 1, 0],
  },
  {
    name: 'one that has been for just as long as it must',
    set: set(1, { minReadySeconds: hour }),
    active: [pod()],
    said: [1, 1, 1, 1],
  },
  { name: 'two that leave', active: [pod()], terminating: 2, said: [1, 1, 1, 1, 2] },
])('counts $name', ({ set: of = set(2), active, terminating, said }) => {
  const status = nextStatus({ replicaSet: of, active, terminating, now: NOW, at })
  const [replicas, fullyLabeledReplicas, readyReplicas, availableReplicas, terminatingReplicas] = said
  const counted = { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas, observedGeneration: 1 }
  expect(status).toEqual({ ...counted, ...(terminating === undefined ? {} : { terminatingReplicas }) })
})

it('has nothing new to say of one that leaves, for a ReplicationController, whose status has no place for it', () => {
  const [first, then] = [set(1), { active: [pod()], now: NOW, at }]
  const status = nextStatus({ ...then, replicaSet: first, terminating: undefined })
  const told = { ...first, ...(status ? { status } : {}) }
  expect(nextStatus({ ...then, replicaSet: told, terminating: undefined })).toBeUndefined()
  expect(nextStatus({ ...then, replicaSet: told, terminating: 1 })).toMatchObject({ terminatingReplicas: 1 })
})

const failure: Observed['failure'] = { reason: 'FailedCreate', message: 'out of order' }
const failed = { type: 'ReplicaFailure', status: 'True' }
it.each<{ name: string; before?: (typeof failed)[]; failure?: Observed['failure']; said: object[] | undefined }>([
  { name: 'why it failed', failure, said: [{ ...failed, ...failure, lastTransitionTime: at }] },
  { name: 'nothing else while it fails', before: [failed], failure, said: [failed] },
  { name: 'nothing more when it succeeds', before: [failed], said: undefined },
])('says $name', ({ before, failure: now, said }) => {
  const replicaSet = set(10, before ? { status: { conditions: before } } : {})
  const status = nextStatus({ replicaSet, active: [pod()], terminating: 0, now: NOW, at, failure: now })
  expect(status?.conditions).toEqual(said)
})
