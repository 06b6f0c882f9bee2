import type {
  PersistentVolumeClaim as Claim,
  PersistentVolume as Volume,
  Pod as WirePod,
} from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import {
  Event,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ServiceAccount,
  StorageClass,
} from '../../kinds/index.ts'
import { SELECTED_NODE } from '../../kinds/storage/volume-binding.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
})
afterEach(() => loops[Symbol.asyncDispose]())

const namespace = 'default'
const claims = () => loops.client.of(PersistentVolumeClaim)
const volumes = () => loops.client.of(PersistentVolume)
const claim = (name: string, spec: Partial<Claim['spec']> = {}) =>
  claims().create({
    metadata: { namespace, name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  })
const volume = (name: string, spec: Partial<Volume['spec']> = {}) =>
  volumes().create({
    metadata: { name },
    spec: {
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: `/srv/${name}` },
      ...spec,
    },
  })
const claimPhase = async (name: string) => (await claims().get({ namespace, name })).status?.phase
const uidOf = async (name: string) => (await claims().get({ namespace, name })).metadata?.uid ?? ''
const volumePhase = async (name: string) =>
  (
    await volumes()
      .get({ name })
      .catch(() => undefined)
  )?.status?.phase
const told = async (name: string) =>
  (await loops.client.of(Event).list()).items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message }) => `${reason}: ${message}`)
