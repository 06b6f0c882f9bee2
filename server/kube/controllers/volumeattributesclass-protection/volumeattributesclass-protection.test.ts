import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { PersistentVolume, PersistentVolumeClaim, VolumeAttributesClass } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

const namespace = 'default'
const LOOP = 'volumeattributesclass-protection'
let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  for (const name of ['gold', 'silver']) {
    const parameters = { iops: name === 'gold' ? '1000' : '100' }
    await loops.client.of(VolumeAttributesClass).create({ metadata: { name }, driverName: 'd.example.com', parameters })
  }
})
afterEach(() => loops[Symbol.asyncDispose]())

const finalizers = async (name: string) =>
  (await loops.client.of(VolumeAttributesClass).get({ name })).metadata?.finalizers
const gone = (name: string) => () =>
  finalizers(name).then(
    () => false,
    () => true,
  )
const claim = (volumeAttributesClassName: string) =>
  loops.client.of(PersistentVolumeClaim).create({
    metadata: { namespace, name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeAttributesClassName,
    },
  })

it('lets a class go that nobody has', async () => {
  await loops.run([LOOP])
  await loops.client.of(VolumeAttributesClass).delete({ name: 'gold' })
  await loops.until('it has gone', gone('gold'))
})

it('keeps one while a volume has it', async () => {
  const volumes = loops.client.of(PersistentVolume)
  await volumes.create({
    metadata: { name: 'disk', finalizers: [] },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'd.example.com', volumeHandle: '1' },
      volumeAttributesClassName: 'gold',
    },
  })
  await loops.run([LOOP, 'pv-protection'])
  await loops.client.of(VolumeAttributesClass).delete({ name: 'gold' })
  await loops.until('the loop has looked', () => loops.reconciles(LOOP).length > 0)
  expect(await finalizers('gold')).toEqual(['kubernetes.io/vac-protection'])
  await volumes.delete({ name: 'disk' })
  await loops.until('it has gone', gone('gold'))
})

it('keeps one that a claim has, or is on its way to, until it has another', async () => {
  const claims = loops.client.of(PersistentVolumeClaim)
  await claim('silver')
  const tell = (status: object) =>
    claims.patch({ namespace, name: 'data' }, 'application/merge-patch+json', { status }, { subresource: 'status' })
  const modifyVolumeStatus = { targetVolumeAttributesClassName: 'gold', status: 'InProgress' }
  await tell({ modifyVolumeStatus })
  await loops.run([LOOP])
  await loops.client.of(VolumeAttributesClass).delete({ name: 'gold' })
  await loops.until('the loop has looked', () => loops.reconciles(LOOP).length > 0)
  await tell({ currentVolumeAttributesClassName: 'gold', modifyVolumeStatus: null })
  await loops.until('news have arrived', () => true)
  expect(await finalizers('gold')).toEqual(['kubernetes.io/vac-protection'])
  await tell({ currentVolumeAttributesClassName: 'silver' })
  await loops.until('it has gone', gone('gold'))
  expect(await finalizers('silver')).toBeDefined()
})

it('protects one again that somebody uncovered', async () => {
  await loops.run([LOOP])
  const bare = { metadata: { finalizers: null } }
  await loops.client.of(VolumeAttributesClass).patch({ name: 'gold' }, 'application/merge-patch+json', bare)
  await loops.until('it is back', async () => (await finalizers('gold'))?.length === 1)
})
