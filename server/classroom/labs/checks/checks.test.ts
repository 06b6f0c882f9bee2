import { describe, expect, it } from 'vitest'
import type { Check } from '../check.ts'
import type { ClusterView, Pod } from '../cluster-view.ts'
import { sameImage } from './containers.ts'
import { deploymentReady, REVISION, rolledOver } from './deployment-checks.ts'
import { podGone, podHasLabels, podLabel, podReady, podRestarted } from './pod-checks.ts'
import { troubleOf } from './pod-troubles.ts'
import {
  notesServiceAddress,
  podLeftService,
  serviceReaches,
  serviceReachesDeployment,
  serviceReachesOnly,
} from './service-checks.ts'
import { deployment, type PodTold, pod, replicaSet, service, slice, view, wasThere } from './testing/objects.ts'

interface Row {
  name: string
  check: Check
  cluster: ClusterView
  state: 'ok' | 'waiting' | 'failed'
  says?: string
}

const web = { app: 'web' }
const reaches = serviceReaches('web', { selector: web, port: 80, targetPort: 80, endpoints: 1 })
const ready2 = deploymentReady('web', { image: 'nginx', replicas: 2 })
const owned = (name: string, told: PodTold = {}) => pod(name, { owner: 'rs', labels: web, ...told })
const hello = podReady('hello', { image: 'nginx' })
const runsOn = podLabel('hello', 'runs-on', { aim: '', of: (each) => each.spec?.nodeName })