const pod = (name: string, claimName: string): WirePod => ({
  metadata: { namespace, name },
  spec: {
    containers: [{ name: 'a', image: 'b' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
  },
})
/** With the scheduler; pods are let in when their account is there. */
async function runAll(): Promise<void> {
  await loops.run(undefined, { nodeMonitorGracePeriodMs: 24 * 3_600_000 })
  await loops.until(
    'accounts',
    async () => (await loops.client.of(ServiceAccount).list({ namespace })).items.length > 0,
  )
  await loops.until('a class', async () => {
    const { items } = await loops.client.of(StorageClass).list()
    return items.some(({ metadata }) => metadata?.name === 'standard')
  })
}
const BINDERS = ['persistent-volume-binder', 'pvc-protection', 'pv-protection', 'serviceaccount']

it('binds each claim to a volume of its own, from both sides', async () => {
  await volume('one')
  await volume('two')
  await claim('a', { storageClassName: '' })
  await claim('b', { storageClassName: '' })
  await loops.run(BINDERS)
  await loops.until('bound', async () => (await claimPhase('a')) === 'Bound' && (await claimPhase('b')) === 'Bound')
  const [a, b] = await Promise.all(['a', 'b'].map((name) => claims().get({ namespace, name })))
  expect(new Set([a?.spec?.volumeName, b?.spec?.volumeName])).toEqual(new Set(['one', 'two']))
  expect(a?.status).toMatchObject({ capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'] })
  expect(a?.metadata?.annotations).toMatchObject({ 'pv.kubernetes.io/bind-completed': 'yes' })
  const bound = await volumes().get({ name: a?.spec?.volumeName ?? '' })
  expect(bound.spec?.claimRef).toMatchObject({ namespace, name: 'a', uid: a?.metadata?.uid })
  expect(bound.status?.phase).toBe('Bound')
})

it('says what a claim waits for, and binds it when that comes', async () => {
  await loops.run(BINDERS)
  await claim('plain', { storageClassName: '' })
  await claim('strange', { storageClassName: 'nowhere' })
  await loops.until('told', async () => (await told('plain')).length > 0 && (await told('strange')).length > 0)
  expect(await told('plain')).toEqual([
    'FailedBinding: no persistent volumes available for this claim and no storage class is set',
  ])
  expect(await told('strange')).toEqual(['ProvisioningFailed: storageclass.storage.k8s.io "nowhere" not found'])
  await volume('late')
  await loops.until('bound', async () => (await claimPhase('plain')) === 'Bound')
  await claim('small', { storageClassName: '', volumeName: 'late' })
  await loops.until('told', async () => (await told('small')).length > 0)
  const taken = ['FailedBinding: volume "late" already bound to a different claim.']
  expect(await told('small')).toEqual(taken)
  const annotations = { 'pv.kubernetes.io/bound-by-controller': 'yes' }
  const { spec } = await claims().get({ namespace, name: 'small' })
  await claims().create({ metadata: { namespace, name: 'unmarked', annotations }, spec: spec! })
  await loops.until('told too', async () => (await told('unmarked')).length > 0)
  expect(await told('unmarked')).toEqual(taken)
})

it('releases a volume whose claim has gone, and keeps what is to be retained', async () => {
  await loops.run(BINDERS)
  await volume('kept')
  await volume('deleted', { persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'x' })
  await claim('a', { storageClassName: '' })
  await claim('b', { storageClassName: 'x' })
  await loops.until('bound', async () => (await claimPhase('a')) === 'Bound' && (await claimPhase('b')) === 'Bound')
  await claims().delete({ namespace, name: 'a' })
  await claims().delete({ namespace, name: 'b' })
  await loops.until('released', async () => (await volumePhase('kept')) === 'Released')
  await loops.until('failed', async () => (await volumePhase('deleted')) === 'Failed')
  await loops.until('told', async () => (await told('deleted')).length > 0)
  expect(await told('deleted')).toEqual([
    'VolumeFailedDelete: host_path deleter only supports /tmp/.+ but received provided /srv/deleted',
  ])
  await claim('again', { storageClassName: '' })
  await loops.until('pending', async () => (await told('again')).length > 0)
  expect(await claimPhase('again'), 'what was released is nobody’s until a person says so').toBe('Pending')
})

it('releases a volume whose claim went before it had been told of it', async () => {
  await volume('one')
  const { metadata } = await claim('a', { storageClassName: 'nowhere' })
  await loops.run(['persistent-volume-binder'])
  const claimRef = { namespace, name: 'a', uid: metadata?.uid ?? '' }
  loops.news.hold('persistentvolumeclaims')
  await claims().delete({ namespace, name: 'a' })
  await insist(() =>
    claims().patch({ namespace, name: 'a' }, 'application/merge-patch+json', { metadata: { finalizers: null } }),
  )
  await insist(() => volumes().patch({ name: 'one' }, 'application/merge-patch+json', { spec: { claimRef } }))
  await loops.until('bound', async () => (await volumePhase('one')) === 'Bound')
  const { resourceVersion } = (await volumes().get({ name: 'one' })).metadata ?? {}
  await loops.until('looked at', () =>
    loops
      .reconciles('persistent-volume-binder')
      .some(({ key, because = 0 }) => key === 'one' && because >= Number(resourceVersion)),
  )
  loops.news.release('persistentvolumeclaims')
  await loops.until('released', async () => (await volumePhase('one')) === 'Released')
})

it('does not let go of a volume whose claim it has only not heard of', async () => {
  loops.news.hold('persistentvolumeclaims')
  await loops.run(BINDERS)
  await claim('a', { storageClassName: '' })
  const claimRef = { namespace, name: 'a', uid: await uidOf('a') }
  await volume('made-elsewhere', { claimRef })
  await loops.until('it has been looked at', () => loops.reconciles('persistent-volume-binder').length > 0)
  expect(await volumePhase('made-elsewhere')).not.toBe('Released')
  loops.news.release('persistentvolumeclaims')
  await loops.until('they are bound', async () => (await claimPhase('a')) === 'Bound')
})

it('deletes a hand-made directory below /tmp with its claim, and says of others that it cannot', async () => {
  const storageClassName = 'by-hand'
  const persistentVolumeReclaimPolicy = 'Delete'
  await volume('below', { storageClassName, persistentVolumeReclaimPolicy, hostPath: { path: '/tmp/below' } })
  await volume('data', { storageClassName, persistentVolumeReclaimPolicy, hostPath: { path: '/data' } })
  await claim('a', { storageClassName, volumeName: 'below' })
  await claim('b', { storageClassName, volumeName: 'data' })
  await loops.run(BINDERS)
  await loops.until('bound', async () => (await claimPhase('a')) === 'Bound' && (await claimPhase('b')) === 'Bound')
  await claims().delete({ namespace, name: 'a' })
  await claims().delete({ namespace, name: 'b' })
  await loops.until('the first is gone', async () => (await volumePhase('below')) === undefined)
  await loops.until('the other has failed', async () => (await volumePhase('data')) === 'Failed')
  const why = 'host_path deleter only supports /tmp/.+ but received provided /data'
  expect((await volumes().get({ name: 'data' })).status?.message).toBe(why)
  await loops.until('it is told', async () => (await told('data')).includes(`VolumeFailedDelete: ${why}`))
})

it('empties a directory for the next claim, once nobody uses it, and says so when it could not', async () => {
  loops.kubelets.on = false
  await loops.run(['persistent-volume-binder', 'serviceaccount'])
  await volume('again', { persistentVolumeReclaimPolicy: 'Recycle' })
  await claim('a', { storageClassName: '' })
  await loops.until('bound', async () => (await claimPhase('a')) === 'Bound')
  await loops.client.of(Pod).create(pod('user', 'a'))
  const merge = 'application/merge-patch+json'
  await claims().delete({ namespace, name: 'a' })
  await insist(() => claims().patch({ namespace, name: 'a' }, merge, { metadata: { finalizers: null } }))
  await loops.until('told', async () => (await told('again')).length > 0)
  expect(await told('again')).toEqual(['VolumeFailedRecycle: Volume is used by pods: default/user'])
  const scrubber = { namespace, name: 'recycler-for-again' }
  const end = async (phase: string) => {
    await loops.until('a pod', () =>
      loops.client
        .of(Pod)
        .get(scrubber)
        .catch(() => undefined),
    )
    const status = { phase, ...(phase === 'Failed' ? { message: 'disk is ill' } : {}) }
    await insist(() => loops.client.of(Pod).patch(scrubber, merge, { status }, { subresource: 'status' }))
  }
  await loops.client.of(Pod).delete({ namespace, name: 'user' }, { gracePeriodSeconds: 0 })
  await end('Failed')
  await loops.until('failed', async () => (await volumePhase('again')) === 'Failed')
  expect((await volumes().get({ name: 'again' })).status?.message).toBe('Recycle failed: disk is ill')
  await end('Succeeded')
  await loops.until('free', async () => (await volumePhase('again')) === 'Available')
  await loops.until('told', async () => (await told('again')).includes('VolumeRecycled: Volume recycled'))
  expect((await volumes().get({ name: 'again' })).spec?.claimRef).toBe(undefined)
})

it('empties a directory that pods of a claim of the same name do not use', async () => {
  loops.kubelets.on = false
  await loops.run(['persistent-volume-binder', 'serviceaccount'])
  await volume('again', { persistentVolumeReclaimPolicy: 'Recycle' })
  await claim('a', { storageClassName: '' })
  await loops.until('bound', async () => (await claimPhase('a')) === 'Bound')
  await loops.client.of(Pod).create(pod('user', 'a'))
  await claims().delete({ namespace, name: 'a' })
  const unheld = { metadata: { finalizers: null } }
  await insist(() => claims().patch({ namespace, name: 'a' }, 'application/merge-patch+json', unheld))
  await loops.until('told', async () => (await told('again')).length > 0)
  const { items } = await loops.client.of(Pod).list({ namespace })
  expect(items.map(({ metadata }) => metadata?.name)).toEqual(['user'])
  await claim('a', { storageClassName: 'elsewhere' })
  await loops.until('it is being emptied', async () =>
    (await loops.client.of(Pod).list({ namespace })).items.some(
      ({ metadata }) => metadata?.name === 'recycler-for-again',
    ),
  )
})

it('tells that a claim has lost its volume', async () => {
  await loops.run(BINDERS)
  await volume('one')
  await claim('a', { storageClassName: '' })
  await loops.until('bound', async () => (await claimPhase('a')) === 'Bound')
  const merge = 'application/merge-patch+json'
  await volumes().delete({ name: 'one' })
  await insist(() => volumes().patch({ name: 'one' }, merge, { metadata: { finalizers: null } }))
  await loops.until('lost', async () => (await claimPhase('a')) === 'Lost')
  await loops.until('told', async () => (await told('a')).length > 0)
  expect(await told('a')).toEqual(['ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!'])
})

it('finishes what it was stopped in', async () => {
  await volume('one')
  const made = await claim('a', { storageClassName: '' })
  const half = await volumes().get({ name: 'one' })
  const claimRef = { kind: 'PersistentVolumeClaim', namespace, name: 'a', uid: made.metadata?.uid ?? '' }
  await volumes().update({ ...half, spec: { ...half.spec, claimRef } })
  await volume('two', { capacity: { storage: '1Gi' } })
  await loops.run(BINDERS)
  await loops.until('bound', async () => (await claimPhase('a')) === 'Bound')
  expect((await claims().get({ namespace, name: 'a' })).spec?.volumeName).toBe('one')
  await loops.until('free', async () => (await volumePhase('two')) === 'Available')
})

it('makes a directory where the pod goes, and removes it with the claim', async () => {
  await loops.addNode('n1')
  await runAll()
  await claim('data')
  await loops.until('waits', async () => (await told('data')).length > 0)
  expect(await told('data')).toEqual(['WaitForFirstConsumer: waiting for first consumer to be created before binding'])
  await loops.client.of(Pod).create(pod('user', 'data'))
  await loops.until('runs', async () => {
    const user = await loops.client.of(Pod).get({ namespace, name: 'user' })
    return user.status?.phase === 'Running'
  })
  const bound = await claims().get({ namespace, name: 'data' })
  expect(bound.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } })
  const name = `pvc-${bound.metadata?.uid}`
  expect((await volumes().get({ name })).spec).toMatchObject({
    persistentVolumeReclaimPolicy: 'Delete',
    hostPath: { path: `/var/local-path-provisioner/${name}_default_data`, type: 'DirectoryOrCreate' },
  })
  const success = `ProvisioningSucceeded: Successfully provisioned volume ${name}`
  await loops.until('told', async () => (await told('data')).includes(success))

  const merge = 'application/merge-patch+json'
  await insist(() =>
    claims().patch({ namespace, name: 'data' }, merge, { spec: { resources: { requests: { storage: '3Gi' } } } }),
  )
  await loops.until('larger', async () => {
    const { status } = await claims().get({ namespace, name: 'data' })
    return status?.capacity?.storage === '3Gi'
  })

  await claims().delete({ namespace, name: 'data' })
  expect(await claimPhase('data'), 'a pod still has it').toBe('Bound')
  await loops.client.of(Pod).delete({ namespace, name: 'user' })
  const helper = { namespace: 'kube-system', name: `helper-pod-delete-${name}` }
  await loops.until('a pod removes the directory', () =>
    loops.client
      .of(Pod)
      .get(helper)
      .then(
        ({ status }) => status?.phase === 'Running',
        () => false,
      ),
  )
  expect(await volumePhase(name), 'not before it has been removed').toBe('Released')
  loops.kubelets.on = false
  await loops.client.of(Pod).patch(helper, merge, { status: { phase: 'Succeeded' } }, { subresource: 'status' })
  await loops.until('the volume has gone', async () => (await volumePhase(name)) === undefined)
})

it('makes a directory that all machines of its host share for claims of that class, at once and for many writers', async () => {
  await loops.addNode('away', { labels: { 'podium.dev/elsewhere': 'true' } })
  await loops.addNode('n1')
  await runAll()
  await loops.until('the class is there', async () => {
    const { items } = await loops.client.of(StorageClass).list()
    return items.some(({ metadata }) => metadata?.name === 'shared-directory')
  })
  const made = await claim('all', { storageClassName: 'shared-directory', accessModes: ['ReadWriteMany'] })
  await loops.until('bound, before any pod wants it', async () => (await claimPhase('all')) === 'Bound')
  const name = `pvc-${made.metadata?.uid}`
  const { spec } = await volumes().get({ name })
  expect(spec?.accessModes).toEqual(['ReadWriteMany'])
  expect(spec?.hostPath?.path).toBe(`/srv/shared-directory/${name}_default_all`)
  expect(spec?.nodeAffinity?.required?.nodeSelectorTerms).toEqual([
    { matchExpressions: [{ key: 'podium.dev/elsewhere', operator: 'DoesNotExist' }] },
  ])
  const readers = ['one', 'two', 'three', 'four']
  for (const reader of readers) await loops.client.of(Pod).create(pod(reader, 'all'))
  const placed = async () => (await loops.pods()).flatMap(({ spec }) => spec?.nodeName ?? [])
  await loops.until('its readers are placed', async () => (await placed()).length === readers.length)
  expect(new Set(await placed())).toEqual(new Set(['n1']))
  for (const reader of readers)
    await loops.client.of(Pod).delete({ namespace, name: reader }, { gracePeriodSeconds: 0 })
  await claims().delete({ namespace, name: 'all' })
  const helper = { namespace: 'kube-system', name: `helper-pod-delete-${name}` }
  await loops.until('a pod on a machine removes it', () =>
    loops.client
      .of(Pod)
      .get(helper)
      .then(
        ({ spec }) => spec?.nodeName === 'n1',
        () => false,
      ),
  )
})

it('binds by hand-made volumes of the node that is chosen, and not one to two pods', async () => {
  await loops.addNode('n1', { labels: { zone: 'a' } })
  await loops.addNode('n2', { labels: { zone: 'b' } })
  await loops.client.of(StorageClass).create({
    metadata: { name: 'local' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  const at = (zone: string): Partial<Volume['spec']> => ({
    storageClassName: 'local',
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }] },
    },
  })
  await volume('in-b', at('b'))
  await claim('one', { storageClassName: 'local' })
  await claim('two', { storageClassName: 'local' })
  await runAll()
  await loops.client.of(Pod).create(pod('first', 'one'))
  await loops.client.of(Pod).create(pod('second', 'two'))
  const placed = async () => (await loops.pods()).filter(({ spec }) => spec?.nodeName)
  await loops.until('one is placed', async () => (await placed()).length === 1)
  expect((await placed())[0]?.spec?.nodeName).toBe('n2')
  const other = (await loops.pods()).find(({ spec }) => !spec?.nodeName)?.metadata?.name ?? ''
  await loops.until('told', async () => (await told(other)).some((text) => text.includes('volumes to bind')))
  expect((await told(other)).at(-1)).toContain(
    "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.",
  )
  await volume('in-a', at('a'))
  await loops.until('both are placed', async () => (await placed()).length === 2)
})

it('makes the claims of ephemeral volumes', async () => {
  await loops.addNode('n1')
  await runAll()
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  await loops.client.of(Pod).create({
    metadata: { namespace, name: 'web' },
    spec: {
      containers: [{ name: 'a', image: 'b' }],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }],
    },
  })
  await loops.until('runs', async () => (await loops.pods())[0]?.status?.phase === 'Running')
  const made = await claims().get({ namespace, name: 'web-scratch' })
  expect(made.metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'web', controller: true }])
  expect(made.status?.phase).toBe('Bound')
  await claims().create({ metadata: { namespace, name: 'api-scratch' }, spec })
  await loops.client.of(Pod).create({
    metadata: { namespace, name: 'api' },
    spec: {
      containers: [{ name: 'a', image: 'b' }],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }],
    },
  })
  const said =
    'FailedBinding: ephemeral volume scratch: PVC "default/api-scratch" was not created for pod "default/api" (pod is not owner)'
  await loops.until('said', async () => (await told('api')).includes(said))
})

