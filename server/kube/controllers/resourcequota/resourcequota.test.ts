import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { crontab, crontabs, define, TABS } from '../../apiserver/testing/crontab.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ConfigMap, Pod, ResourceQuota } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

describe('resourcequota', () => {
  let loops: TestLoops
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.addNode('node-1')
    await loops.run(['resourcequota', 'serviceaccount'])
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const usedIs = async (used: Record<string, string>) => {
    const { status } = await loops.client.of(ResourceQuota).get({ namespace: 'default', name: 'q' })
    return JSON.stringify(status?.used) === JSON.stringify(used)
  }
  const limit = (hard: Record<string, string>) =>
    loops.client.of(ResourceQuota).create({ metadata: { name: 'q', namespace: 'default' }, spec: { hard } })
  const map = (name: string) => loops.client.of(ConfigMap).create({ metadata: { name, namespace: 'default' } })

  it('counts what is there already, and what is given back', async () => {
    await map('a')
    await map('b')
    await limit({ 'count/configmaps': '3' })
    await loops.until('counted', () => usedIs({ 'count/configmaps': '2' }))
    await map('c')
    expect(await usedIs({ 'count/configmaps': '3' }), 'charged when it was let in').toBe(true)
    await expect(map('d')).rejects.toMatchObject({ reason: 'Forbidden' })
    await loops.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' })
    await loops.until('given back', () => usedIs({ 'count/configmaps': '2' }))
    await map('d')
  })

  it('counts anew after a change of what is allowed', async () => {
    await limit({ configmaps: '1' })
    await loops.until('counted', () => usedIs({ configmaps: '0' }))
    const now = await loops.client.of(ResourceQuota).get({ namespace: 'default', name: 'q' })
    await loops.client.of(ResourceQuota).update({ ...now, spec: { hard: { pods: '4' } } })
    await loops.until('counted', () => usedIs({ pods: '0' }))
  })

  it('says nothing of what there is no kind of', async () => {
    await limit({ 'count/configmaps': '1', 'count/configmap': '1', 'count/deployments': '1' })
    await loops.until('counted', () => usedIs({ 'count/configmaps': '0' }))
    expect((await loops.client.of(ResourceQuota).get({ namespace: 'default', name: 'q' })).status?.hard).toEqual({
      'count/configmap': '1',
      'count/configmaps': '1',
      'count/deployments': '1',
    })
  })

  it('gives back what was charged and never made, in time', async () => {
    await limit({ configmaps: '2' })
    await loops.until('counted', () => usedIs({ configmaps: '0' }))
    await map('a')
    await expect(map('a')).rejects.toMatchObject({ reason: 'AlreadyExists' })
    expect(await usedIs({ configmaps: '2' })).toBe(true)
    await loops.clock.advance(5 * 60_000)
    await loops.until('counted', () => usedIs({ configmaps: '1' }))
  })

  it('gives back a finished pod’s share', async () => {
    loops.kubelets.on = false
    await limit({ pods: '1', 'requests.cpu': '1' })
    await loops.until('counted', () => usedIs({ pods: '0', 'requests.cpu': '0' }))
    const resources = { requests: { cpu: '500m' } }
    const pods = loops.client.of(Pod)
    await pods.create({
      metadata: { name: 'job', namespace: 'default' },
      spec: { nodeName: 'node-1', restartPolicy: 'Never', containers: [{ name: 'a', image: 'b', resources }] },
    })
    expect(await usedIs({ pods: '1', 'requests.cpu': '500m' })).toBe(true)
    const status = { phase: 'Succeeded' }
    const place = { namespace: 'default', name: 'job' }
    await pods.patch(place, 'application/merge-patch+json', { status }, { subresource: 'status' })
    await loops.until('given back', () => usedIs({ pods: '0', 'requests.cpu': '0' }))
  })

  it('gives back what a pod is made smaller by', async () => {
    await limit({ 'requests.cpu': '1' })
    const of = (cpu: string) => ({ containers: [{ name: 'a', image: 'b', resources: { requests: { cpu } } }] })
    const place = { namespace: 'default', name: 'web' }
    await loops.client.of(Pod).create({ metadata: place, spec: { nodeName: 'node-1', ...of('500m') } })
    await loops.until('counted', () => usedIs({ 'requests.cpu': '500m' }))
    const patch = { spec: of('200m') }
    const type = 'application/strategic-merge-patch+json'
    await loops.client.of(Pod).patch(place, type, patch, { subresource: 'resize' })
    await loops.until('given back', () => usedIs({ 'requests.cpu': '200m' }))
  })

  it('counts custom resources, those that were there before the quota and those that go', async () => {
    const tab = (name: string) =>
      loops.client.transport.request({ method: 'POST', path: TABS, body: crontab(name) }) as Promise<unknown>
    await define(loops.client.transport, crontabs())
    await tab('a')
    const counted = 'count/crontabs.stable.example.com'
    await limit({ [counted]: '2' })
    await loops.until('counted', () => usedIs({ [counted]: '1' }))
    await tab('b')
    await expect(tab('c')).rejects.toMatchObject({
      message: `crontabs.stable.example.com "c" is forbidden: exceeded quota: q, requested: ${counted}=1, used: ${counted}=2, limited: ${counted}=2`,
    })
    await loops.client.transport.request({ method: 'DELETE', path: `${TABS}/a` })
    await loops.until('given back', () => usedIs({ [counted]: '1' }))
  })
})
