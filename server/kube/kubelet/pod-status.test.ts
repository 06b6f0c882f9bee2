import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import type { ContainerStatus } from '../container-runtime/container-runtime.ts'
import { type PodStatusInput, podStatusOf } from './pod-status.ts'

const statusOf = (pod: Pod, more: Partial<PodStatusInput> = {}) =>
  podStatusOf({
    pod,
    state: { sandboxes: [], containers: [] },
    failures: new Map(),
    terminal: true,
    runtimeName: 'docker',
    isReady: () => undefined,
    isStarted: () => undefined,
    now: 0,
    nodeIPs: ['192.0.2.1'],
    ...more,
  })
const containers = [{ name: 'a' }, { name: 'b' }]
const lost = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
}
const scheduled = { type: 'PodScheduled', status: 'True' }
const gate = { type: 'example.com/gate', status: 'True' }

it('says of a pod that was turned away why, and nothing of containers, also after the kubelet began anew', () => {
  const pod: Pod = { spec: { containers }, status: { conditions: [scheduled, gate] } }
  const verdict = { reason: 'NodePorts', message: 'Pod was rejected: no', isRejection: true }
  const told = statusOf(pod, { verdict })
  expect(told).toEqual({
    phase: 'Failed',
    reason: 'NodePorts',
    message: 'Pod was rejected: no',
    conditions: [gate],
    startTime: '1970-01-01T00:00:00Z',
    qosClass: 'BestEffort',
  })
  expect(statusOf({ ...pod, status: told }, { terminal: false })).toEqual(told)
})

it('leaves no container waiting in a pod that is over', () => {
  const verdict = { reason: 'DeadlineExceeded', message: 'late' }
  const failures = new Map([['b', { reason: 'ErrImagePull', message: 'no' }]])
  const status = statusOf({ spec: { containers } }, { verdict, failures })
  expect(status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  expect(status.containerStatuses?.map(({ state }) => state)).toEqual([{ terminated: lost }, { terminated: lost }])
})

it('of one that came no further than its first init container only that one', () => {
  const spec = { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }, { name: 'j' }] }
  const status = statusOf({ spec }, { verdict: { reason: 'DeadlineExceeded', message: 'late' } })
  const waiting = { waiting: { reason: 'PodInitializing' } }
  expect(status.initContainerStatuses?.map(({ state }) => state)).toEqual([{ terminated: lost }, waiting])
  expect(status.containerStatuses?.map(({ state }) => state)).toEqual([waiting])
})

it('gives last messages 12 KiB in all, the same share to each container', () => {
  const ended = (name: string, message: string) =>
    ({
      name,
      message,
      state: 'exited',
      exitCode: 1,
      id: name,
      attempt: 0,
      startedAt: 0,
      finishedAt: 0,
      annotations: {},
    }) as ContainerStatus
  const state = { sandboxes: [], containers: [ended('a', 'x'.repeat(4096)), ended('b', 'short')] }
  const spec = { restartPolicy: 'Never', containers: [...containers, { name: 'c' }, { name: 'd' }, { name: 'e' }] }
  const told = statusOf({ spec }, { state }).containerStatuses?.map(({ state }) => state?.terminated?.message?.length)
  expect(told?.slice(0, 2)).toEqual([2457, 5])
})

it('takes an init container for done that nobody remembers, where the others have begun', () => {
  const running = { name: 'a', state: 'running', id: 'a', attempt: 0, startedAt: 0, annotations: {} } as ContainerStatus
  const spec = { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }] }
  const state = { sandboxes: [], containers: [running] }
  const [init, sidecar] = statusOf({ spec }, { state, terminal: false }).initContainerStatuses ?? []
  expect(init?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
  expect(sidecar?.state).toEqual({ waiting: { reason: 'PodInitializing' } })
})

it('tells where volumes are mounted, and which of them may not be written', () => {
  const volumeMounts = [
    { name: 'data', mountPath: '/data' },
    { name: 'token', mountPath: '/token', readOnly: true },
  ]
  const told = statusOf({ spec: { containers: [{ name: 'a', volumeMounts }] } }, { terminal: false })
  expect(told.containerStatuses?.[0]?.volumeMounts).toEqual([
    { name: 'data', mountPath: '/data' },
    { name: 'token', mountPath: '/token', readOnly: true, recursiveReadOnly: 'Disabled' },
  ])
})

it.each([
  ['was so before its sandbox was lost', 'True', { status: 'True' }],
  ['has never been so', 'False', { status: 'False', reason: 'ContainersNotInitialized' }],
])('a pod is initialised that %s', (_, before, expected) => {
  const spec = { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }] }
  const pod: Pod = { spec, status: { conditions: [{ type: 'Initialized', status: before }] } }
  const told = statusOf(pod, { terminal: false }).conditions?.find(({ type }) => type === 'Initialized')
  expect(told).toMatchObject(expected)
})

it.each([
  [0, 'PodCompleted'],
  [1, 'PodFailed'],
])(
  'says of containers that begin anew together that they do not any more, where a pod ended with %i',
  (exitCode, why) => {
    const ended = {
      name: 'a',
      id: 'a',
      state: 'exited',
      exitCode,
      attempt: 0,
      startedAt: 0,
      finishedAt: 0,
      annotations: {},
    }
    const state = { sandboxes: [], containers: [ended as unknown as ContainerStatus] }
    const resize = [{ type: 'AllContainersRestarting', status: 'True', reason: 'RestartAllContainersStarted' }]
    const pod: Pod = { spec: { restartPolicy: 'Never', containers: [{ name: 'a' }] } }
    const told = statusOf(pod, { state, resize }).conditions?.find(({ type }) => type === 'AllContainersRestarting')
    expect(told).toMatchObject({ status: 'False', reason: why })
  },
)
