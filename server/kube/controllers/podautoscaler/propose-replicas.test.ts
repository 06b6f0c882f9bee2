import type { MetricSpec } from 'kubernetes-types/autoscaling/v2'
import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { selectorOfMap } from '../../apimachinery/label-selector.ts'
import type { Client } from '../../client/client.ts'
import { Namespace, Node, Service } from '../../kinds/index.ts'
import { MetricsClient } from './metrics-client.ts'
import { type MetricFailure, proposeReplicas } from './propose-replicas.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const ready: Pod = {
  metadata: { name: 'p0' },
  spec: {
    containers: [
      { name: 'web', resources: { requests: { cpu: '1', memory: '1Gi' } } },
      { name: 'other', resources: { requests: { cpu: '1', memory: '1Gi' } } },
    ],
  },
  status: {
    phase: 'Running',
    startTime: '2026-01-01T00:00:00Z',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  },
}
const usage = (cpu: string, memory: string) => ({
  metadata: { name: 'p0' },
  timestamp: '2026-01-01T00:59:50Z',
  window: '15s',
  containers: [{ name: 'web', usage: { cpu, memory } }],
})

/** With what the metrics' servers answer, and what they are asked. */
function asked(metric: object, items: object[], { pod = ready, statusReplicas = 1 } = {}) {
  const paths: string[] = []
  const request = async ({ path }: { path: string }) => {
    paths.push(path)
    return { items }
  }
  const proposed = proposeReplicas(
    {
      metrics: new MetricsClient({ transport: { request } } as unknown as Client, 'default'),
      pods: [pod],
      selector: selectorOfMap({ app: 'web' }),
      specReplicas: 1,
      statusReplicas,
      tolerances: { up: 0.1, down: 0.1 },
      now: NOW,
      kindOf: ({ kind }) => [Service, Node, Namespace].find((one) => one.kind === kind),
    },
    metric as MetricSpec,
  )
  return { proposed, paths }
}
const object = (kind: string, target: object, name = 'web') => ({
  object: { describedObject: { apiVersion: 'v1', kind, name }, metric: { name: 'hits' }, target },
})
const external = (target: object, selector?: object) => ({ external: { metric: { name: 'queue', selector }, target } })
const byAverage = { type: 'AverageValue', averageValue: '1' }
const byValue = { type: 'Value', value: '1' }
const NONE =
  'unable to fetch metrics from custom metrics API: the custom metrics API server returned 0 results when we asked for exactly one'

it.each<{ name: string; metric: object; said: string; inContext: string }>([
  {
    name: 'an object',
    metric: object('Service', byValue),
    said: `unable to get metric hits: Service on default web/${NONE}`,
    inContext: `failed to get object metric value: unable to get metric hits: Service on default web/${NONE}`,
  },
  {
    name: 'an object, shared out',
    metric: object('Service', byAverage),
    said: `unable to get metric hits: Service on default web/${NONE}`,
    inContext: `failed to get object metric value: failed to get hits object metric: unable to get metric hits: Service on default web/${NONE}`,
  },
  {
    name: 'an object of a kind that nobody knows',
    metric: object('Thing', byValue),
    said: 'unable to get metric hits: Thing on default web/unable to fetch metrics from custom metrics API: unable to map kind Thing to resource: no matches for kind "Thing" in group ""',
    inContext:
      'failed to get object metric value: unable to get metric hits: Thing on default web/unable to fetch metrics from custom metrics API: unable to map kind Thing to resource: no matches for kind "Thing" in group ""',
  },
  {
    name: 'anything else',
    metric: external(byValue),
    said: 'unable to get external metric default/queue/nil: no metrics returned from external metrics API',
    inContext:
      'failed to get queue external metric value: failed to get external metric queue: unable to get external metric default/queue/nil: no metrics returned from external metrics API',
  },
  {
    name: 'anything else, shared out',
    metric: external(byAverage, { matchLabels: { b: '2', a: '1' } }),
    said: 'unable to get external metric default/queue/&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}: no metrics returned from external metrics API',
    inContext:
      'failed to get queue external metric value: failed to get queue external metric: unable to get external metric default/queue/&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}: no metrics returned from external metrics API',
  },
])('says in upstream’s words that nothing is told of $name', async ({ metric, said, inContext }) => {
  const failure = (await asked(metric, []).proposed.catch((err) => err)) as MetricFailure
  expect([failure.message, failure.inContext]).toEqual([said, inContext])
})

