import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { podSummary } from './pod-columns.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const running = { running: { startedAt: '2026-01-01T00:00:00Z' } }
const waiting = (reason: string) => ({ waiting: { reason } })
const terminated = (exitCode: number, told: { reason?: string; signal?: number } = {}) => ({
  terminated: { exitCode, ...told },
})
const container = (state: ContainerStatus['state'], told: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name: 'c',
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...(state ? { state } : {}),
  ...told,
})

interface Told {
  containers?: ContainerStatus[]
  inits?: ContainerStatus[]
  initSpecs?: { name: string; restartPolicy?: string }[]
  status?: Pod['status']
  deleting?: boolean
  count?: number
}

const podOf = ({ containers = [], inits = [], initSpecs = [], status = {}, deleting, count = 1 }: Told): Pod => ({
  metadata: deleting ? { deletionTimestamp: '2026-01-01T00:59:00Z' } : {},
  spec: {
    containers: Array.from({ length: count }, (_, index) => ({ name: `c${index}` })),
    initContainers: initSpecs,
  } as Pod['spec'] & object,
  status: { phase: 'Running', ...status, containerStatuses: containers, initContainerStatuses: inits },
})

describe('the STATUS of a pod', () => {
  it.each([
    { name: 'waits for a node', pod: { status: { phase: 'Pending' } }, status: 'Pending', ready: '0/1' },
    { name: 'runs', pod: { containers: [container(running, { ready: true })] }, status: 'Running', ready: '1/1' },
    { name: 'runs but is not ready', pod: { containers: [container(running)] }, status: 'Running', ready: '0/1' },
    {
      name: 'is being made',
      pod: { status: { phase: 'Pending' }, containers: [container(waiting('ContainerCreating'))] },
      status: 'ContainerCreating',
      ready: '0/1',
    },
    {
      name: 'cannot get its image',
      pod: { status: { phase: 'Pending' }, containers: [container(waiting('ImagePullBackOff'))] },
      status: 'ImagePullBackOff',
      ready: '0/1',
    },
    {
      name: 'ended well',
      pod: { status: { phase: 'Succeeded' }, containers: [container(terminated(0, { reason: 'Completed' }))] },
      status: 'Completed',
      ready: '0/1',
    },
    {
      name: 'ended badly',
      pod: { status: { phase: 'Failed' }, containers: [container(terminated(1, { reason: 'Error' }))] },
      status: 'Error',
      ready: '0/1',
    },
    {
      name: 'ended without a word',
      pod: { containers: [container(terminated(3))] },
      status: 'ExitCode:3',
      ready: '0/1',
    },
    {
      name: 'was killed',
      pod: { containers: [container(terminated(137, { signal: 9 }))] },
      status: 'Signal:9',
      ready: '0/1',
    },
    {
      name: 'is done in part',
      pod: {
        count: 2,
        containers: [container(terminated(0, { reason: 'Completed' })), container(running, { ready: true })],
      },
      status: 'NotReady',
      ready: '1/2',
    },
    {
      name: 'is going',
      pod: { deleting: true, containers: [container(running, { ready: true })] },
      status: 'Terminating',
      ready: '1/1',
    },
    {
      name: 'is on a lost node',
      pod: { deleting: true, status: { phase: 'Running', reason: 'NodeLost' } },
      status: 'Unknown',
      ready: '0/1',
    },
    { name: 'was evicted', pod: { status: { phase: 'Failed', reason: 'Evicted' } }, status: 'Evicted', ready: '0/1' },
    {
      name: 'is held back',
      pod: {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      },
      status: 'SchedulingGated',
      ready: '0/1',
    },
    {
      name: 'is in its second init container',
      pod: {
        initSpecs: [{ name: 'a' }, { name: 'b' }],
        inits: [container(terminated(0)), container(running)],
        containers: [container(waiting('PodInitializing'))],
      },
      status: 'Init:1/2',
      ready: '0/1',
    },
    {
      name: 'failed to initialise',
      pod: { initSpecs: [{ name: 'a' }], inits: [container(terminated(2, { reason: 'Error' }))] },
      status: 'Init:Error',
      ready: '0/1',
    },
    {
      name: 'crashes while initialising',
      pod: { initSpecs: [{ name: 'a' }], inits: [container(waiting('CrashLoopBackOff'))] },
      status: 'Init:CrashLoopBackOff',
      ready: '0/1',
    },
    {
      name: 'has a sidecar',
      pod: {
        initSpecs: [{ name: 'c', restartPolicy: 'Always' }],
        inits: [container(running, { started: true, ready: true })],
        containers: [container(running, { ready: true })],
      },
      status: 'Running',
      ready: '2/2',
    },
  ] as { name: string; pod: Told; status: string; ready: string }[])(
    'that $name is $status',
    ({ pod, status, ready }) => {
      expect(podSummary(podOf(pod), NOW)).toMatchObject({ status, ready })
    },
  )

  it('counts restarts and says when the last was', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:58:00Z' } }
    const crashing = container(waiting('CrashLoopBackOff'), { restartCount: 4, lastState })
    expect(podSummary(podOf({ containers: [crashing] }), NOW)).toEqual({
      status: 'CrashLoopBackOff',
      ready: '0/1',
      restarts: '4 (2m ago)',
    })
    expect(podSummary(podOf({ containers: [container(running, { restartCount: 2 })] }), NOW).restarts).toBe('2')
  })
})
