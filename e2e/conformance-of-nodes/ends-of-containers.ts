// How containers end, and what is told of it.

import { expect } from 'vitest'
import type { Fact } from './ending-pods.ts'
import { crashing, shell } from './seat.ts'

export const ENDS: Record<string, Fact> = {
  'last-words': {
    tests:
      'Container Runtime should report termination messages by path, as non-root, and from the log where a container failed',
    phase: 'Failed',
    spec: {
      containers: [
        {
          ...shell('echo -n DONE > /dev/termination-custom-log', {
            terminationMessagePath: '/dev/termination-custom-log',
            securityContext: { runAsUser: 1000 },
          }),
          name: 'path',
        },
        { ...shell('echo -n DONE; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' }), name: 'log' },
        { ...shell('echo DONE', { terminationMessagePolicy: 'FallbackToLogsOnError' }), name: 'nothing' },
        {
          ...shell('echo -n OK > /dev/termination-log', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
          name: 'file',
        },
      ],
    },
    statuses: [
      { name: 'path', state: { terminated: { exitCode: 0, reason: 'Completed', message: 'DONE' } } },
      { name: 'log', state: { terminated: { exitCode: 1, reason: 'Error', message: 'DONE' } } },
      { name: 'nothing', state: { terminated: expect.not.objectContaining({ message: expect.anything() }) } },
      { name: 'file', state: { terminated: { exitCode: 0, message: 'OK' } } },
    ],
  },
  'crashes-never': {
    tests: 'Container Runtime should run with the expected status: restart policy Never',
    phase: 'Failed',
    spec: crashing('Never'),
    statuses: [{ restartCount: 0, ready: false, started: false, state: { terminated: { exitCode: 1 } } }],
  },
  'crashes-on-failure': {
    tests: 'Container Runtime should run with the expected status: restart policy OnFailure',
    spec: crashing('OnFailure'),
    statuses: [{ restartCount: 1, ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
  },
  'begins-in-vain': {
    tests:
      'InitContainer should not start app containers and fail the pod if init containers fail on a RestartNever pod',
    phase: 'Failed',
    spec: {
      initContainers: [
        { ...shell('true'), name: 'init1' },
        { ...shell('false'), name: 'init2' },
      ],
      containers: [shell('true')],
    },
    status: {
      conditions: expect.arrayContaining([
        expect.objectContaining({
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: 'containers with incomplete status: [init2]',
        }),
      ]),
      initContainerStatuses: [
        { ready: true, state: { terminated: { exitCode: 0 } } },
        { ready: false, state: { terminated: { exitCode: 1 } } },
      ],
      containerStatuses: [{ ready: false, state: { waiting: { reason: 'PodInitializing' } } }],
    },
  },
  begins: {
    tests: 'InitContainer should invoke init containers on a RestartNever pod',
    spec: {
      initContainers: [
        { ...shell('true'), name: 'init1' },
        { ...shell('true'), name: 'init2' },
      ],
      containers: [shell('true')],
    },
    status: {
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Initialized', status: 'True' })]),
      initContainerStatuses: [
        { ready: true, state: { terminated: { exitCode: 0 } } },
        { ready: true, state: { terminated: { exitCode: 0 } } },
      ],
    },
  },
  'always-fails': {
    tests: 'Kubelet should have a terminated reason of a command that always fails',
    phase: 'Failed',
    spec: { containers: [shell('', { command: ['/bin/false'] })] },
    statuses: [{ state: { terminated: { exitCode: 1, reason: 'Error' } } }],
  },
}
