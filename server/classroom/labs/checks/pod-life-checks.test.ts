import { describe } from 'vitest'
import type { Pod } from '../cluster-view.ts'
import { podCrashLoops, podEnded, podRunsWith, podUnready } from './pod-life-checks.ts'
import { judge } from './testing/judged.ts'
import { pod, view, wasThere } from './testing/objects.ts'

const ended = (phase: string, restartPolicy: string, exitCode = 0): Pod => {
  const made = pod('once', { ready: false })
  const [status] = made.status?.containerStatuses ?? []
  return {
    ...made,
    spec: { containers: [], ...made.spec, restartPolicy },
    status: { ...made.status, phase, containerStatuses: [{ ...status!, state: { terminated: { exitCode } } }] },
  }
}
const crashing = (told: { waiting?: string; restarts: number; restartPolicy?: string }): Pod => {
  const made = pod('crash', { ready: false, ...told })
  return { ...made, spec: { containers: [], ...made.spec, restartPolicy: told.restartPolicy ?? 'Always' } }
}
const probed = (told: { ready: boolean; restarts?: number; probe?: boolean }): Pod => {
  const made = pod('ready', told)
  const [container] = made.spec?.containers ?? []
  const readinessProbe = { httpGet: { port: 8080 } }
  return {
    ...made,
    spec: { containers: [{ ...container!, ...(told.probe === false ? {} : { readinessProbe }) }] },
    status: { ...made.status, phase: 'Running' },
  }
}
const shop = (told: { command: string[]; env?: string }): Pod => {
  const made = pod('shop')
  const env = told.env ? [{ name: told.env, value: 'euro' }] : []
  return { ...made, spec: { containers: [{ name: 'shop', command: told.command, env }] } }
}

const well = podEnded('once', { phase: 'Succeeded', restartPolicy: 'Never' })
const loops = podCrashLoops('crash')
const unready = podUnready('ready')
const open = podRunsWith('shop', { program: /test -n "\$CURRENCY"/, variable: 'CURRENCY' })
const program = ['sh', '-c', 'test -n "$CURRENCY" && sleep 9']
const wasSeenReady = unready.remembers?.(view({ pods: [probed({ ready: true })] }), undefined) ?? {}

describe('how Pods end', () => {
  judge([
    { name: 'well', check: well, cluster: view({ pods: [ended('Succeeded', 'Never')] }), state: 'ok' },
    {
      name: 'badly, where well was wanted',
      check: well,
      cluster: view({ pods: [ended('Failed', 'Never', 3)] }),
      state: 'failed',
      says: 'its container left with exit code 3',
    },
    {
      name: 'well, with a policy that starts it again',
      check: well,
      cluster: view({ pods: [ended('Running', 'Always')] }),
      state: 'failed',
      says: 'Pod `once` has restartPolicy `Always`, so the kubelet starts its container again',
    },
    {
      name: 'not yet',
      check: well,
      cluster: view({ pods: [{ ...ended('Running', 'Never'), status: pod('once').status! }] }),
      state: 'waiting',
      says: 'Pod `once` still runs.',
    },
    {
      name: 'not, now that it has what it asks for',
      check: open,
      cluster: view({ pods: [shop({ command: program, env: 'CURRENCY' })] }),
      state: 'ok',
    },
    {
      name: 'as before, for it has something else',
      check: open,
      cluster: view({ pods: [shop({ command: program, env: 'CURENCY' })] }),
      state: 'waiting',
      says: 'Pod `shop` still lacks what its program asks for.',
    },
    {
      name: 'not, for it runs something else',
      check: open,
      cluster: view({ pods: [shop({ command: ['sleep', '9'], env: 'CURRENCY' })] }),
      state: 'failed',
      says: 'Pod `shop` does not run its own program any more, but `sleep 9`.',
    },
    {
      name: 'again and again',
      check: loops,
      cluster: view({ pods: [crashing({ waiting: 'CrashLoopBackOff', restarts: 1 })] }),
      state: 'ok',
    },
    {
      name: 'again, and running at this moment',
      check: loops,
      cluster: view({ pods: [crashing({ restarts: 2 })] }),
      state: 'waiting',
      says: 'has restarted 2 times',
    },
    {
      name: 'once, and never again',
      check: loops,
      cluster: view({ pods: [crashing({ restarts: 0, restartPolicy: 'Never' })] }),
      state: 'failed',
      says: 'has restartPolicy `Never`, so its container is not started again',
    },
  ])
})

describe('running and not ready', () => {
  judge([
    {
      name: 'by its probe',
      check: unready,
      cluster: view({
        pods: [probed({ ready: false })],
        before: { pods: [], seen: { 'ready-unready': wasSeenReady } },
      }),
      state: 'ok',
    },
    {
      name: 'only just begun',
      check: unready,
      cluster: view({ pods: [probed({ ready: false })] }),
      state: 'waiting',
      says: 'runs, and has not been Ready yet',
    },
    {
      name: 'still well',
      check: unready,
      cluster: view({ pods: [probed({ ready: true })] }),
      state: 'waiting',
      says: 'still says that it is well',
    },
    {
      name: 'restarted by the other probe',
      check: unready,
      cluster: view({ pods: [probed({ ready: false, restarts: 1 })], before: wasThere(pod('ready')) }),
      state: 'failed',
      says: 'was restarted. That is what a livenessProbe asks for',
    },
    {
      name: 'without a probe',
      check: unready,
      cluster: view({ pods: [probed({ ready: true, probe: false })] }),
      state: 'failed',
      says: 'has no readinessProbe',
    },
  ])
})