const rows: Row[] = [
  { name: 'a Pod that runs', check: hello, cluster: view({ pods: [pod('hello')] }), state: 'ok' },
  {
    name: 'its image by its full name',
    check: hello,
    cluster: view({ pods: [pod('hello', { image: 'docker.io/library/nginx:latest' })] }),
    state: 'ok',
  },
  {
    name: 'a Pod not made yet',
    check: hello,
    cluster: view({}),
    state: 'waiting',
    says: 'There is no Pod `hello` yet.',
  },
  {
    name: 'a Pod of nearly that name',
    check: hello,
    cluster: view({ pods: [pod('helo')] }),
    state: 'waiting',
    says: 'There is a Pod `helo`, but none called `hello`.',
  },
  {
    name: 'a Pod in another namespace',
    check: hello,
    cluster: view({ pods: [pod('hello', { namespace: 'demo' })] }),
    state: 'failed',
    says: 'Pod `hello` is in namespace `demo`; this lab plays in `default`.',
  },
  {
    name: 'a Deployment in its place',
    check: hello,
    cluster: view({ deployments: [deployment('hello')] }),
    state: 'failed',
    says: 'There is a Deployment `hello`',
  },
  {
    name: 'a Pod that still starts',
    check: hello,
    cluster: view({ pods: [pod('hello', { ready: false })] }),
    state: 'waiting',
    says: 'its container is not started yet',
  },
  {
    name: 'a Pod whose image nobody has',
    check: podReady('hello', { image: 'ngnix' }),
    cluster: view({ pods: [pod('hello', { image: 'ngnix', ready: false, waiting: 'ImagePullBackOff' })] }),
    state: 'failed',
    says: 'cannot get its image `ngnix`',
  },
  {
    name: 'a Pod that was there and is gone',
    check: hello,
    cluster: view({ before: wasThere(pod('hello')) }),
    state: 'failed',
    says: 'No loop wants it back',
  },
  {
    name: 'a Pod on its way out',
    check: podGone('hello'),
    cluster: view({ pods: [pod('hello', { deleted: true })], before: wasThere(pod('hello')) }),
    state: 'waiting',
    says: 'is going away',
  },
  {
    name: 'a Pod made again after it was deleted',
    check: podGone('hello'),
    cluster: view({ pods: [pod('hello', { uid: 'new' })], before: wasThere(pod('hello')) }),
    state: 'failed',
    says: 'is a new one',
  },
  {
    name: 'a container started again',
    check: podRestarted('hello'),
    cluster: view({ pods: [pod('hello', { restarts: 1 })], before: wasThere(pod('hello')) }),
    state: 'ok',
  },
  {
    name: 'a container that restarted only before the step',
    check: podRestarted('hello'),
    cluster: view({ pods: [pod('hello', { restarts: 1 })], before: wasThere(pod('hello', { restarts: 1 })) }),
    state: 'waiting',
    says: 'has not ended yet',
  },
  {
    name: 'another Pod of the same name',
    check: podRestarted('hello'),
    cluster: view({ pods: [pod('hello', { uid: 'new' })], before: wasThere(pod('hello', { restarts: 2 })) }),
    state: 'failed',
    says: 'the old one was deleted',
  },
  {
    name: 'another Pod of the same name, whose container ended as well',
    check: podRestarted('hello'),
    cluster: view({
      pods: [pod('hello', { uid: 'new', restarts: 1 })],
      before: wasThere(pod('hello', { restarts: 2 })),
    }),
    state: 'ok',
  },
  {
    name: 'the right note',
    check: runsOn,
    cluster: view({ pods: [pod('hello', { labels: { 'runs-on': 'node-1' } })] }),
    state: 'ok',
  },
  {
    name: 'a wrong note',
    check: runsOn,
    cluster: view({ pods: [pod('hello', { labels: { 'runs-on': 'node-2' } })] }),
    state: 'failed',
    says: '`node-2`, and that is not it',
  },
  {
    name: 'one label of two',
    check: podHasLabels('hello', { app: 'a', tier: 'b' }),
    cluster: view({ pods: [pod('hello', { labels: { app: 'a' } })] }),
    state: 'waiting',
    says: 'has no label `tier` yet',
  },

  {
    name: 'a Deployment as wanted',
    check: ready2,
    cluster: view({
      deployments: [deployment('web', { replicas: 2 })],
      replicaSets: [replicaSet('rs', 'web', 2)],
      pods: [owned('a'), owned('b')],
    }),
    state: 'ok',
  },
  {
    name: 'Pods that only look like its own',
    check: ready2,
    cluster: view({
      deployments: [deployment('web', { replicas: 2 })],
      replicaSets: [replicaSet('rs', 'web', 1)],
      pods: [owned('a'), pod('b', { labels: web })],
    }),
    state: 'waiting',
    says: '1 of 2. The ReplicaSet loop has not made the others yet.',
  },
  {
    name: 'too few wanted',
    check: ready2,
    cluster: view({ deployments: [deployment('web')] }),
    state: 'waiting',
    says: 'Deployment `web` wants 1 Pod; this step wants 2.',
  },
  {
    name: 'one too many still there',
    check: ready2,
    cluster: view({
      deployments: [deployment('web', { replicas: 2 })],
      replicaSets: [replicaSet('rs', 'web', 3)],
      pods: [owned('a'), owned('b'), owned('c')],
    }),
    state: 'waiting',
    says: '1 Pod too many',
  },
  {
    name: 'the wrong image in the template',
    check: ready2,
    cluster: view({
      deployments: [deployment('web', { replicas: 2, image: 'ngnix' })],
      replicaSets: [replicaSet('rs', 'web', 1)],
      pods: [owned('a', { image: 'ngnix', ready: false, waiting: 'ErrImagePull' })],
    }),
    state: 'failed',
    says: 'New Pods come from the same template',
  },
  {
    name: 'the image mended, and a Pod of before that is still there',
    check: ready2,
    cluster: view({
      deployments: [deployment('web', { replicas: 2 })],
      replicaSets: [replicaSet('rs', 'web', 2)],
      pods: [owned('a'), owned('b', { image: 'ngnix', ready: false, waiting: 'ErrImagePull' })],
    }),
    state: 'waiting',
    says: '1 of 2. The others are still those of before.',
  },
  {
    name: 'a bare Pod in its place',
    check: ready2,
    cluster: view({ pods: [pod('web')] }),
    state: 'failed',
    says: 'nobody would bring that Pod back',
  },
  {
    name: 'a finished rollout',
    check: rolledOver('web'),
    cluster: view({
      deployments: [deployment('web')],
      replicaSets: [replicaSet('old', 'web', 0, 1), replicaSet('new', 'web', 2, 2)],
    }),
    state: 'ok',
  },
  {
    name: 'a finished rollout whose old ReplicaSet somebody has tidied away',
    check: rolledOver('web'),
    cluster: view({
      deployments: [
        { ...deployment('web'), metadata: { ...deployment('web').metadata, annotations: { [REVISION]: '2' } } },
      ],
      replicaSets: [replicaSet('new', 'web', 2)],
    }),
    state: 'ok',
  },
  {
    name: 'no rollout',
    check: rolledOver('web'),
    cluster: view({ deployments: [deployment('web')], replicaSets: [replicaSet('only', 'web', 2)] }),
    state: 'waiting',
    says: 'has one ReplicaSet',
  },
  {
    name: 'a rollout on its way',
    check: rolledOver('web'),
    cluster: view({
      deployments: [deployment('web')],
      replicaSets: [replicaSet('old', 'web', 1, 1), replicaSet('new', 'web', 2, 2)],
    }),
    state: 'waiting',
    says: '2 ReplicaSets still have Pods',
  },

  {
    name: 'a Service that reaches its Pod',
    check: reaches,
    cluster: view({
      services: [service('web', web)],
      endpointSlices: [slice('web', 'a')],
      pods: [pod('a', { labels: web })],
    }),
    state: 'ok',
  },
  {
    name: 'a selector that nobody has',
    check: reaches,
    cluster: view({ services: [service('web', { app: 'wbe' })], pods: [pod('a', { labels: web })] }),
    state: 'failed',
    says: 'Service `web` selects `app=wbe`; no Pod has that label.',
  },
  {
    name: 'a selector that others have',
    check: reaches,
    cluster: view({ services: [service('web', { app: 'db' })], pods: [pod('a', { labels: { app: 'db' } })] }),
    state: 'failed',
    says: 'Service `web` selects `app=db`; this step wants `app=web`.',
  },
  {
    name: 'a port where nobody listens',
    check: reaches,
    cluster: view({ services: [service('web', web, 80, 8080)], pods: [pod('a', { labels: web })] }),
    state: 'failed',
    says: 'on to port 8080 of its Pods, where nobody listens; they listen on 80',
  },
  {
    name: 'another port at the door',
    check: reaches,
    cluster: view({ services: [service('web', web, 8080)], pods: [pod('a', { labels: web })] }),
    state: 'failed',
    says: 'listens on port `8080`; this step wants 80',
  },
  {
    name: 'a Pod that is not Ready yet',
    check: reaches,
    cluster: view({ services: [service('web', web)], pods: [pod('a', { labels: web, ready: false })] }),
    state: 'waiting',
    says: '0 of 1.',
  },
  {
    name: 'a Service of another name',
    check: reaches,
    cluster: view({ services: [service('front', web)] }),
    state: 'waiting',
    says: 'only `front`',
  },
  {
    name: 'a Pod taken aside',
    check: podLeftService('web', { key: 'app', value: 'web' }),
    cluster: view({
      pods: [pod('a', { labels: { app: 'aside' } })],
      before: wasThere(pod('a', { labels: web })),
      endpointSlices: [slice('web', 'b')],
    }),
    state: 'ok',
  },
  {
    name: 'a Pod taken aside that is still listed',
    check: podLeftService('web', { key: 'app', value: 'web' }),
    cluster: view({
      pods: [pod('a', { labels: { app: 'aside' } })],
      before: wasThere(pod('a', { labels: web })),
      endpointSlices: [slice('web', 'a')],
    }),
    state: 'waiting',
    says: 'still lists it',
  },
  {
    name: 'a selector of two labels, given in another order',
    check: serviceReaches('web', { selector: { app: 'web', env: 'prod' }, port: 80, targetPort: 80, endpoints: 1 }),
    cluster: view({
      pods: [pod('a', { labels: { ...web, env: 'prod' } })],
      services: [service('web', { env: 'prod', ...web })],
      endpointSlices: [slice('web', 'a')],
    }),
    state: 'ok',
  },
  {
    name: 'a Service of a Deployment, by labels of the learner’s own choice',
    check: serviceReachesDeployment('shop', { deployment: 'shop', port: 80, targetPort: 80, endpoints: 1 }),
    cluster: view({
      pods: [pod('a', { owner: 'rs', labels: { part: 'front' } })],
      deployments: [deployment('shop')],
      replicaSets: [replicaSet('rs', 'shop', 1)],
      services: [service('shop', { part: 'front' })],
      endpointSlices: [slice('shop', 'a')],
    }),
    state: 'ok',
  },
  {
    name: 'a Service of a Deployment that finds another one’s Pods too',
    check: serviceReachesDeployment('shop', { deployment: 'shop', port: 80, targetPort: 80, endpoints: 1 }),
    cluster: view({
      pods: [pod('a', { owner: 'rs', labels: web }), pod('b', { labels: web })],
      deployments: [deployment('shop')],
      replicaSets: [replicaSet('rs', 'shop', 1)],
      services: [service('shop', web)],
      endpointSlices: [slice('shop', 'a')],
    }),
    state: 'failed',
    says: 'Service `shop` selects `app=web`, and so it reaches `b` as well.',
  },
  {
    name: 'a Service of one Pod that finds another',
    check: serviceReachesOnly('cart', { pods: ['a'], port: 80, targetPort: 80 }),
    cluster: view({
      pods: [pod('a', { labels: web }), pod('b', { labels: { app: 'b' } })],
      services: [service('cart', { app: 'b' })],
    }),
    state: 'failed',
    says: 'Service `cart` selects `app=b`, and so it reaches `b` as well.',
  },
  {
    name: 'a Service of one Pod, by whatever tells it apart',
    check: serviceReachesOnly('cart', { pods: ['a'], port: 80, targetPort: 80 }),
    cluster: view({
      pods: [pod('a', { labels: { ...web, release: 'canary' } }), pod('b', { labels: web })],
      services: [service('cart', { release: 'canary' })],
      endpointSlices: [slice('cart', 'a')],
    }),
    state: 'ok',
  },
  {
    name: 'the address of a Pod for that of the Service',
    check: notesServiceAddress({ pod: 'client', annotation: 'called', service: 'web' }),
    cluster: view({
      services: [service('web', web)],
      pods: [pod('client', { annotations: { called: '10.1.1.1' } }), pod('a', { ip: '10.1.1.1' })],
    }),
    state: 'failed',
    says: 'is the address of Pod `a`, and goes with it',
  },
  {
    name: 'the address of the Service',
    check: notesServiceAddress({ pod: 'client', annotation: 'called', service: 'web' }),
    cluster: view({ services: [service('web', web)], pods: [pod('client', { annotations: { called: '10.96.0.7' } })] }),
    state: 'ok',
  },
  {
    name: 'the address as it was typed behind curl',
    check: notesServiceAddress({ pod: 'client', annotation: 'called', service: 'web' }),
    cluster: view({
      services: [service('web', web)],
      pods: [pod('client', { annotations: { called: 'http://10.96.0.7:80/' } })],
    }),
    state: 'ok',
  },
]

