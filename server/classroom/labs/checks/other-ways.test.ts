// Learners who do it differently: a companion beside the container that is meant, another way to the same end, and ways
// that only look right.

import type { Container } from 'kubernetes-types/core/v1'
import { describe } from 'vitest'
import type { Deployment, Pod, ReplicaSet, Service } from '../cluster-view.ts'
import { deploymentReady, REVISION, rolledOver } from './deployment-checks.ts'
import { podReady, podRestarted } from './pod-checks.ts'
import { podCrashLoops, podEnded, podRunsWith, podUnready } from './pod-life-checks.ts'
import { podProbesPath } from './pod-parts-checks.ts'
import { replicaSetReady } from './replica-set-checks.ts'
import { rolledBack, rolloutStuck } from './rollout-checks.ts'
import { serviceAnswers, serviceIs } from './service-path-checks.ts'
import { judge } from './testing/judged.ts'
import { deployment, type PodTold, pod, replicaSet, service, slice, view, wasThere } from './testing/objects.ts'

const helper: Container = { name: 'a-helper', image: 'busybox', command: ['sleep', 'infinity'] }

/** With a companion that stands before it, in the spec and in the status. */
function accompanied(made: Pod, own: Partial<Container> = {}): Pod {
  const [main] = made.spec?.containers ?? []
  const [status] = made.status?.containerStatuses ?? []
  return {
    ...made,
    spec: { ...made.spec, containers: [helper, { ...main!, ...own }] },
    status: {
      ...made.status,
      containerStatuses: [
        { ...status!, name: helper.name, image: 'busybox', restartCount: 0, ready: true, state: { running: {} } },
        ...(made.status?.containerStatuses ?? []),
      ],
    },
  }
}
const helped = <T extends Deployment | ReplicaSet>(made: T, image: string): T => ({
  ...made,
  spec: { ...made.spec, template: { spec: { containers: [helper, { name: 'main', image }] } } },
})
const owned = (name: string, image = 'nginx', told: PodTold = {}) =>
  accompanied(pod(name, { owner: 'rs', image, labels: { app: 'web' }, ...told }))
const at = (revision: number, uid: string, replicas: number, image = 'nginx', more: Record<string, string> = {}) => {
  const made = helped(replicaSet(uid, 'web', replicas, revision), image)
  return { ...made, metadata: { ...made.metadata, annotations: { ...made.metadata?.annotations, ...more } } }
}
const web = (revision: number, image = 'nginx'): Deployment => {
  const made = helped(deployment('web', { replicas: 1 }), image)
  return { ...made, metadata: { ...made.metadata, annotations: { [REVISION]: String(revision) } } }
}
const plainSet: ReplicaSet = helped(
  { metadata: { name: 'web', namespace: 'default', uid: 'rs' }, spec: { replicas: 1, selector: {} } },
  'nginx',
)
const ending = (made: Pod, exitCode: number): Pod => {
  const ended = accompanied(made)
  const [first, own] = ended.status?.containerStatuses ?? []
  const statuses = [
    { ...first!, state: { terminated: { exitCode: 0 } } },
    { ...own!, state: { terminated: { exitCode } } },
  ]
  return {
    ...ended,
    spec: { ...ended.spec!, restartPolicy: 'Never' },
    status: { ...ended.status, phase: 'Failed', containerStatuses: statuses },
  }
}
const crashing = (restartPolicy: string): Pod => {
  const made = accompanied(pod('crash', { ready: false, restarts: 2, waiting: 'CrashLoopBackOff' }))
  return { ...made, spec: { ...made.spec!, restartPolicy } }
}
const probe = { readinessProbe: { httpGet: { port: 8080 } } }
const sick = accompanied(pod('ready', { ready: false }), probe)
const unready = podUnready('ready')
const seenWell = unready.remembers?.(view({ pods: [accompanied(pod('ready'), probe)] }), undefined) ?? {}

