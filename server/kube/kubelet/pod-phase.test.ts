import type { ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { phaseOf } from './pod-phase.ts'

const told = (name: string, state: ContainerState, lastState: ContainerState = {}) =>
  ({ name, state, lastState, image: '', imageID: '', ready: false, restartCount: 0 }) satisfies ContainerStatus
const ended = (exitCode: number) => ({ terminated: { exitCode } })
const waiting = { waiting: { reason: 'CrashLoopBackOff' } }
const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }]
const app = { name: 'app' }

it.each<{ name: string; spec: object; init?: ContainerStatus[]; regular: ContainerStatus[]; phase: string }>([
  {
    name: 'that ended well and may not run again',
    spec: { restartPolicy: 'Never' },
    regular: [told('app', ended(0))],
    phase: 'Succeeded',
  },
  {
    name: 'that failed and may not run again',
    spec: { restartPolicy: 'Never' },
    regular: [told('app', ended(1))],
    phase: 'Failed',
  },
  { name: 'that waits to run again', spec: {}, regular: [told('app', waiting, ended(1))], phase: 'Running' },
  {
    name: 'whose rule brings it back',
    spec: { restartPolicy: 'Never', containers: [{ ...app, restartPolicy: 'Never', restartPolicyRules: rules }] },
    regular: [told('app', ended(42))],
    phase: 'Running',
  },
  {
    name: 'whose own policy ends it in a pod that restarts',
    spec: { restartPolicy: 'Always', containers: [{ ...app, restartPolicy: 'Never' }] },
    regular: [told('app', ended(3))],
    phase: 'Failed',
  },
  {
    name: 'behind an init container that is given up',
    spec: { restartPolicy: 'Always', initContainers: [{ name: 'init', restartPolicy: 'Never' }] },
    init: [told('init', ended(1))],
    regular: [told('app', { waiting: {} })],
    phase: 'Failed',
  },
  {
    name: 'behind an init container that is tried again',
    spec: { restartPolicy: 'Never', initContainers: [{ name: 'init', restartPolicy: 'OnFailure' }] },
    init: [told('init', ended(1))],
    regular: [told('app', { waiting: {} })],
    phase: 'Pending',
  },
])('a pod $name is $phase', ({ spec, init = [], regular, phase }) => {
  const pod = { spec: { containers: [app], ...spec } } as Pod
  expect(phaseOf(pod, { init, regular }, false)).toBe(phase)
})
