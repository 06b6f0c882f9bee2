import { describe } from 'vitest'
import type { Pod, Service } from '../cluster-view.ts'
import { serviceAnswers, serviceIs } from './service-path-checks.ts'
import { judge } from './testing/judged.ts'
import { pod, service, slice, view } from './testing/objects.ts'

const api = (name: string, told: { ready?: boolean; path?: string } = {}): Pod => {
  const made = pod(name, { labels: { app: 'api', tier: 'backend' }, ready: told.ready ?? true })
  const readinessProbe = { httpGet: { path: told.path ?? '/', port: 80 } }
  return {
    ...made,
    spec: {
      nodeName: 'node-1',
      containers: [
        {
          name: 'main',
          ports: [{ name: 'http', containerPort: 8080 }],
          ...(told.path ? { readinessProbe } : {}),
        },
      ],
    },
    status: { ...made.status, phase: 'Running' },
  }
}
/** A Pod of the lab's own program, whatever it says of its ports. */
const hello = (
  name: string,
  ports: { containerPort: number }[],
  env: { name: string; value: string }[] = [],
  image = 'podium/hello:1.0',
): Pod => {
  const made = api(name)
  const [main] = made.spec?.containers ?? []
  return { ...made, spec: { containers: [{ ...main, name: 'main', image, ports, env }] } }
}
const hellos = (...told: [{ containerPort: number }[], { name: string; value: string }[]?]) =>
  ['a', 'b'].map((name) => hello(name, ...told))
const to = (selector: Record<string, string>, target: number | string = 8080): Service =>
  service('api', selector, 80, target)
const whole = { app: 'api' }
const answers = serviceAnswers('api', { app: 'api', endpoints: 2 })
const both = [api('a'), api('b')]

describe('the way to a Service’s Pods', () => {
  judge([
    {
      name: 'whole',
      check: answers,
      cluster: view({ services: [to(whole)], pods: both, endpointSlices: [slice('api', 'a', 'b')] }),
      state: 'ok',
    },
    {
      name: 'whole, by a selector of its own',
      check: answers,
      cluster: view({
        services: [to({ tier: 'backend' }, 'http')],
        pods: both,
        endpointSlices: [slice('api', 'a', 'b')],
      }),
      state: 'ok',
    },
    {
      name: 'one label of two fits',
      check: answers,
      cluster: view({ services: [to({ app: 'api', tier: 'back' })], pods: both }),
      state: 'failed',
      says: 'selects `app=api,tier=back`; no Pod has all of these labels. 2 Pods have `app=api,tier=backend`.',
    },
    {
      name: 'a port where nobody listens',
      check: answers,
      cluster: view({ services: [to(whole, 80)], pods: both, endpointSlices: [slice('api', 'a', 'b')] }),
      state: 'failed',
      says: 'on to `80` of its Pods, where nobody listens; they listen on `8080 (http)`',
    },
    {
      name: 'a port where nobody listens, though the Pods say so',
      check: answers,
      cluster: view({
        services: [to(whole, 80)],
        pods: hellos([{ containerPort: 80 }]),
        endpointSlices: [slice('api', 'a', 'b')],
      }),
      state: 'failed',
      says: 'they listen on `8080`. A `containerPort` only says what is meant, and opens nothing.',
    },
    {
      name: 'whole, where the Pods say nothing of their port',
      check: answers,
      cluster: view({ services: [to(whole)], pods: hellos([]), endpointSlices: [slice('api', 'a', 'b')] }),
      state: 'ok',
    },
    {
      name: 'whole, where the program was told to listen where the Service sends',
      check: answers,
      cluster: view({
        services: [to(whole, 80)],
        pods: hellos([{ containerPort: 8080 }], [{ name: 'PORT', value: '80' }]),
        endpointSlices: [slice('api', 'a', 'b')],
      }),
      state: 'ok',
    },
    {
      name: 'whole, made by kubectl, which declares no port',
      check: answers,
      cluster: view({
        services: [to(whole, 80)],
        pods: ['a', 'b'].map((name) => hello(name, [], [], 'docker.io/nginx')),
        endpointSlices: [slice('api', 'a', 'b')],
      }),
      state: 'ok',
    },
    {
      name: 'a port name that nobody has',
      check: answers,
      cluster: view({ services: [to(whole, 'web')], pods: both }),
      state: 'failed',
      says: 'a name that no port of these Pods has',
    },
    {
      name: 'a probe that is asked in vain',
      check: answers,
      cluster: view({
        services: [to(whole)],
        pods: [api('a', { ready: false, path: '/ready' }), api('b', { ready: false, path: '/ready' })],
      }),
      state: 'failed',
      says: '`a` runs, but its readinessProbe asks for `/ready` on port 80 in vain',
    },
    {
      name: 'Pods of somebody else',
      check: answers,
      cluster: view({ services: [to({ app: 'db' })], pods: [pod('d', { labels: { app: 'db' } })] }),
      state: 'failed',
      says: 'selects `d`, which is not of `api`',
    },
    {
      name: 'endpoints not written yet',
      check: answers,
      cluster: view({ services: [to(whole)], pods: both }),
      state: 'waiting',
    },
    {
      name: 'a door on every node',
      check: serviceIs('api', { aim: '', type: 'NodePort' }),
      cluster: view({ services: [{ ...to(whole), spec: { ...to(whole).spec, type: 'NodePort' } }] }),
      state: 'ok',
    },
    {
      name: 'no door yet',
      check: serviceIs('api', { aim: '', type: 'NodePort' }),
      cluster: view({ services: [to(whole)] }),
      state: 'waiting',
      says: 'has type `ClusterIP`; this step wants `NodePort`',
    },
    {
      name: 'an address where none was wanted',
      check: serviceIs('api', { aim: '', headless: true }),
      cluster: view({ services: [to(whole)] }),
      state: 'failed',
      says: 'has the address `10.96.0.7`, and keeps it for life',
    },
    {
      name: 'a favourite',
      check: serviceIs('api', { aim: '', affinity: 'None' }),
      cluster: view({ services: [{ ...to(whole), spec: { ...to(whole).spec, sessionAffinity: 'ClientIP' } }] }),
      state: 'failed',
      says: 'each client is sent to the Pod it met first',
    },
  ])
})