describe('with a companion that stands first', () => {
  judge([
    {
      name: 'a Pod',
      check: podReady('hello', { image: 'nginx' }),
      cluster: view({ pods: [accompanied(pod('hello'))] }),
      state: 'ok',
    },
    {
      name: 'a Pod with the wrong version: said of that container',
      check: podReady('hello', { image: 'nginx:1.30' }),
      cluster: view({ pods: [accompanied(pod('hello', { image: 'nginx:1.26' }))] }),
      state: 'failed',
      says: 'wants image `nginx:1.26`',
    },
    {
      name: 'a Deployment',
      check: deploymentReady('web', { image: 'nginx', replicas: 1 }),
      cluster: view({ deployments: [web(1)], replicaSets: [at(1, 'rs', 1)], pods: [owned('a')] }),
      state: 'ok',
    },
    {
      name: 'a ReplicaSet',
      check: replicaSetReady('web', { image: 'nginx', replicas: 1 }),
      cluster: view({ replicaSets: [plainSet], pods: [owned('a')] }),
      state: 'ok',
    },
    {
      name: 'a rollout that is stuck',
      check: rolloutStuck('web', { image: 'nginx:bad', keeps: 1 }),
      cluster: view({
        deployments: [web(2, 'nginx:bad')],
        replicaSets: [at(1, 'old', 1), at(2, 'rs', 1, 'nginx:bad')],
        pods: [
          accompanied(pod('old', { owner: 'old' })),
          owned('new', 'nginx:bad', { ready: false, waiting: 'ErrImagePull' }),
        ],
      }),
      state: 'ok',
    },
    {
      name: 'a rollout that went back',
      check: rolledBack('web', { image: 'nginx:1.26' }),
      cluster: view({
        deployments: [web(3, 'nginx:1.26')],
        replicaSets: [
          at(3, 'old', 1, 'nginx:1.26', { 'deployment.kubernetes.io/revision-history': '1' }),
          at(2, 'new', 0),
        ],
      }),
      state: 'ok',
    },
    {
      name: 'a crash',
      check: podCrashLoops('crash'),
      cluster: view({ pods: [crashing('Always')] }),
      state: 'ok',
    },
    {
      name: 'a bad end: its exit code is told',
      check: podEnded('once', { phase: 'Succeeded', restartPolicy: 'Never' }),
      cluster: view({ pods: [ending(pod('once', { ready: false }), 3)] }),
      state: 'failed',
      says: 'exit code 3',
    },
    {
      name: 'a probe that fails',
      check: unready,
      cluster: view({
        pods: [{ ...sick, status: { ...sick.status, phase: 'Running' } }],
        before: { ...wasThere(sick), seen: { [unready.id]: seenWell } },
      }),
      state: 'ok',
    },
    {
      name: 'a program that has what it asks for',
      check: podRunsWith('shop', { program: /CURRENCY/, variable: 'CURRENCY' }),
      cluster: view({
        pods: [
          accompanied(pod('shop'), {
            command: ['sh', '-c', 'echo $CURRENCY'],
            env: [{ name: 'CURRENCY', value: 'x' }],
          }),
        ],
      }),
      state: 'ok',
    },
  ])
})

const pure = (name: string, told: PodTold = {}) => pod(name, { owner: 'rs', labels: { app: 'cache' }, ...told })

describe('another way', () => {
  judge([
    {
      name: 'a Deployment beside whose Pods an evicted one lies',
      check: deploymentReady('web', { image: 'nginx', replicas: 1 }),
      cluster: view({
        deployments: [web(1)],
        replicaSets: [at(1, 'rs', 1)],
        pods: [owned('a'), { ...owned('b', 'nginx', { ready: false }), status: { phase: 'Failed' } }],
      }),
      state: 'ok',
    },
    {
      name: 'a crash of a Pod that is started again only when it ends badly',
      check: podCrashLoops('crash'),
      cluster: view({ pods: [crashing('OnFailure')] }),
      state: 'ok',
    },
    {
      name: 'a probe’s path without its first slash',
      check: podProbesPath('site', { container: 'main', path: '/index.html' }),
      cluster: view({
        pods: [accompanied(pod('site'), { readinessProbe: { httpGet: { path: 'index.html', port: 80 } } })],
      }),
      state: 'ok',
    },
    {
      name: 'a load balancer’s Service where a port of every node is wanted',
      check: serviceIs('web', { aim: '', type: 'NodePort' }),
      cluster: view({
        services: [{ ...service('web', {}), spec: { type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30080 }] } }],
      }),
      state: 'ok',
    },
  ])
})

