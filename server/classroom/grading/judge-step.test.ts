import { expect, it } from 'vitest'
import { deploymentReady } from '../labs/checks/deployment-checks.ts'
import { neverBelow } from '../labs/checks/rollout-checks.ts'
import { deployment, pod, replicaSet, view } from '../labs/checks/testing/objects.ts'
import type { ClusterView } from '../labs/cluster-view.ts'
import type { Step } from '../labs/lab.ts'
import { LOOPS } from '../labs/loops.ts'
import { judgeStep, remember } from './judge-step.ts'

const stepOf = (...checks: Step['checks']) => ({ number: 1, checks }) as unknown as Step
const judged = (step: Step, cluster: ClusterView) => {
  const { results } = judgeStep(step, cluster, (_, err) => {
    throw err
  })
  return Object.values(results).map(({ state, message }) => ({ state, message }))
}

it('lets a check rest while a loop is held whose work it waits for, and judges it otherwise', () => {
  const ready = stepOf(deploymentReady('web', { image: 'nginx', replicas: 2 }))
  const wrong = { deployments: [deployment('web', { replicas: 2, image: 'ngnix' })] }
  const { deployment: one, replicaset: other, endpointslice } = LOOPS
  expect(judged(ready, view({ ...wrong, held: [one.client] }))).toEqual([
    { state: 'waiting', message: 'Not judged while the Deployment loop is held. Release it, and this goes on.' },
  ])
  expect(judged(ready, view({ ...wrong, held: [other.client, one.client] }))).toMatchObject([
    { message: 'Not judged while the Deployment and ReplicaSet loops are held. Release them, and this goes on.' },
  ])
  expect(judged(ready, view({ ...wrong, held: [endpointslice.client] }))).toMatchObject([{ state: 'failed' }])
})

it('never lets a check rest that is ok', () => {
  const ready = stepOf(deploymentReady('web', { image: 'nginx', replicas: 1 }))
  const good = { deployments: [deployment('web')], replicaSets: [replicaSet('rs', 'web', 1)] }
  expect(judged(ready, view({ ...good, pods: [pod('a', { owner: 'rs' })], held: [LOOPS.scheduler.client] }))).toEqual([
    { state: 'ok', message: '' },
  ])
})

const at = (revision: number, ready: number, all = 4) => ({
  deployments: [
    {
      ...deployment('shop', { replicas: 4 }),
      metadata: { ...deployment('shop').metadata, annotations: rev(revision) },
    },
  ],
  replicaSets: [replicaSet('rs', 'shop', all)],
  pods: Array.from({ length: all }, (_, index) => pod(`p${index}`, { owner: 'rs', ready: index < ready })),
})
const rev = (revision: number) => ({ 'deployment.kubernetes.io/revision': String(revision) })

it.each([
  { name: 'no rollout', seen: [at(1, 0), at(1, 4)], state: 'waiting', says: 'has not been rolled over' },
  { name: 'a rollout that kept them', seen: [at(1, 4), at(2, 4, 5), at(2, 4)], state: 'ok', says: '' },
  {
    name: 'one that dipped for a moment',
    seen: [at(1, 4), at(2, 4, 5), at(2, 3), at(2, 4)],
    state: 'failed',
    says: '3',
  },
  { name: 'a better one after it', seen: [at(1, 4), at(2, 3), at(2, 4), at(3, 4), at(4, 4)], state: 'ok', says: '' },
  { name: 'one that began too early', seen: [at(1, 1), at(2, 1), at(2, 4)], state: 'failed', says: 'only 1 Pod was' },
])('watches how few were Ready: $name', ({ seen, state, says }) => {
  const step = stepOf(neverBelow('shop', 4))
  let before = view({}).before
  before = remember(step, before, seen.map(view))
  expect(judged(step, view({ ...seen.at(-1), before }))).toEqual([{ state, message: expect.stringContaining(says) }])
})

it('says by sameness that there is nothing new to write down', () => {
  const step = stepOf(neverBelow('shop', 4))
  const before = remember(step, view({}).before, [view(at(1, 4))])
  expect(remember(step, before, [view(at(1, 4))])).toBe(before)
})