it('sends a pod to where its volume was made, also when that is not where it was wanted', async () => {
  await loops.addNode('n1')
  await loops.addNode('n2')
  await runAll()
  const volumeBindingMode = 'WaitForFirstConsumer'
  const metadata = { name: 'slow' }
  await loops.client.of(StorageClass).create({ metadata, provisioner: 'example.com/slow', volumeBindingMode })
  await claim('data', { storageClassName: 'slow' })
  await loops.client.of(Pod).create(pod('web', 'data'))
  const wanted = async () =>
    (await claims().get({ namespace, name: 'data' })).metadata?.annotations?.['volume.kubernetes.io/selected-node']
  await loops.until('a node is chosen', wanted)
  const node = await wanted()
  const other = node === 'n1' ? 'n2' : 'n1'
  const { uid = '' } = (await claims().get({ namespace, name: 'data' })).metadata ?? {}
  const isThere = { key: 'kubernetes.io/hostname', operator: 'In', values: [other] }
  await volume('made', {
    storageClassName: 'slow',
    claimRef: { namespace, name: 'data', uid },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isThere] }] } },
  })
  await loops.until('it runs', async () => (await loops.pods())[0]?.status?.phase === 'Running')
  expect((await loops.pods())[0]?.spec?.nodeName).toBe(other)
  expect(await told('web')).toContain(
    `FailedScheduling: running PreBind plugin "VolumeBinding": pv "made" node affinity doesn't match node "${node}"`,
  )
})

