import { describe } from 'vitest'
import type { Deployment, ReplicaSet } from '../cluster-view.ts'
import { rolledBack, rolloutBounds, rolloutRuns, rolloutStuck } from './rollout-checks.ts'
import { judge } from './testing/judged.ts'
import { deployment, pod, replicaSet, view } from './testing/objects.ts'

const withSpec = (spec: Partial<NonNullable<Deployment['spec']>>, image = 'nginx'): Deployment => {
  const made = deployment('web', { image, replicas: 2 })
  return { ...made, spec: { ...made.spec!, ...spec } }
}
const REVISION = 'deployment.kubernetes.io/revision'
const numbered = (annotations: Record<string, string>, image: string): Deployment => {
  const made = withSpec({}, image)
  return { ...made, metadata: { ...made.metadata, annotations } }
}
const setOf = (uid: string, image: string, replicas: number, annotations: Record<string, string> = {}): ReplicaSet => {
  const made = replicaSet(uid, 'web', replicas)
  const spec = { selector: {}, template: { spec: { containers: [{ name: 'main', image }] } } }
  return { ...made, metadata: { ...made.metadata, annotations }, spec }
}
const bounds = rolloutBounds('web', { maxSurge: 1, maxUnavailable: 0 })
const stuck = rolloutStuck('web', { image: 'nginx:bad', keeps: 2 })
const back = rolledBack('web', { image: 'nginx:1' })
const old = (name: string, ready = true) => pod(name, { owner: 'old', image: 'nginx:1', ready })
const fresh = (waiting?: string) =>
  pod('new', { owner: 'new', image: 'nginx:bad', ready: false, ...(waiting ? { waiting } : {}) })
const sets = [setOf('old', 'nginx:1', 2), setOf('new', 'nginx:bad', 1)]

describe('a rollout', () => {
  judge([
    {
      name: 'with these bounds',
      check: bounds,
      cluster: view({ deployments: [withSpec({ strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } })] }),
      state: 'ok',
    },
    {
      name: 'with the same bounds in percent',
      check: bounds,
      cluster: view({
        deployments: [
          withSpec({ replicas: 4, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '0%' } } }),
        ],
      }),
      state: 'ok',
    },
    {
      name: 'with the bounds it began with',
      check: bounds,
      cluster: view({
        deployments: [
          withSpec({ replicas: 4, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } } }),
        ],
      }),
      state: 'waiting',
      says: 'has `maxUnavailable: 25%`; this step wants `0`',
    },
    {
      name: 'that takes all away first',
      check: bounds,
      cluster: view({ deployments: [withSpec({ strategy: { type: 'Recreate' } })] }),
      state: 'failed',
      says: 'takes all old Pods away before it makes a new one',
    },
    {
      name: 'stuck, and nobody hurt',
      check: stuck,
      cluster: view({
        deployments: [withSpec({}, 'nginx:bad')],
        replicaSets: sets,
        pods: [old('a'), old('b'), fresh('ImagePullBackOff')],
      }),
      state: 'ok',
    },
    {
      name: 'stuck, with one old Pod less',
      check: stuck,
      cluster: view({
        deployments: [withSpec({}, 'nginx:bad')],
        replicaSets: sets,
        pods: [old('a'), fresh('ImagePullBackOff')],
      }),
      state: 'failed',
      says: 'only 1 of 2 old ones are Ready',
    },
    {
      name: 'that has only just begun',
      check: stuck,
      cluster: view({
        deployments: [withSpec({}, 'nginx:bad')],
        replicaSets: sets,
        pods: [old('a'), old('b'), fresh()],
      }),
      state: 'waiting',
    },
    {
      name: 'back in the old ReplicaSet',
      check: back,
      cluster: view({
        deployments: [numbered({ [REVISION]: '4' }, 'nginx:1')],
        replicaSets: [
          setOf('old', 'nginx:1', 2, { [REVISION]: '4', [`${REVISION}-history`]: '1' }),
          setOf('new', 'nginx:bad', 0, { [REVISION]: '2' }),
          setOf('other', 'nginx:worse', 0, { [REVISION]: '3' }),
        ],
      }),
      state: 'ok',
    },
    {
      name: 'back in another one that only looks like it',
      check: back,
      cluster: view({
        deployments: [numbered({ [REVISION]: '3' }, 'nginx:1')],
        replicaSets: [
          setOf('old', 'nginx:1', 0, { [REVISION]: '1' }),
          setOf('new', 'nginx:bad', 0, { [REVISION]: '2' }),
          setOf('third', 'nginx:1', 2, { [REVISION]: '3' }),
        ],
      }),
      state: 'failed',
      says: 'has made another ReplicaSet',
    },
    {
      name: 'asked to go back a moment ago',
      check: back,
      cluster: view({
        deployments: [numbered({ [REVISION]: '2' }, 'nginx:1')],
        replicaSets: [
          setOf('old', 'nginx:1', 2, { [REVISION]: '1' }),
          setOf('new', 'nginx:bad', 1, { [REVISION]: '2' }),
        ],
      }),
      state: 'waiting',
      says: 'has not gone back yet',
    },
    {
      name: 'not back yet',
      check: back,
      cluster: view({ deployments: [withSpec({}, 'nginx:bad')], replicaSets: sets }),
      state: 'waiting',
      says: 'asks for `nginx:bad`, not for `nginx:1`',
    },
    {
      name: 'that is paused',
      check: rolloutRuns('web'),
      cluster: view({ deployments: [withSpec({ paused: true })] }),
      state: 'failed',
      says: 'is paused',
    },
    { name: 'that runs', check: rolloutRuns('web'), cluster: view({ deployments: [withSpec({})] }), state: 'ok' },
  ])
})
