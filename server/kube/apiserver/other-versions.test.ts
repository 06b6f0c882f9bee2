// One stored object, served in two versions: what is written in one is read in the other, and nothing is lost.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeList, KubeObject } from '../apimachinery/object-meta.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

let test: TestServer
beforeAll(async () => {
  test = await startTestServer()
})
afterAll(() => test[Symbol.asyncDispose]())

const at = (version: string, name = '') =>
  `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers${name && `/${name}`}`
const ask = (method: string, path: string, more: object = {}) =>
  test.transport.request({ method, path, ...more } as never) as Promise<KubeObject & Record<string, unknown>>
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } }
const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

describe('a kind with two versions', () => {
  it('is one object, asked in either', async () => {
    const spec = { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 60 }
    const one = await ask('POST', at('v1'), { body: { metadata: { name: 'both' }, spec } })
    expect(one).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { ...spec, minReplicas: 1 } })
    const two = await ask('GET', at('v2', 'both'))
    expect(two).toMatchObject({
      apiVersion: 'autoscaling/v2',
      metadata: { uid: one.metadata?.uid, resourceVersion: one.metadata?.resourceVersion },
      spec: { scaleTargetRef, maxReplicas: 5, minReplicas: 1, metrics: [cpu(60)] },
    })
    expect((two.spec as object & { targetCPUUtilizationPercentage?: number }).targetCPUUtilizationPercentage).toBe(
      undefined,
    )
  })

  it('is kept in the version that is preferred', async () => {
    await ask('POST', at('v1'), { body: { metadata: { name: 'kept' }, spec: { scaleTargetRef, maxReplicas: 5 } } })
    const key = '/registry/horizontalpodautoscalers/default/kept'
    const { kvs } = await test.store.range({ key })
    expect(JSON.parse(String(kvs[0]?.value))).toMatchObject({ apiVersion: 'autoscaling/v2' })
    const group = (await ask('GET', '/apis/autoscaling')) as unknown as { preferredVersion: object; versions: object[] }
    expect(group.preferredVersion).toEqual({ groupVersion: 'autoscaling/v2', version: 'v2' })
    expect(group.versions).toHaveLength(2)
  })

  it('loses nothing when a client of the older version writes it', async () => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } }
    const spec = { scaleTargetRef, maxReplicas: 5, metrics: [cpu(70), memory], behavior }
    const made = await ask('POST', at('v2'), { body: { metadata: { name: 'rich' }, spec } })
    const one = await ask('GET', at('v1', 'rich'))
    expect(one.metadata?.annotations).toMatchObject({
      'autoscaling.alpha.kubernetes.io/metrics':
        '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]',
      'autoscaling.alpha.kubernetes.io/behavior': expect.stringContaining('"StabilizationWindowSeconds":60'),
    })
    const written = { ...one, spec: { ...(one.spec as object), maxReplicas: 9 } }
    await ask('PUT', at('v1', 'rich'), { body: written })
    const two = await ask('GET', at('v2', 'rich'))
    // What travels in annotations comes first, as upstream has it.
    expect(two.spec).toEqual({ ...(made.spec as object), metrics: [memory, cpu(70)], maxReplicas: 9 })
    expect(two.metadata?.annotations).toBe(undefined)
  })

  it('is patched and applied in the version of the URL', async () => {
    await ask('POST', at('v2'), { body: { metadata: { name: 'patched' }, spec: { scaleTargetRef, maxReplicas: 5 } } })
    const contentType = 'application/merge-patch+json'
    const body = { spec: { targetCPUUtilizationPercentage: 33 } }
    await ask('PATCH', at('v1', 'patched'), { body, contentType })
    expect((await ask('GET', at('v2', 'patched'))).spec).toMatchObject({ metrics: [cpu(33)] })
    const applied = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'patched' } }
    const answer = await ask('PATCH', at('v1', 'patched'), {
      query: { fieldManager: 'me', force: 'true' },
      body: { ...applied, spec: { scaleTargetRef, maxReplicas: 7, targetCPUUtilizationPercentage: 44 } },
      contentType: 'application/apply-patch+yaml',
    })
    expect(answer).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { maxReplicas: 7 } })
    expect((await ask('GET', at('v2', 'patched'))).spec).toMatchObject({ maxReplicas: 7, metrics: [cpu(44)] })
    expect(answer.metadata?.managedFields).toContainEqual(
      expect.objectContaining({ manager: 'me', operation: 'Apply', apiVersion: 'autoscaling/v1' }),
    )
  })

  describe('has owners of its fields', () => {
    const write = (version: string, manager: string, name: string, spec: object, force = false) =>
      ask('PATCH', at(version, name), {
        query: { fieldManager: manager, force: String(force) },
        body: {
          apiVersion: `autoscaling/${version}`,
          kind: 'HorizontalPodAutoscaler',
          metadata: { name },
          spec: { scaleTargetRef, ...spec },
        },
        contentType: 'application/apply-patch+yaml',
      })
    const ownedBy = (object: KubeObject, manager: string) => {
      const entry = object.metadata?.managedFields?.find((one) => one.manager === manager)
      const { 'f:spec': spec = {} } = (entry?.fieldsV1 ?? {}) as { 'f:spec'?: object }
      return [entry?.apiVersion, ...Object.keys(spec)]
    }

    it('who lose what is changed in another version, in the words of their own', async () => {
      await write('v1', 'alice', 'owned', { maxReplicas: 5, targetCPUUtilizationPercentage: 50 })
      const body = { spec: { metrics: [cpu(70)] } }
      const contentType = 'application/merge-patch+json'
      const query = { fieldManager: 'bob' }
      const patched = await ask('PATCH', at('v2', 'owned'), { query, body, contentType })
      expect(ownedBy(patched, 'alice')).toEqual(['autoscaling/v1', 'f:maxReplicas', 'f:scaleTargetRef'])
      expect(ownedBy(patched, 'bob')).toEqual(['autoscaling/v2', 'f:metrics'])
    })

    it('who keep what is as it was, whoever writes it in another version', async () => {
      await write('v1', 'alice', 'kept-by', { maxReplicas: 5, targetCPUUtilizationPercentage: 50 })
      const applied = await write('v2', 'bob', 'kept-by', { maxReplicas: 5, metrics: [cpu(50)] })
      expect(ownedBy(applied, 'alice')).toContain('f:targetCPUUtilizationPercentage')
      expect(ownedBy(applied, 'bob')).toContain('f:metrics')
    })

    it('who are asked first, when somebody applies otherwise in another version', async () => {
      await write('v1', 'alice', 'asked', { maxReplicas: 5, targetCPUUtilizationPercentage: 50 })
      const change = { maxReplicas: 6, metrics: [cpu(60)] }
      await expect(write('v2', 'bob', 'asked', change)).rejects.toMatchObject({
        message:
          'Apply failed with 2 conflicts: conflicts with "alice":\n- .spec.maxReplicas\n' +
          '- .spec.targetCPUUtilizationPercentage',
      })
      const forced = await write('v2', 'bob', 'asked', change, true)
      expect(ownedBy(forced, 'alice')).toEqual(['autoscaling/v1', 'f:scaleTargetRef'])
    })

    it('who give up in one version what they applied in another', async () => {
      await write('v1', 'alice', 'left', { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 50 })
      await write('v1', 'bob', 'left', { maxReplicas: 5, minReplicas: 2 })
      const applied = await write('v2', 'alice', 'left', { maxReplicas: 5, metrics: [memory] })
      expect(applied.spec).toMatchObject({ minReplicas: 2, maxReplicas: 5, metrics: [memory] })
      expect(ownedBy(applied, 'alice')).toEqual(['autoscaling/v2', 'f:maxReplicas', 'f:metrics', 'f:scaleTargetRef'])
      const left = await write('v2', 'alice', 'left', { maxReplicas: 5 })
      expect((left.spec as { metrics?: object[] }).metrics).not.toContainEqual(memory)
    })
  })

  it('is listed and watched in the version of the URL', async () => {
    const before = (await ask('GET', at('v1'))) as unknown as KubeList
    expect(before.items.length).toBeGreaterThan(0)
    expect((before.items as { spec: object }[]).every(({ spec }) => !('metrics' in spec))).toBe(true)
    using log = await watchLog(test.transport, at('v1'), { resourceVersion: before.metadata.resourceVersion ?? '' })
    const spec = { scaleTargetRef, maxReplicas: 5, metrics: [cpu(12)] }
    await ask('POST', at('v2'), { body: { metadata: { name: 'seen' }, spec } })
    await ask('DELETE', at('v2', 'seen'))
    await log.length(2)
    expect(log.words).toEqual(['ADDED seen', 'DELETED seen'])
    for (const { object } of log.events) {
      expect(object).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 12 } })
    }
  })

  it('is refused for what is wrong with it as it is stored', async () => {
    const spec = {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment' },
      maxReplicas: 0,
      targetCPUUtilizationPercentage: 0,
    }
    await expect(ask('POST', at('v1'), { body: { metadata: { name: 'bad' }, spec } })).rejects.toMatchObject({
      message:
        'HorizontalPodAutoscaler.autoscaling "bad" is invalid: [spec.maxReplicas: Required value: must be set and greater than 0, ' +
        'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`, ' +
        'spec.scaleTargetRef.name: Required value, ' +
        'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0]',
    })
  })
})