it('gives a claim that was made without a class the one that becomes the default', async () => {
  await loops.run(['persistent-volume-binder'])
  await claim('data')
  await claim('none', { storageClassName: '' })
  await loops.until('told', async () => (await told('data')).length > 0)
  const classOf = async (name: string) => (await claims().get({ namespace, name })).spec?.storageClassName
  expect(await classOf('data')).toBeUndefined()
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  await loops.client
    .of(StorageClass)
    .create({ metadata: { name: 'new', annotations }, provisioner: 'example.com/slow' })
  await loops.until('it has the class', async () => (await classOf('data')) === 'new')
  await loops.until('its volume is asked for', async () =>
    (await told('data')).some((text) => text.includes("external provisioner 'example.com/slow'")),
  )
  expect(await classOf('none')).toBe('')
})

it('tells of a volume that is reserved for a claim of another mode, and of which sort a bound one is', async () => {
  await loops.run(['persistent-volume-binder'])
  await claim('data', { storageClassName: '' })
  await volume('raw', { volumeMode: 'Block', claimRef: { namespace, name: 'data', uid: await uidOf('data') } })
  const why = 'due to incompatible volumeMode.'
  await loops.until('told', async () => (await told('raw')).length > 0)
  expect(await told('raw')).toEqual([
    `VolumeMismatch: Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" ${why}`,
  ])
  const ofClaim = `VolumeMismatch: Cannot bind PersistentVolume "raw" to requested PersistentVolumeClaim "data" ${why}`
  await loops.until('told', async () => (await told('data')).includes(ofClaim))
  await volumes().create({
    metadata: { name: 'fast' },
    spec: {
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'disks', volumeHandle: 'fast' },
      volumeAttributesClassName: 'gold',
    },
  })
  await claim('gold', { storageClassName: '', volumeAttributesClassName: 'gold' })
  await loops.until('bound', async () => (await claimPhase('gold')) === 'Bound')
  expect((await claims().get({ namespace, name: 'gold' })).status).toMatchObject({
    capacity: { storage: '2Gi' },
    currentVolumeAttributesClassName: 'gold',
  })
  expect(await claimPhase('data')).toBe('Pending')
})

