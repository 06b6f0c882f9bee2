import { createHash } from 'node:crypto'
import type { Node as CoreNode, Pod as CorePod } from 'kubernetes-types/core/v1'
import type { VolumeAttachment as Attachment } from 'kubernetes-types/storage/v1'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import {
  CSIDriver,
  Event,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  VolumeAttachment,
} from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { hasEnded } from './wanted-volumes.ts'

const DRIVER = 'disks.example.com'
const namespace = 'default'

let loops: TestLoops
beforeAll(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.run(['serviceaccount', 'persistentvolume-attach-detach'])
})
afterAll(() => loops[Symbol.asyncDispose]())

const attachments = async (volume: string): Promise<Attachment[]> =>
  (await loops.client.of(VolumeAttachment).list()).items.filter(
    ({ spec }) => spec.source.persistentVolumeName === volume,
  )
const nodesWith = async (volume: string) => (await attachments(volume)).map(({ spec }) => spec.nodeName)
const nameOf = (volume: string, node: string, driver = DRIVER) =>
  `csi-${createHash('sha256').update(`handle-${volume}${driver}${node}`).digest('hex')}`
const uniqueNameOf = (volume: string) => `kubernetes.io/csi/${DRIVER}^handle-${volume}`
const MERGE = 'application/merge-patch+json'
const patchNode = (name: string, patch: Partial<CoreNode>, subresource?: string) =>
  insist(() => loops.client.of(Node).patch({ name }, MERGE, patch, subresource ? { subresource } : {}))
const ready = (status: string) => ({
  status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime: '2026-01-01T00:00:00Z' }] },
})
const inUse = (name: string, ...volumes: string[]) =>
  patchNode(name, { status: { volumesInUse: volumes.map(uniqueNameOf) } }, 'status')
const attachedAt = async (name: string) =>
  ((await loops.client.of(Node).get({ name })).status?.volumesAttached ?? []).map((one) => one.name)
/** What the driver's attacher does. */
const attacherSays = (volume: string, node: string, status: object) =>
  loops.client.of(VolumeAttachment).patch({ name: nameOf(volume, node) }, MERGE, { status }, { subresource: 'status' })
const told = async (pod: string) =>
  (await loops.client.of(Event).list()).items
    .filter(({ involvedObject }) => involvedObject.name === pod)
    .map(({ type, reason, message }) => `${type} ${reason} ${message}`)

/** Until the loop has heard that nobody at the node wants a volume any more. */
const unwantedAt = (node: string) =>
  loops.until('unwanted', () => {
    const turns = loops.reconciles('persistentvolume-attach-detach').filter(({ key }) => key === node)
    return turns.at(-1)?.wanted === '0 volumes at the node'
  })

async function addNode(name: string): Promise<void> {
  await loops.addNode(name)
  await patchNode(name, {
    metadata: { annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } },
  })
}

/** A volume with its claim of the same name, bound. */
async function addVolume(name: string, { driver = DRIVER, accessModes = ['ReadWriteOnce'] } = {}): Promise<void> {
  const storage = '1Gi'
  const claims = loops.client.of(PersistentVolumeClaim)
  const claim = await claims.create({
    metadata: { namespace, name },
    spec: { accessModes, resources: { requests: { storage } }, volumeName: name, storageClassName: '' },
  })
  await claims.updateStatus({ ...claim, status: { phase: 'Bound' } })
  await loops.client.of(PersistentVolume).create({
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes,
      csi: { driver, volumeHandle: `handle-${name}` },
      claimRef: { namespace, name, uid: claim.metadata?.uid ?? '' },
    },
  })
}

const addPod = (name: string, nodeName: string, ...claims: string[]) =>
  loops.client.of(Pod).create({
    metadata: { namespace, name },
    spec: {
      nodeName,
      containers: [{ name: 'a', image: 'b' }],
      volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
    },
  })
const deletePod = (name: string) => loops.client.of(Pod).delete({ namespace, name }, { gracePeriodSeconds: 0 })

it('has a volume attached to the node of its pod, and detached when the kubelet has let go of it', async () => {
  await addNode('node-1')
  await addVolume('disk-1')
  await addPod('web', 'node-1', 'disk-1')
  await loops.until('asked for', async () => (await attachments('disk-1')).length === 1)
  expect((await attachments('disk-1'))[0]).toMatchObject({
    metadata: { name: nameOf('disk-1', 'node-1') },
    spec: { attacher: DRIVER, nodeName: 'node-1', source: { persistentVolumeName: 'disk-1' } },
  })
  expect(await attachedAt('node-1')).toEqual([])

  await attacherSays('disk-1', 'node-1', { attached: true })
  await loops.until('told the node', async () => (await attachedAt('node-1')).length === 1)
  expect(await attachedAt('node-1')).toEqual([uniqueNameOf('disk-1')])
  await loops.until('told the pod', async () => (await told('web')).length > 0)
  expect(await told('web')).toEqual([
    'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "disk-1" ',
  ])

  await inUse('node-1', 'disk-1')
  await deletePod('web')
  await unwantedAt('node-1')
  await loops.clock.advance(10 * 60_000)
  expect(await nodesWith('disk-1')).toEqual(['node-1'])

  await inUse('node-1')
  await loops.until('let go', async () => (await attachments('disk-1')).length === 0)
  expect(await attachedAt('node-1')).toEqual([])
})