it.each<{ name: string; metric: object; items: object[]; pod?: Pod; said: string }>([
  {
    name: 'a container that was not measured',
    metric: { containerResource: { name: 'cpu', container: 'gone', target: { averageUtilization: 50 } } },
    items: [usage('1', '1Gi')],
    said: 'failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
  },
  {
    name: 'a container that the pod does not have',
    metric: { containerResource: { name: 'cpu', container: 'web', target: { averageUtilization: 50 } } },
    items: [usage('1', '1Gi')],
    pod: { ...ready, spec: { containers: [{ name: 'other' }] } },
    said: 'failed to get cpu utilization: container web not found in Pod p0',
  },
  {
    name: 'pods that are not ready, before it is said that they ask for nothing',
    metric: { resource: { name: 'cpu', target: { averageUtilization: 50 } } },
    items: [usage('1', '1Gi')],
    pod: { ...ready, spec: { containers: [{ name: 'web' }] }, status: { phase: 'Pending' } },
    said: 'failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
  },
  {
    name: 'pods that ask for something else as a whole',
    metric: { resource: { name: 'cpu', target: { averageUtilization: 50 } } },
    items: [usage('1', '1Gi')],
    pod: {
      ...ready,
      spec: { containers: [{ name: 'web' }], resources: { requests: { memory: '1Gi' } } } as Pod['spec'] & {},
    },
    said: 'failed to get cpu utilization: missing pod-level request for cpu in Pod p0',
  },
])('says in upstream’s words why nothing can be said of $name', async ({ metric, items, pod, said }) => {
  await expect(asked(metric, items, pod ? { pod } : {}).proposed).rejects.toThrow(said)
})

it('tells memory as machines count it', async () => {
  const metric = { resource: { name: 'memory', target: { averageValue: '100Mi' } } }
  const { status } = await asked(metric, [usage('1', '200Mi')]).proposed
  expect(status.resource?.current).toEqual({ averageValue: '200Mi' })
})

it('calls what one container uses by its own name', async () => {
  const metric = { containerResource: { name: 'cpu', container: 'web', target: { averageUtilization: 50 } } }
  const { name, status } = await asked(metric, [usage('1', '1Gi')]).proposed
  expect(name).toBe('cpu container resource utilization (percentage of request)')
  expect(status.containerResource?.current).toEqual({ averageUtilization: 100, averageValue: '1' })
})

it('counts what a pod asks for as a whole, and what it costs to run', async () => {
  const spec = {
    ...ready.spec,
    containers: [{ name: 'web' }],
    resources: { requests: { cpu: '1500m' } },
    overhead: { cpu: '500m' },
  }
  const metric = { resource: { name: 'cpu', target: { averageUtilization: 50 } } }
  const { status } = await asked(metric, [usage('1', '1Gi')], { pod: { ...ready, spec } as Pod }).proposed
  expect(status.resource?.current).toMatchObject({ averageUtilization: 50 })
})

it.each([
  ['Service', 'namespaces/default/services/web/hits'],
  ['Node', 'namespaces/default/nodes/web/hits'],
  ['Namespace', 'namespaces/default/metrics/hits'],
])('asks of a %s in its own namespace', async (kind, path) => {
  const { proposed, paths } = asked(object(kind, byValue), [{ value: '3' }])
  expect((await proposed).replicas).toBe(3)
  expect(paths).toEqual([`/apis/custom.metrics.k8s.io/v1beta2/${path}`])
})

it('shares out among none as Go does', async () => {
  const { proposed } = asked(external(byAverage), [{ value: '3' }], { statusReplicas: 0 })
  expect(await proposed).toMatchObject({
    replicas: 3,
    status: { external: { current: { averageValue: '-9223372036854775808m' } } },
  })
})