it('chooses another node for a pod when whoever is to make its volume gives the first one back', async () => {
  await loops.addNode('n1')
  await loops.addNode('n2')
  await runAll()
  const slow = { provisioner: 'example.com/slow', volumeBindingMode: 'WaitForFirstConsumer' } as const
  await loops.client.of(StorageClass).create({ metadata: { name: 'slow' }, ...slow })
  await claim('data', { storageClassName: 'slow' })
  const selected = async () => (await claims().get({ namespace, name: 'data' })).metadata?.annotations?.[SELECTED_NODE]
  await loops.client.of(Pod).create(pod('web', 'data'))
  await loops.until('a node is chosen', selected)
  const first = await selected()
  await loops.client.of(Node).patch({ name: first ?? '' }, 'application/merge-patch+json', {
    spec: { unschedulable: true },
  })
  await insist(() =>
    claims().patch({ namespace, name: 'data' }, 'application/merge-patch+json', {
      metadata: { annotations: { [SELECTED_NODE]: null } },
    }),
  )
  await loops.until('another is chosen', async () => ![undefined, first].includes(await selected()))
  expect(await told('web')).toContain(
    'FailedScheduling: running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "data"',
  )
})

it('gives a node back that is gone before a directory is made there', async () => {
  await loops.addNode('n1')
  await runAll()
  await claims().create({
    metadata: { namespace, name: 'data', annotations: { [SELECTED_NODE]: 'gone' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  })
  await loops.client.of(Pod).create(pod('web', 'data'))
  await loops.until('it runs', async () => (await loops.pods())[0]?.status?.phase === 'Running')
  expect(await told('data')).toContain('ProvisioningFailed: node "gone" not found')
})

it('sends no pod anywhere for a claim that has gone, and was made anew unheard', async () => {
  await loops.addNode('n1')
  await runAll()
  await claim('data')
  await loops.client.of(Pod).create(pod('first', 'data'))
  await loops.until('it runs', async () => (await loops.pods())[0]?.status?.phase === 'Running')
  await loops.client.of(Pod).delete({ namespace, name: 'first' })
  await loops.until('it has gone', async () => (await loops.pods()).length === 0)
  loops.news.hold('persistentvolumeclaims')
  await claims().patch({ namespace, name: 'data' }, 'application/merge-patch+json', { metadata: { finalizers: null } })
  await claims().delete({ namespace, name: 'data' })
  await claim('data')
  await loops.client.of(Pod).create(pod('second', 'data'))
  await loops.until('it was tried', async () => (await told('second')).length > 0)
  expect((await loops.pods())[0]?.spec?.nodeName).toBeUndefined()
  loops.news.release('persistentvolumeclaims')
  await loops.until('it runs', async () => (await loops.pods())[0]?.status?.phase === 'Running')
  expect(await claimPhase('data')).toBe('Bound')
})
