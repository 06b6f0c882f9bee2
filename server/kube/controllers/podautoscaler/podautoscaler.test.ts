import type { HorizontalPodAutoscaler as Wire } from 'kubernetes-types/autoscaling/v2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { notFound, StatusError } from '../../apimachinery/status-error.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import type { TransportRequest } from '../../client/transport.ts'
import { Deployment, Event, HorizontalPodAutoscaler } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { deployment, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

describe('the loop', () => {
  let loops: TestLoops
  const place = { namespace: 'default', name: 'web' }
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.addNode('n1', { cpu: '40' })
    // Nobody plays the node's heartbeat.
    await loops.run(undefined, { nodeMonitorGracePeriodMs: 24 * 3_600_000 })
    const made = deployment('web', { replicas: 2 })
    made.spec!.template.spec!.containers[0]!.resources = { requests: { cpu: '100m' } }
    await loops.client.of(Deployment).create(made)
    await loops.until('two run', async () => (await status())?.readyReplicas === 2)
    // Old enough to be believed.
    await loops.clock.advance(6 * 60_000)
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const status = async () => (await loops.client.of(Deployment).get(place)).status
  const replicas = async () => (await loops.client.of(Deployment).get(place)).spec?.replicas
  const get = () => loops.client.of(HorizontalPodAutoscaler).get(place)
  const condition = async (type: string) => {
    const { status: is, reason, message } = (await get()).status?.conditions?.find((one) => one.type === type) ?? {}
    return [is, reason, message]
  }
  const events = async () =>
    (await loops.client.of(Event).list({ namespace: 'default' })).items
      .filter(({ source }) => source?.component === 'horizontal-pod-autoscaler')
      .map(({ reason, message }) => `${reason}: ${message}`)
  const create = (spec: Partial<Wire['spec']> = {}) =>
    loops.client.of(HorizontalPodAutoscaler).create({
      metadata: place,
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 10, ...spec },
    })
  /** Every pod uses so much of the processor. */
  function use(cpu: () => string): void {
    loops.servers.set('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods', async ({ query }: TransportRequest) => {
      const timestamp = new Date(loops.clock.now()).toISOString()
      const items = (await loops.pods(query?.labelSelector)).map(({ metadata }) => ({
        metadata,
        timestamp,
        window: '15s',
        containers: [{ name: 'web', usage: { cpu: cpu() } }],
      }))
      return { kind: 'PodMetricsList', items }
    })
  }

  it('makes more while there is too much to do, and fewer five minutes after there was', async () => {
    let load = '160m'
    use(() => load)
    await create()
    await loops.until('four', async () => (await replicas()) === 4)
    await loops.until('told', async () => (await events()).length > 0)
    expect(await events()).toEqual([
      'SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target',
    ])
    expect(await condition('AbleToScale')).toEqual([
      'True',
      'SucceededRescale',
      'the HPA controller was able to update the target scale to 4',
    ])
    expect(await condition('ScalingActive')).toEqual([
      'True',
      'ValidMetricFound',
      'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
    ])
    expect((await get()).status).toMatchObject({
      desiredReplicas: 4,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 160, averageValue: '160m' } } },
      ],
    })
    load = '20m'
    const quietSince = loops.clock.now()
    await loops.until('waits', async () => (await condition('AbleToScale'))[1] === 'ScaleDownStabilized')
    await loops.until('one', async () => (await replicas()) === 1)
    expect(loops.clock.now() - quietSince).toBeGreaterThanOrEqual(4 * 60_000)
    await loops.until('told', async () => (await events()).length > 1)
    expect((await events()).at(-1)).toBe('SuccessfulRescale: New size: 1; reason: All metrics below target')
  })

  it('says why it can do nothing, and does what it can', async () => {
    loops.servers.set('/apis/metrics.k8s.io/', () => {
      throw new StatusError('NotFound', 'the server could not find the requested resource')
    })
    await create()
    await loops.until('told', async () => (await events()).length === 2)
    const why =
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)'
    expect(await events()).toEqual([
      `FailedGetResourceMetric: ${why}`,
      `FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${why}`,
    ])
    const said = await condition('ScalingActive')
    expect(said).toEqual([
      'False',
      'FailedGetResourceMetric',
      `the HPA was unable to compute the replica count: ${why}`,
    ])
    await loops.client
      .of(HorizontalPodAutoscaler)
      .patch(place, 'application/merge-patch+json', { spec: { minReplicas: 3 } })
    await loops.until('three', async () => (await replicas()) === 3)
    await loops.until('told', async () => (await events()).length === 3)
    expect((await events())[2]).toBe(
      'SuccessfulRescale: New size: 3; reason: Current number of replicas below Spec.MinReplicas',
    )
  })

  it('takes the most that custom, object and external metrics ask for', async () => {
    const asked: string[] = []
    const value = (amount: string) => ({ items: [{ describedObject: { name: 'x' }, value: amount }] })
    loops.servers.set('/apis/custom.metrics.k8s.io/v1beta2/', ({ path }) => {
      throw notFound({ group: '', resource: 'metrics' }, path)
    })
    loops.servers.set('/apis/custom.metrics.k8s.io/v1beta1/', async ({ path }) => {
      asked.push(path)
      if (path.includes('/ingresses.networking.k8s.io/')) return value('6k')
      const timestamp = new Date(loops.clock.now()).toISOString()
      const items = (await loops.pods()).map(({ metadata }) => ({
        describedObject: metadata,
        timestamp,
        value: '1500m',
      }))
      return { items }
    })
    loops.servers.set('/apis/external.metrics.k8s.io/v1beta1/', ({ path, query }) => {
      asked.push(`${path}?${query?.labelSelector}`)
      return value('30')
    })
    const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' }
    await create({
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'packets' }, target: { type: 'AverageValue', averageValue: '1' } } },
        {
          type: 'Object',
          object: { describedObject: ingress, metric: { name: 'hits' }, target: { type: 'Value', value: '3k' } },
        },
        {
          type: 'External',
          external: {
            metric: { name: 'queue', selector: { matchLabels: { of: 'web' } } },
            target: { type: 'AverageValue', averageValue: '10' },
          },
        },
      ],
    })
    await loops.until('four', async () => (await replicas()) === 4)
    expect(asked.slice(0, 3)).toEqual([
      '/apis/custom.metrics.k8s.io/v1beta1/namespaces/default/pods/*/packets',
      '/apis/custom.metrics.k8s.io/v1beta1/namespaces/default/ingresses.networking.k8s.io/main/hits',
      '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue?of=web',
    ])
    await loops.until('told', async () => (await events()).length > 0)
    expect((await events())[0]).toBe('SuccessfulRescale: New size: 4; reason: Ingress metric hits above target')
  })

  it('tries again with a target that somebody else writes as well', async () => {
    use(() => '160m')
    const written: unknown[] = []
    loops.servers.set('/apis/apps/v1/namespaces/default/deployments/web/scale', ({ method, body }) => {
      const scale = { metadata: { resourceVersion: String(written.length) }, spec: { replicas: 2 } }
      if (method === 'GET') return { ...scale, status: { replicas: 2, selector: 'app=web' } }
      written.push(body)
      if (written.length < 3) throw new StatusError('Conflict', 'the object has been modified')
      return body
    })
    await create()
    await loops.until('written', async () => (await events()).length > 0)
    expect((await events())[0]).toMatch(/^SuccessfulRescale: New size: 4;/)
    expect(written).toMatchObject(
      ['0', '1', '2'].map((resourceVersion) => ({ metadata: { resourceVersion }, spec: { replicas: 4 } })),
    )
  })

  it('leaves the place of a metric that says nothing', async () => {
    use(() => '100m')
    loops.servers.set('/apis/external.metrics.k8s.io/', () => {
      throw new StatusError('NotFound', 'the server could not find the requested resource')
    })
    const external = { metric: { name: 'queue' }, target: { type: 'Value', value: '1' } }
    const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 100 } }
    await create({
      metrics: [
        { type: 'External', external },
        { type: 'Resource', resource: cpu },
      ],
    })
    await loops.until('told', async () => (await get()).status?.currentMetrics?.length === 2)
    expect((await get()).status?.currentMetrics).toMatchObject([{ type: '' }, { type: 'Resource' }])
  })

  it('leaves alone what was scaled to none, and what two pull at', async () => {
    use(() => '100m')
    await create()
    await loops.until('active', async () => (await condition('ScalingActive'))[0] === 'True')
    const { spec } = await get()
    await loops.client.of(HorizontalPodAutoscaler).create({ metadata: { ...place, name: 'other' }, spec: spec! })
    await loops.until('ambiguous', async () => (await condition('ScalingActive'))[1] === 'AmbiguousSelector')
    expect((await condition('ScalingActive'))[2]).toBe(
      'pods by selector app=web are controlled by multiple HPAs: [default/other default/web]',
    )
    await loops.client
      .of(Deployment)
      .patch(place, 'application/merge-patch+json', { spec: { replicas: 0 } }, { subresource: 'scale' })
    await loops.until('disabled', async () => (await condition('ScalingActive'))[1] === 'ScalingDisabled')
    expect(await replicas()).toBe(0)
  })

  it('says what it does not find', async () => {
    await create({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nobody' } })
    await loops.until('told', async () => (await condition('AbleToScale'))[1] === 'FailedGetScale')
    expect((await condition('AbleToScale'))[2]).toBe(
      `the HPA controller was unable to get the target's current scale: deployments.apps "nobody" not found`,
    )
  })
})