describe('only looks right', () => {
  judge([
    {
      name: 'Pods with the label of somebody else',
      check: replicaSetReady('web', { image: 'nginx', replicas: 1, labels: { app: 'cache' } }),
      cluster: view({ replicaSets: [plainSet], pods: [owned('a')] }),
      state: 'failed',
      says: 'carry `app=web`; this step wants `app=cache`',
    },
    {
      name: 'Pods with the label that was asked for',
      check: replicaSetReady('web', { image: 'nginx', replicas: 1, labels: { app: 'cache' } }),
      cluster: view({ replicaSets: [plainSet], pods: [pure('a')] }),
      state: 'ok',
    },
    {
      name: 'a rollout that has not begun: the old ReplicaSet has all Pods',
      check: rolledOver('web'),
      cluster: view({ deployments: [web(2)], replicaSets: [at(2, 'new', 0), at(1, 'old', 1)] }),
      state: 'waiting',
      says: 'still those of its old ReplicaSet',
    },
    {
      name: 'a rollout of no Pods',
      check: rolledOver('web'),
      cluster: view({ deployments: [web(2)], replicaSets: [at(1, 'old', 0), at(2, 'new', 0)] }),
      state: 'waiting',
      says: 'nothing was rolled',
    },
    {
      name: 'a rollout from something else',
      check: rolledOver('web', { from: 'nginx:1.26' }),
      cluster: view({ deployments: [web(2)], replicaSets: [at(1, 'old', 0, 'nginx'), at(2, 'new', 1)] }),
      state: 'waiting',
      says: 'none of its old ReplicaSets has image `nginx:1.26`',
    },
    {
      name: 'an end of another program',
      check: podEnded('once', { phase: 'Failed', restartPolicy: 'Never', image: 'redis' }),
      cluster: view({ pods: [ending(pod('once', { ready: false }), 3)] }),
      state: 'failed',
      says: 'wants image `busybox`',
    },
    {
      name: 'a container that was ended by hand where a probe should have ended it',
      check: podRestarted('well', { by: 'livenessProbe' }),
      cluster: view({ pods: [pod('well', { restarts: 1 })], before: wasThere(pod('well')) }),
      state: 'failed',
      says: 'Pod `well` has no livenessProbe',
    },
  ])
})

const tea = serviceAnswers('tea', { app: 'tea', endpoints: 1 })
const own = { name: 'tea' }
const pourer = (container: Partial<Container>, told: PodTold = {}): Pod => {
  const made = pod('a', { owner: 'rs', labels: own, ...told })
  return { ...made, spec: { ...made.spec, containers: [{ name: 'main', image: 'nginx', ...container }] } }
}
const poured = (container: Partial<Container>, to: Service = service('tea', own)) =>
  view({
    deployments: [deployment('tea')],
    replicaSets: [replicaSet('rs', 'tea', 1)],
    services: [to],
    pods: [pourer(container)],
    endpointSlices: [slice('tea', 'a')],
  })

describe('a Service and whoever listens behind it', () => {
  judge([
    { name: 'labels of one’s own', check: tea, cluster: poured({}), state: 'ok' },
    {
      name: 'nginx started by a shell',
      check: tea,
      cluster: poured({ command: ['sh', '-c', 'echo hi > /tmp/x; exec nginx -g "daemon off;"'] }),
      state: 'ok',
    },
    {
      name: 'a program that nobody knows, which answers its probe there',
      check: tea,
      cluster: poured({ image: 'mine:1.0', readinessProbe: { tcpSocket: { port: 80 } } }),
      state: 'ok',
    },
    {
      name: 'a program of another port that only says so',
      check: tea,
      cluster: poured({ image: 'redis:7', ports: [{ containerPort: 80 }] }),
      state: 'failed',
      says: 'where nobody listens; they listen on `6379`',
    },
    {
      name: 'a program that only sleeps',
      check: tea,
      cluster: poured({ image: 'mine:1.0', command: ['sh', '-c', 'sleep infinity'], ports: [{ containerPort: 80 }] }),
      state: 'failed',
      says: 'where nobody listens',
    },
    {
      name: 'another port than the one that is called',
      check: tea,
      cluster: poured({}, service('tea', own, 8080)),
      state: 'failed',
      says: 'listens on port `8080`. Who calls `http://tea` comes to port 80.',
    },
  ])
})
