import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { IPAddress, Service, ServiceCIDR } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.run(['service-cidr'])
})
afterEach(() => loops[Symbol.asyncDispose]())

const ranges = () => loops.client.of(ServiceCIDR)
const add = (name: string, cidr: string) => ranges().create({ metadata: { name }, spec: { cidrs: [cidr] } })
const ready = async (name: string) => {
  const { status, metadata } = await ranges().get({ name })
  const condition = status?.conditions?.find(({ type }) => type === 'Ready')
  return { status: condition?.status, reason: condition?.reason, finalizers: metadata?.finalizers }
}
const isReady = (name: string) => async () => {
  const { status, finalizers } = await ready(name)
  return status === 'True' && finalizers?.includes('networking.k8s.io/service-cidr-finalizer') === true
}
const serve = (name: string, clusterIP?: string) =>
  loops.client.of(Service).create({
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80 }], ...(clusterIP ? { clusterIP } : {}) },
  })
const isGone = (name: string) => async () =>
  (await ranges().list()).items.every(({ metadata }) => metadata?.name !== name)

it('gives addresses out of a further range, and keeps it while they are in no other', async () => {
  await loops.until('the first is ready', isReady('kubernetes'))
  await expect(serve('early', '10.200.0.5')).rejects.toMatchObject({
    message: expect.stringContaining(
      'failed to allocate IP 10.200.0.5: the provided network does not match the current range',
    ),
  })
  await add('more', '10.200.0.0/28')
  await loops.until('ready', isReady('more'))
  await serve('web', '10.200.0.5')
  expect(await loops.client.of(IPAddress).get({ name: '10.200.0.5' })).toMatchObject({
    spec: { parentRef: { name: 'web' } },
  })
  await ranges().delete({ name: 'more' })
  await loops.until('kept', async () => (await ready('more')).reason === 'Terminating')
  await expect(serve('late', '10.200.0.6')).rejects.toMatchObject({ code: 422 })
  await loops.client.of(Service).delete({ name: 'web', namespace: 'default' })
  await loops.clock.advance(10_000)
  await loops.until('gone', isGone('more'))
})

it('lets a range go all of which is in another', async () => {
  await add('large', '10.200.0.0/16')
  await add('small', '10.200.1.0/24')
  await loops.until('ready', isReady('small'))
  await serve('web', '10.200.1.5')
  await ranges().delete({ name: 'small' })
  await loops.clock.advance(10_000)
  await loops.until('gone', isGone('small'))
})