it('tells the node no more that it has what was asked to go, though the news of that are late', async () => {
  await addNode('late')
  await addVolume('going')
  await addPod('going-1', 'late', 'going')
  await loops.until('asked for', async () => (await attachments('going')).length === 1)
  await attacherSays('going', 'late', { attached: true })
  await loops.until('told the node', async () => (await attachedAt('late')).length === 1)
  const hold = (finalizers: string[] | null) =>
    loops.client.of(VolumeAttachment).patch({ name: nameOf('going', 'late') }, MERGE, { metadata: { finalizers } })
  await hold(['example.com/attacher'])
  loops.news.hold('volumeattachments')
  await deletePod('going-1')
  await loops.until('asked to go', async () => (await attachments('going'))[0]?.metadata?.deletionTimestamp)
  await addPod('going-2', 'late', 'going')
  await loops.until('wanted again', () => {
    const turns = loops.reconciles('persistentvolume-attach-detach').filter(({ key }) => key === 'late')
    return turns.at(-1)?.wanted === '1 volumes at the node'
  })
  expect(await attachedAt('late')).toEqual([])
  await hold(null)
  loops.news.release('volumeattachments')
  await loops.until('asked for again', async () => {
    const [one] = await attachments('going')
    return one && !one.metadata?.deletionTimestamp
  })
})

it('gives a volume that one node may have to no second one until it is free', async () => {
  await Promise.all([addNode('left'), addNode('right')])
  await addVolume('single')
  await addVolume('shared', { accessModes: ['ReadWriteMany'] })
  await addPod('first', 'left', 'single', 'shared')
  await loops.until('asked for', async () => (await nodesWith('single')).length === 1)
  await addPod('second', 'right', 'single', 'shared')
  await loops.until('told', async () => (await told('second')).length > 0)
  await loops.until('the shared one', async () => (await nodesWith('shared')).length === 2)
  expect(await told('second')).toEqual([
    'Warning FailedAttachVolume Multi-Attach error for volume "single" Volume is already used by pod(s) first',
  ])
  expect(await nodesWith('single')).toEqual(['left'])

  await deletePod('first')
  await loops.until('handed over', async () => (await nodesWith('single')).join() === 'right')
})

it('never asks for two at once when two pods come together', async () => {
  await Promise.all([addNode('east'), addNode('west')])
  await addVolume('contested')
  loops.news.hold('volumeattachments')
  await Promise.all([addPod('a', 'east', 'contested'), addPod('b', 'west', 'contested')])
  await loops.until('one asked for', async () => (await nodesWith('contested')).length > 0)
  await loops.clock.advance(1_000)
  loops.news.release('volumeattachments')
  const refused = async () => [...(await told('a')), ...(await told('b'))]
  await loops.until('the other refused', async () => (await refused()).length > 0)
  expect(await refused()).toEqual([expect.stringContaining('Multi-Attach error for volume "contested"')])
  expect(await nodesWith('contested')).toHaveLength(1)
})

it('tells the pod what the attacher says, each time it says it, and when it says nothing', async () => {
  await addNode('unlucky')
  await addVolume('broken')
  await addPod('waiting', 'unlucky', 'broken')
  await loops.until('asked for', async () => (await attachments('broken')).length === 1)
  await loops.clock.advance(2 * 60_000)
  await loops.until('silence told', async () => (await told('waiting')).length === 1)
  const attachError = { time: '2026-01-01T00:00:00Z', message: 'rpc error: no such disk' }
  await attacherSays('broken', 'unlucky', { attached: false, attachError })
  await loops.until('failure told', async () => (await told('waiting')).length === 2)
  expect(await told('waiting')).toEqual([
    `Warning FailedAttachVolume AttachVolume.Attach failed for volume "broken" : timed out waiting for external-attacher of ${DRIVER} CSI driver to attach volume handle-broken`,
    'Warning FailedAttachVolume AttachVolume.Attach failed for volume "broken" : rpc error: no such disk',
  ])
})

