import { expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Event, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops } from '../testing/test-loops.ts'

const namespace = 'default'

it('says of a claim that is to grow, and of no other, that it waits for somebody outside', async () => {
  await using loops = await startTestLoops({ startTestServer, runScheduler })
  const { client } = loops
  await client.of(StorageClass).create({
    metadata: { name: 'far' },
    provisioner: 'far.example.com',
    allowVolumeExpansion: true,
  })
  const bound = async (name: string, source: object, annotations = {}) => {
    const claim = await client.of(PersistentVolumeClaim).create({
      metadata: { namespace, name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'far',
        volumeName: `of-${name}`,
        resources: { requests: { storage: '1Gi' } },
      },
    })
    await client.of(PersistentVolume).create({
      metadata: { name: `of-${name}`, annotations },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'far',
        capacity: { storage: '1Gi' },
        claimRef: { kind: 'PersistentVolumeClaim', namespace, name, uid: claim.metadata?.uid ?? '' },
        ...source,
      },
    })
    const capacity = { storage: '1Gi' }
    const status = { ...claim.status, phase: 'Bound', capacity, accessModes: ['ReadWriteOnce'] }
    await client.of(PersistentVolumeClaim).updateStatus({ ...claim, status })
  }
  const csi = { csi: { driver: 'far.example.com', volumeHandle: 'one' } }
  await bound('driven', csi)
  await bound('shared', { nfs: { server: 'files', path: '/' } })
  await bound('ours', { hostPath: { path: '/' } }, { 'pv.kubernetes.io/provisioned-by': 'podium.dev/local-path' })
  await bound('still', csi)
  await loops.run(['persistentvolume-expander'])
  const grow = (name: string) =>
    client.of(PersistentVolumeClaim).patch({ namespace, name }, 'application/merge-patch+json', {
      spec: { resources: { requests: { storage: '2Gi' } } },
    })
  await grow('driven')
  await grow('shared')
  await grow('ours')
  const events = async () => (await client.of(Event).list({ namespace })).items
  await loops.until('all are told', async () => (await events()).length === 3)
  const words = (await events()).map((event) => [event.involvedObject.name, event.type, event.reason, event.message])
  const message = 'waiting for an external controller to expand this PVC'
  expect(words.sort()).toEqual([
    ['driven', 'Normal', 'ExternalExpanding', message],
    ['ours', 'Normal', 'ExternalExpanding', message],
    ['shared', 'Warning', 'ExternalExpanding', message],
  ])
  expect((await events())[0]?.source?.component).toBe('volume_expand')
})