describe('checks', () => {
  it.each(rows)('$name: $state', ({ check, cluster, state, says }) => {
    const verdict = check.judge(cluster)
    expect(verdict.state).toBe(state)
    if (state === 'ok') expect(verdict).toMatchObject({ message: '', credit: 1 })
    else expect(verdict.credit).toBeLessThan(1)
    if (says !== undefined) expect(verdict.message).toContain(says)
  })

  it('never change what they look at', () => {
    for (const { check, cluster } of rows) {
      const copy = structuredClone(cluster)
      check.judge(cluster)
      expect(cluster).toEqual(copy)
    }
  })
})

describe('sameImage', () => {
  it.each([
    ['nginx', 'nginx:latest', true],
    ['docker.io/library/redis:7', 'redis:7', true],
    ['nginx:1.26', 'nginx', false],
    ['registry:5000/nginx', 'nginx', false],
  ])('%s is %s: %s', (one, other, same) => {
    expect(sameImage(one, other)).toBe(same)
  })
})

describe('troubleOf', () => {
  it('names the container that keeps ending, and how', () => {
    const broken = pod('a', { ready: false, waiting: 'CrashLoopBackOff' })
    expect(troubleOf(broken)).toMatchObject({ status: 'CrashLoopBackOff', stuck: true })
    expect(troubleOf(broken).message).toContain('kubectl logs a --previous')
  })

  it('repeats why the scheduler found no node', () => {
    const { nodeName: _, ...spec } = pod('a').spec!
    const message = '0/2 nodes are available: 2 Insufficient cpu.'
    const pending: Pod = {
      ...pod('a'),
      spec,
      status: { conditions: [{ type: 'PodScheduled', status: 'False', message }] },
    }
    expect(troubleOf(pending).message).toContain(message)
  })
})
