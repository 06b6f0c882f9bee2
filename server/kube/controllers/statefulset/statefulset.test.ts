import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { Event } from '../../kinds/event.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

describe('the loop', () => {
  let loops: TestLoops
  const web = { namespace: 'default', name: 'web' }
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.addNode('node-1')
    await loops.run(['serviceaccount', 'statefulset', 'garbage-collector'])
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const get = () => loops.client.of(StatefulSet).get(web)
  const merge = 'application/merge-patch+json'
  const spec = (told: object = {}) => ({
    serviceName: 'web',
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { nodeName: 'node-1', containers: [{ name: 'web', image: 'web:1' }] },
    },
    ...told,
  })
  const create = (told: object = {}) => loops.client.of(StatefulSet).create({ metadata: web, spec: spec(told) })
  const change = (told: object) =>
    insist(() => loops.client.of(StatefulSet).patch(web, 'application/strategic-merge-patch+json', { spec: told }))
  const image = (value: string) => change({ template: { spec: { containers: [{ name: 'web', image: value }] } } })
  const ready = (count: number) =>
    loops.until(`${count} ready`, async () => {
      const { status } = await get()
      return (status?.readyReplicas ?? 0) === count && status?.replicas === count
    })
  const images = async () => (await loops.pods()).map((one) => one.spec?.containers[0]?.image)

  it('makes its pods in order, and takes them away in reverse', async () => {
    const seen: string[] = []
    loops.watch((pods) => {
      const now = pods
        .map(({ metadata }) => metadata?.name)
        .sort()
        .join()
      if (seen.at(-1) !== now) seen.push(now)
    })
    await create()
    await ready(3)
    await change({ replicas: 1 })
    await ready(1)
    expect(seen.filter((names) => names !== '')).toEqual([
      'web-0',
      'web-0,web-1',
      'web-0,web-1,web-2',
      'web-0,web-1',
      'web-0',
    ])
  })

  it('gives a pod that was deleted its name and its disk again', async () => {
    await create({ replicas: 1, volumeClaimTemplates: [claim] })
    await ready(1)
    const before = (await loops.pods())[0]?.metadata?.uid
    const disk = await loops.client.of(PersistentVolumeClaim).get({ namespace: 'default', name: 'data-web-0' })
    await loops.client.of(Pod).delete({ namespace: 'default', name: 'web-0' })
    await loops.until('another web-0', async () => {
      const [only] = await loops.pods()
      return only?.metadata?.name === 'web-0' && only.metadata.uid !== before
    })
    expect((await loops.pods())[0]?.spec?.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-web-0' },
    })
    const after = await loops.client.of(PersistentVolumeClaim).get({ namespace: 'default', name: 'data-web-0' })
    expect(after.metadata?.uid).toBe(disk.metadata?.uid)
    await loops.client.of(StatefulSet).delete(web)
    await loops.until('its pods are gone', async () => (await loops.pods()).length === 0)
    await loops.client.of(PersistentVolumeClaim).get({ namespace: 'default', name: 'data-web-0' })
  })

  it('tells a pod again who it is when somebody takes the label off', async () => {
    await create({ replicas: 1 })
    await ready(1)
    const label = 'statefulset.kubernetes.io/pod-name'
    const metadata = { labels: { [label]: null } }
    await loops.client.of(Pod).patch({ namespace: 'default', name: 'web-0' }, merge, { metadata })
    await loops.until('labelled', async () => (await loops.pods())[0]?.metadata?.labels?.[label] === 'web-0')
    await loops.until('said', async () =>
      (await loops.client.of(Event).list()).items.some(
        ({ reason, message }) =>
          reason === 'SuccessfulUpdate' && message === 'Update Pod web-0 in StatefulSet web successful',
      ),
    )
  })

  it('makes a pod again that was made and deleted while it heard nothing', async () => {
    loops.news.hold('pods')
    await create({ replicas: 1 })
    await loops.until('made', async () => (await loops.pods()).length === 1)
    await loops.client.of(Pod).delete({ namespace: 'default', name: 'web-0' }, { gracePeriodSeconds: 0 })
    loops.news.lose('pods')
    await loops.until('made again', async () => (await loops.pods()).length === 1)
  })

  it('renews from the last to the partition, and then the rest', async () => {
    await create({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    await ready(3)
    await image('web:2')
    await loops.until('one is new', async () => (await get()).status?.updatedReplicas === 1)
    await ready(3)
    expect(await images()).toEqual(['web:1', 'web:1', 'web:2'])
    expect((await get()).status?.currentRevision).not.toBe((await get()).status?.updateRevision)
    await change({ updateStrategy: { rollingUpdate: { partition: 0 } } })
    await loops.until('all are new', async () => (await images()).join() === 'web:2,web:2,web:2')
    await loops.until('it is over', async () => {
      const { status } = await get()
      return status?.currentRevision === status?.updateRevision && status?.currentReplicas === 3
    })
  })

  it('goes back when a new template does not work', async () => {
    loops.kubelets.stuck.add('web:broken')
    await create()
    await ready(3)
    await image('web:broken')
    await loops.until('the last is stuck', async () => (await images())[2] === 'web:broken')
    await image('web:1')
    // Known and the same upstream: the stuck one is in the way until somebody deletes it.
    await insist(() => loops.client.of(Pod).delete({ namespace: 'default', name: 'web-2' }))
    await loops.until('all are as before', async () => (await images()).join() === 'web:1,web:1,web:1')
    await ready(3)
  })

  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const disk = (ordinal: number) => ({ namespace: 'default', name: `data-web-${ordinal}` })
  const said = (reason: string, message: string) =>
    loops.until(`"${message}" is said`, async () =>
      (await loops.client.of(Event).list()).items.some((one) => one.reason === reason && one.message === message),
    )

  it('takes over what one before it left, revisions too, and renews nothing', async () => {
    await create()
    await ready(3)
    const uids = async () => (await loops.pods()).map(({ metadata }) => metadata?.uid)
    const before = await uids()
    const revision = (await get()).status?.updateRevision
    await loops.client.of(StatefulSet).delete(web, { propagationPolicy: 'Orphan' })
    await loops.until('it is gone', async () => (await loops.client.of(StatefulSet).list()).items.length === 0)
    await create()
    await ready(3)
    await loops.until('they are taken over', async () => (await get()).status?.updatedReplicas === 3)
    expect((await get()).status?.updateRevision).toBe(revision)
    expect(await uids()).toEqual(before)
    const { items } = await loops.client.of(ControllerRevision).list({ namespace: 'default' })
    expect(items.map(({ metadata }) => metadata?.ownerReferences?.[0]?.uid)).toEqual([(await get()).metadata?.uid])
  })

  it('takes over one that has ended, and makes it again', async () => {
    const orphan = { metadata: { namespace: 'default', name: 'web-0', labels: { app: 'web' } } }
    await loops.client.of(Pod).create({ ...orphan, spec: { containers: [{ name: 'web', image: 'web:1' }] } })
    await insist(async () => {
      const made = await loops.client.of(Pod).get(orphan.metadata)
      await loops.client.of(Pod).updateStatus({ ...made, status: { phase: 'Failed' } })
    })
    await create({ replicas: 1 })
    await ready(1)
  })

  it('tells how many are left while it goes', async () => {
    await create({
      template: { ...spec().template, metadata: { labels: { app: 'web' }, finalizers: ['example.com/stay'] } },
    })
    await ready(3)
    await loops.client.of(StatefulSet).delete(web, { propagationPolicy: 'Foreground' })
    const free = (name: string) =>
      insist(() =>
        loops.client.of(Pod).patch({ namespace: 'default', name }, merge, { metadata: { finalizers: null } }),
      )
    await loops.until('all are told to go', async () =>
      (await loops.pods()).every(({ metadata }) => metadata?.deletionTimestamp),
    )
    await free('web-2')
    await loops.until('two are left', async () => (await get()).status?.replicas === 2)
    await free('web-0')
    await free('web-1')
    await loops.until('it is gone', async () => (await loops.client.of(StatefulSet).list()).items.length === 0)
  })

  it('says whose a disk is before it sends its pod away: afterwards nobody would know', async () => {
    const policy = { whenDeleted: 'Retain', whenScaled: 'Delete' }
    await create({
      replicas: 1,
      volumeClaimTemplates: [claim],
      persistentVolumeClaimRetentionPolicy: policy,
      template: { ...spec().template, metadata: { labels: { app: 'web' }, finalizers: ['example.com/stay'] } },
    })
    await ready(1)
    let sentAway = 0
    loops.watch(([pod]) => {
      if (pod?.metadata?.deletionTimestamp) sentAway ||= Number(pod.metadata.resourceVersion)
    })
    await change({ replicas: 0 })
    await loops.until('the pod is sent away', async () => sentAway > 0)
    const { metadata } = await loops.client.of(PersistentVolumeClaim).get(disk(0))
    expect(metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'web-0' }])
    expect(Number(metadata?.resourceVersion)).toBeLessThan(sentAway)
    await insist(() =>
      loops.client.of(Pod).patch({ namespace: 'default', name: 'web-0' }, merge, { metadata: { finalizers: null } }),
    )
  })

  it('lets no pod begin on a disk that goes with the one before', async () => {
    const policy = { whenDeleted: 'Retain', whenScaled: 'Delete' }
    await create({ replicas: 1, volumeClaimTemplates: [claim], persistentVolumeClaimRetentionPolicy: policy })
    await ready(1)
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web-1', uid: 'before' }
    await loops.client.of(PersistentVolumeClaim).create({
      metadata: { ...disk(1), ownerReferences: [owner], finalizers: ['example.com/stay'] },
      spec: claim.spec,
    })
    await change({ replicas: 2 })
    await loops.until(
      'the disk goes',
      async () => (await loops.client.of(PersistentVolumeClaim).get(disk(1))).metadata?.deletionTimestamp,
    )
    expect((await loops.pods()).length).toBe(1)
    await insist(() => loops.client.of(PersistentVolumeClaim).patch(disk(1), merge, { metadata: { finalizers: null } }))
    await ready(2)
    expect((await loops.client.of(PersistentVolumeClaim).get(disk(1))).metadata?.ownerReferences).toBeUndefined()
  })

  it('waits until a disk that is being deleted is gone, and says so', async () => {
    await loops.client.of(PersistentVolumeClaim).create({
      metadata: { ...disk(0), finalizers: ['example.com/stay'] },
      spec: claim.spec,
    })
    await loops.client.of(PersistentVolumeClaim).delete(disk(0))
    await create({ replicas: 1, volumeClaimTemplates: [claim] })
    await said('FailedCreate', 'Create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted')
    await insist(() => loops.client.of(PersistentVolumeClaim).patch(disk(0), merge, { metadata: { finalizers: null } }))
    await ready(1)
  })

  it('leaves disks alone that no pod of it is on, and says whose else they are', async () => {
    await loops.client.of(PersistentVolumeClaim).create({ metadata: disk(1), spec: claim.spec })
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'backup', uid: 'other', controller: true }
    const backup = await loops.client.of(ConfigMap).create({ metadata: { namespace: 'default', name: 'backup' } })
    const uid = backup.metadata?.uid ?? ''
    await create({ replicas: 1, volumeClaimTemplates: [claim] })
    await ready(1)
    const policy = { whenDeleted: 'Delete', whenScaled: 'Retain' }
    await change({ persistentVolumeClaimRetentionPolicy: policy })
    const owners = async (ordinal: number) =>
      (await loops.client.of(PersistentVolumeClaim).get(disk(ordinal))).metadata?.ownerReferences?.map(
        ({ kind }) => kind,
      )
    await loops.until('it is taken', async () => (await owners(0))?.join() === 'StatefulSet')
    expect(await owners(1)).toBeUndefined()
    const [mine] = (await loops.client.of(PersistentVolumeClaim).get(disk(0))).metadata?.ownerReferences ?? []
    const references = [
      { ...mine, controller: false },
      { ...owner, uid },
    ]
    await insist(() =>
      loops.client.of(PersistentVolumeClaim).patch(disk(0), merge, { metadata: { ownerReferences: references } }),
    )
    await change({ template: { metadata: { annotations: { look: 'again' } } } })
    await said(
      'ConflictingController',
      'PersistentVolumeClaim data-web-0 has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim',
    )
    await loops.until('it is let go of', async () => (await owners(0))?.join() === 'ConfigMap')
  })

  it('scales by the scale subresource', async () => {
    await create({ replicas: 1, podManagementPolicy: 'Parallel' })
    await ready(1)
    await loops.client.transport.request({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/default/statefulsets/web/scale',
      body: { spec: { replicas: 4 } },
      contentType: merge,
    })
    await ready(4)
  })
})