it('takes a volume that is still in use from a node that has not been ready for six minutes', async () => {
  await addNode('silent')
  await addVolume('stranded')
  await addPod('lost', 'silent', 'stranded')
  await loops.until('asked for', async () => (await attachments('stranded')).length === 1)
  await inUse('silent', 'stranded')
  await patchNode('silent', ready('Unknown'), 'status')
  await deletePod('lost')
  await unwantedAt('silent')
  await loops.clock.advance(5 * 60_000)
  expect(await nodesWith('stranded')).toEqual(['silent'])
  await loops.clock.advance(60_000)
  await loops.until('taken', async () => (await attachments('stranded')).length === 0)
})

it('waits as long for a node that has gone: nobody says that it has let go', async () => {
  await addNode('removed')
  await addVolume('orphan')
  await addPod('with-it', 'removed', 'orphan')
  await loops.until('asked for', async () => (await attachments('orphan')).length === 1)
  await loops.client.of(Node).delete({ name: 'removed' })
  await deletePod('with-it')
  await unwantedAt('removed')
  await loops.clock.advance(5 * 60_000)
  expect(await nodesWith('orphan')).toEqual(['removed'])
  await loops.clock.advance(60_000)
  await loops.until('taken', async () => (await attachments('orphan')).length === 0)
})

it('gives a volume to no second node while it has not heard what became of a request', async () => {
  await Promise.all([addNode('asked'), addNode('other')])
  await addVolume('unheard')
  const path = '/apis/storage.k8s.io/v1/volumeattachments'
  let isLost = false
  loops.news.hold('volumeattachments')
  // Done, and the answer gets lost on its way.
  loops.servers.set(path, async (request) => {
    const answer = await loops.client.transport.request(request)
    if (request.method !== 'POST' || isLost) return answer
    isLost = true
    throw new Error('read ECONNRESET')
  })
  await addPod('one', 'asked', 'unheard')
  await loops.until('asked for', () => isLost)
  await addPod('two', 'other', 'unheard')
  const turnsOf = (key: string) =>
    loops
      .reconciles('persistentvolume-attach-detach')
      .filter((turn) => turn.key === key && turn.wanted !== '0 volumes at the node')
  await loops.until('the other has had a turn', () => turnsOf('other').length > 0)
  expect(await nodesWith('unheard')).toEqual(['asked'])
  loops.servers.delete(path)
  loops.news.release('volumeattachments')
  await loops.until('told that it is not free', async () => (await told('two')).length > 0)
  expect(await nodesWith('unheard')).toEqual(['asked'])
})

it('takes it at once where somebody has said that the node is out of service', async () => {
  await addNode('off')
  await addVolume('left-behind')
  await addPod('gone', 'off', 'left-behind')
  await loops.until('asked for', async () => (await attachments('left-behind')).length === 1)
  await inUse('off', 'left-behind')
  await deletePod('gone')
  await unwantedAt('off')
  expect(await nodesWith('left-behind')).toEqual(['off'])
  const startedAt = loops.clock.monotonic()
  const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }
  await patchNode('off', { spec: { taints: [taint] } })
  await loops.until('taken', async () => (await attachments('left-behind')).length === 0)
  expect(loops.clock.monotonic() - startedAt).toBeLessThan(60_000)
})

it('asks nothing of drivers that need no attaching, and leaves alone what others have asked for', async () => {
  const driver = 'files.example.com'
  await loops.client.of(CSIDriver).create({ metadata: { name: driver }, spec: { attachRequired: false } })
  await addNode('plain')
  await loops.addNode('on-its-own')
  await addVolume('files', { driver })
  await addVolume('foreign')
  await addVolume('needed')
  const spec = { attacher: DRIVER, nodeName: 'plain', source: { persistentVolumeName: 'foreign' } }
  await loops.client.of(VolumeAttachment).create({ metadata: { name: 'by-hand' }, spec })
  await addPod('elsewhere', 'on-its-own', 'needed')
  await addPod('reader', 'plain', 'files')
  await addPod('writer', 'plain', 'needed')
  await loops.until('asked for', async () => (await nodesWith('needed')).length === 1)
  expect(await nodesWith('needed')).toEqual(['plain'])
  expect(await nodesWith('files')).toEqual([])
  expect((await attachments('foreign')).map(({ metadata }) => metadata?.name)).toEqual(['by-hand'])
})

it.each([
  ['runs', {}, [{ state: { running: {} } }], false],
  ['has not begun', {}, [], false],
  ['is to go and runs still', { deletionTimestamp: 'now' }, [{ state: { running: {} } }], false],
  ['is to go, all of whose containers have ended', { deletionTimestamp: 'now' }, [{ state: { terminated: {} } }], true],
  ['is to go before it has begun', { deletionTimestamp: 'now' }, [], true],
])('counts with a pod that %s', (_what, metadata, containerStatuses, ended) => {
  expect(hasEnded({ metadata, status: { containerStatuses } } as CorePod)).toBe(ended)
})
