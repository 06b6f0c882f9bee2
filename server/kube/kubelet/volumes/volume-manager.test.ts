// Volumes on a real file system; only what needs root to be mounted is written down instead.

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { Metrics } from '../../../base/metrics.ts'
import { SimulatedRuntime } from '../../container-runtime/simulated/simulated-runtime.ts'
import { createLinuxNodeOs } from '../../node-os/linux-node-os.ts'
import type { RemoteMount } from '../../node-os/remote-mount.ts'
import type { ApiObjects } from '../api-objects.ts'
import { CsiDrivers } from '../csi/csi-drivers.ts'
import { ImagePuller } from '../image-puller.ts'
import { kubeletConfigurationOf } from '../kubelet-configuration.ts'
import { PulledImages } from '../pulled-images.ts'
import { PodStartup } from '../telemetry/pod-startup.ts'
import { VolumeManager } from './volume-manager.ts'

let root: string
let mounts: string[]
let volumes: VolumeManager
let configMap: ConfigMap | undefined
let secret: Secret | undefined
let claim: PersistentVolumeClaim
let persistentVolume: PersistentVolume

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'podium-volumes-'))
  mounts = []
  configMap = { data: { 'app.conf': 'one', other: 'two' } }
  secret = { data: { password: Buffer.from('swordfish').toString('base64') } }
  const note = async (what: string) => void mounts.push(what.replaceAll(root, ''))
  const clock = new FakeClock()
  const objects: ApiObjects = {
    configMap: async () => configMap,
    secret: async () => secret,
    claim: async () => claim,
    persistentVolume: async () => persistentVolume,
    runtimeClass: async () => ({ handler: '' }),
    csiDriver: async () => undefined,
    volumeAttachment: async () => undefined,
    resourceClaim: async () => undefined,
    tellClaim: async (claim) => claim,
    node: async () => ({}),
    services: async () => [],
    serviceAccount: async () => ({}),
    token: async () => ({ token: 'token', expiresAt: 0 }),
  }
  const os = {
    ...createLinuxNodeOs(),
    mountTmpfs: (path: string, { sizeBytes, mode }: { sizeBytes?: number; mode?: number }) =>
      note(`tmpfs ${path} ${mode?.toString(8)} ${sizeBytes}`),
    bindInside: async (from: string, path: string, to: string) => {
      if (path === 'link-to-etc') throw new Error('/etc leads out of the volume')
      await note(`bind ${from} ${path} ${to}`)
    },
    mountRemote: (path: string, { type, source, options }: RemoteMount) => note(`${type} ${source} ${path} ${options}`),
    unmount: (path: string) => note(`unmount ${path}`),
    mountLayers: (layers: string[], to: string) => note(`layers ${layers} ${to}`),
  }
  const runtime = new SimulatedRuntime({ clock })
  const events = { pod: () => undefined, claim: () => undefined, node: () => undefined }
  const metrics = new Metrics()
  const startup = new PodStartup({ clock, metrics })
  const configuration = kubeletConfigurationOf(undefined)
  const pulled = new PulledImages({ os, rootDir: root, clock, logger: noLogger, configuration })
  const images = new ImagePuller({ runtime, objects, events, clock, metrics, startup, pulled })
  const csi = new CsiDrivers({
    os,
    rootDir: root,
    logger: noLogger,
    nodeUid: () => undefined,
    introduce: async () => undefined,
    publish: async () => undefined,
  })
  const node = { memoryBytes: 1024 ** 3, allocatable: { cpu: '2', memory: '1Gi' } }
  volumes = new VolumeManager({
    os,
    objects,
    events,
    clock,
    metrics,
    node,
    runtime,
    images,
    csi,
    nodeName: 'n1',
    onInUse: () => {},
    rootDir: root,
  })
})
afterEach(() => rm(root, { recursive: true, force: true }))

const group = process.getgid?.() ?? 0
type Spec = NonNullable<Pod['spec']>
const podWith = (volume: object, spec: Partial<Spec> = {}) =>
  ({
    metadata: { name: 'web', namespace: 'shop', uid: 'u1' },
    spec: { containers: [{ name: 'app' }], volumes: [{ name: 'v', ...volume }], ...spec },
  }) as Pod
const ADDRESSES = { podIPs: [], hostIPs: ['192.0.2.1', 'fd00::1'] }
const mount = async (pod: Pod) => (await volumes.mount(pod, ADDRESSES)).get('v')
const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8)

it('shows a ConfigMap’s keys, for reading only, and follows it while the pod runs', async () => {
  const pod = podWith({ configMap: { name: 'c', defaultMode: 0o440 } })
  const volume = await mount(pod)
  const path = volume?.path ?? ''
  expect(path).toBe(`${root}/pods/u1/volumes/kubernetes.io~configmap/v`)
  expect(volume?.isReadOnly).toBe(true)
  expect(await modeOf(path)).toBe('777')
  expect(await modeOf(`${path}/app.conf`)).toBe('440')
  configMap = { data: { 'app.conf': 'three' } }
  await volumes.refresh(pod, ADDRESSES)
  expect(await readFile(`${path}/app.conf`, 'utf8')).toBe('three')
  await expect(stat(`${path}/other`)).rejects.toThrow('ENOENT')
})

it('follows what can be followed while another volume cannot', async () => {
  const pod = podWith({ configMap: { name: 'c' } })
  const path = (await mount(pod))?.path
  const others = [{ name: 'w', persistentVolumeClaim: { claimName: 'd' } }, ...(pod.spec?.volumes ?? [])]
  claim = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }
  configMap = { data: { 'app.conf': 'three' } }
  const refreshed = volumes.refresh({ ...pod, spec: { containers: [], volumes: others } }, ADDRESSES)
  await expect(refreshed).rejects.toThrow('PVC is being deleted')
  expect(await readFile(`${path}/app.conf`, 'utf8')).toBe('three')
})

it('measures what pods have on the machine’s disk, and volumes set aside, by claim', async () => {
  const pod = podWith({ emptyDir: {} })
  const path = (await mount(pod))?.path
  await writeFile(`${path}/page`, 'x'.repeat(10_000))
  claim = { metadata: { uid: 'c' }, spec: { volumeName: 'pv' }, status: { phase: 'Bound' } }
  claim.metadata = { uid: 'c', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }
  persistentVolume = { metadata: { name: 'pv' }, spec: { local: { path: root }, claimRef: { uid: 'c' } } }
  const claimed = { name: 'w', persistentVolumeClaim: { claimName: 'd' } }
  const hostPath = { name: 'h', hostPath: { path: root } }
  const whole = { ...pod, spec: { containers: [], volumes: [...(pod.spec?.volumes ?? []), claimed, hostPath] } }
  const [own, local, ...none] = await volumes.usage(whole, { onlyClaimed: false })
  expect(own).toMatchObject({ name: 'v', usage: { usedBytes: expect.any(Number), inodesUsed: 2 } })
  expect(own?.usage.usedBytes).toBeGreaterThanOrEqual(10_000)
  expect(own?.usage.usedBytes).toBeLessThan(100_000)
  expect(local).toMatchObject({ name: 'w', claimName: 'd' })
  const { usedBytes = 0, availableBytes = 0, capacityBytes } = local?.usage ?? {}
  expect(usedBytes + availableBytes).toBe(capacityBytes)
  expect(none).toEqual([])
  expect((await volumes.usage(whole, { onlyClaimed: true })).map(({ name }) => name)).toEqual(['w'])
})

it('shows the chosen keys at their paths and modes', async () => {
  const items = [{ key: 'app.conf', path: 'etc/app', mode: 0o600 }]
  const path = (await mount(podWith({ configMap: { name: 'c', items } })))?.path
  expect(await readFile(`${path}/etc/app`, 'utf8')).toBe('one')
  expect(await modeOf(`${path}/etc/app`)).toBe('600')
  await expect(stat(`${path}/other`)).rejects.toThrow('ENOENT')
})

it.each([
  ['a ConfigMap', { configMap: { name: 'c' } }, 'configmap "c" not found'],
  ['a Secret', { secret: { secretName: 's' } }, 'secret "s" not found'],
])('waits for %s that is missing, unless it is optional', async (_what, source, message) => {
  configMap = secret = undefined
  await expect(mount(podWith(source))).rejects.toThrow(`MountVolume.SetUp failed for volume "v" : ${message}`)
  const [[field, told]] = Object.entries(source) as [[string, object]]
  expect((await mount(podWith({ [field]: { ...told, optional: true } })))?.path).toBeDefined()
})

it('names the key that a ConfigMap or a Secret lacks', async () => {
  const items = [{ key: 'user', path: 'user' }]
  await expect(mount(podWith({ configMap: { name: 'c', items } }))).rejects.toThrow(
    'MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: user',
  )
  await expect(mount(podWith({ secret: { secretName: 's', items } }))).rejects.toThrow(
    'references non-existent secret key: user',
  )
})

it('lets the group of the pod read what is shown, and keeps the token from others', async () => {
  const sources = [{ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'c' } }]
  const pod = podWith({ projected: { sources, defaultMode: 0o600 } }, { securityContext: { fsGroup: group } })
  const path = (await mount(pod))?.path ?? ''
  expect(await modeOf(path)).toBe('2777')
  expect(await modeOf(`${path}/token`)).toBe('640')
  expect(await modeOf(`${path}/app.conf`)).toBe('640')
  const data = await readFile(`${path}/token`)
  expect(data.toString()).toBe('token')
})

it('gives an emptyDir in memory no more than the pod may use', async () => {
  const memory = (sizeLimit?: string) => ({ emptyDir: { medium: 'Memory', ...(sizeLimit ? { sizeLimit } : {}) } })
  const limited = { containers: [{ name: 'app', resources: { limits: { memory: '64Mi' } } }] }
  const path = '/pods/u1/volumes/kubernetes.io~empty-dir/v'
  await mount(podWith(memory()))
  await mount(podWith(memory('8Mi')))
  await mount(podWith(memory(), limited))
  await mount(podWith(memory('128Mi'), limited))
  expect(mounts).toEqual(
    [1024 ** 3, 8 * 2 ** 20, 64 * 2 ** 20, 64 * 2 ** 20].map((size) => `tmpfs ${path} 777 ${size}`),
  )
})

it('hands an emptyDir to the pod’s group', async () => {
  const path = (await mount(podWith({ emptyDir: {} }, { securityContext: { fsGroup: group } })))?.path ?? ''
  expect(await modeOf(path)).toBe('2777')
})

it('binds a path of a volume for each container, anew each time, and lets go of it with the pod', async () => {
  const pod = podWith({ emptyDir: {} })
  const container = { name: 'app', volumeMounts: [{ name: 'v', mountPath: '/data', subPathExpr: 'logs/$(POD)' }] }
  const mounted = await volumes.mount(pod, ADDRESSES)
  const place = '/pods/u1/volume-subpaths/v/app/0'
  const [made] = await volumes.mountsOf(pod, container, mounted, new Map([['POD', 'web']]))
  expect(made).toEqual({ hostPath: root + place, containerPath: '/data', readOnly: false })
  const from = '/pods/u1/volumes/kubernetes.io~empty-dir/v'
  expect(mounts).toEqual([`unmount ${place}`, `bind ${from} logs/web ${place}`])
  await createLinuxNodeOs().makeDirectory(root + place)
  mounts = []
  await volumes.unmount('u1')
  expect(mounts).toEqual([`unmount ${place}`, `unmount ${from}`])
})

it('takes away what it can when a volume’s driver is not there', async () => {
  const os = createLinuxNodeOs()
  const volume = (kind: string) => `${root}/pods/u1/volumes/kubernetes.io~${kind}/v`
  await os.writeFile(`${volume('csi')}/vol_data.json`, JSON.stringify({ driverName: 'gone.example.org' }))
  await os.makeDirectory(volume('empty-dir'))
  await expect(volumes.unmount('u1')).rejects.toThrow('driver name gone.example.org not found')
  expect(mounts).toEqual(['unmount /pods/u1/volumes/kubernetes.io~empty-dir/v'])
})

it('frees what a pod has written into its directory when the pod is over', async () => {
  const pod = podWith({ emptyDir: {} })
  const { path = '' } = (await volumes.mount(pod, ADDRESSES)).get('v') ?? {}
  const os = createLinuxNodeOs()
  await os.writeFile(`${path}/large`, 'much')
  await volumes.unmount(pod.metadata?.uid ?? '')
  expect(await os.kindOf(path)).toBeUndefined()
})

it('tells nothing of the machine when a path leads out of its volume', async () => {
  const pod = podWith({ emptyDir: {} })
  const mounted = await volumes.mount(pod, ADDRESSES)
  const container = { name: 'app', volumeMounts: [{ name: 'v', mountPath: '/data', subPath: 'link-to-etc' }] }
  await expect(volumes.mountsOf(pod, container, mounted, new Map())).rejects.toThrow(
    /^failed to prepare subPath for volumeMount "v" of container "app"$/,
  )
})

it.each([
  { value: '/abs', why: 'error SubPath `/abs` must not be an absolute path' },
  { value: '../up', why: "unable to provision SubPath `../up`: must not contain '..'" },
  { value: '', why: 'missing value for PLACE' },
])('makes no place inside a volume out of "$value"', async ({ value, why }) => {
  const container = { name: 'app', volumeMounts: [{ name: 'v', mountPath: '/data', subPathExpr: '$(PLACE)' }] }
  const pod = podWith({ emptyDir: {} })
  const mounted = await volumes.mount(pod, ADDRESSES)
  await expect(volumes.mountsOf(pod, container, mounted, new Map([['PLACE', value]]))).rejects.toThrow(why)
})

it('refuses recursive read-only mounts, which the engine does not know', async () => {
  const pod = podWith({ emptyDir: {} })
  const wanted = { name: 'v', mountPath: '/data', readOnly: true, recursiveReadOnly: 'Enabled' }
  const mounted = await volumes.mount(pod, ADDRESSES)
  await expect(volumes.mountsOf(pod, { name: 'app', volumeMounts: [wanted] }, mounted, new Map())).rejects.toThrow(
    'failed to resolve recursive read-only mode: volume "v" requested recursive read-only mode, but it is not supported by the runtime',
  )
})

it('finds a machine’s directory behind a claim, read only when the pod says so', async () => {
  claim = {
    metadata: { uid: 'c1', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { volumeName: 'pv' },
    status: { phase: 'Bound' },
  }
  const spec = { local: { path: root }, claimRef: { uid: 'c1' } }
  persistentVolume = { metadata: { name: 'pv' }, spec }
  const pod = podWith({ persistentVolumeClaim: { claimName: 'data', readOnly: true } })
  expect(await mount(pod)).toEqual({ path: root, isReadOnly: true })
  persistentVolume = { metadata: { name: 'pv' }, spec: { ...spec, local: { path: '/no/such' } } }
  await expect(mount(pod)).rejects.toThrow('MountVolume.SetUp failed for volume "pv" : path "/no/such" does not exist')
})

it('mounts what an NFS server shows, by the options of the volume, read only when the pod or its claim says so', async () => {
  const directory = '/pods/u1/volumes/kubernetes.io~nfs/v'
  expect((await mount(podWith({ nfs: { server: 'files', path: '/export' } })))?.path).toBe(`${root}${directory}`)
  await mount(podWith({ nfs: { server: 'fd00::7', path: '/', readOnly: true } }))
  claim = {
    metadata: { uid: 'c1', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { volumeName: 'pv' },
    status: { phase: 'Bound' },
  }
  const nfs = { server: 'files', path: '/export' }
  const spec = { nfs, mountOptions: ['vers=4.2', 'hard', 'ro'], claimRef: { uid: 'c1' } }
  persistentVolume = { metadata: { name: 'pv' }, spec }
  await mount(podWith({ persistentVolumeClaim: { claimName: 'data', readOnly: true } }))
  expect(mounts).toEqual([
    `nfs files:/export ${directory} `,
    `nfs [fd00::7]:/ ${directory} ro`,
    `nfs files:/export ${directory} hard,ro,vers=4.2`,
  ])
})

it('unmounts an NFS server’s directory, and removes nothing of what was in it', async () => {
  const directory = `${root}/pods/u1/volumes/kubernetes.io~nfs/v`
  await createLinuxNodeOs().writeFile(`${directory}/kept`, 'by others')
  await volumes.unmount('u1')
  expect(mounts).toEqual(['unmount /pods/u1/volumes/kubernetes.io~nfs/v'])
  expect(await readFile(`${directory}/kept`, 'utf8')).toBe('by others')
})

it('counts an NFS server’s room without waiting for it', async () => {
  const pod = podWith({ nfs: { server: 'files', path: '/export' } })
  const usage = () => volumes.usage(pod, { onlyClaimed: false })
  expect(await usage()).toEqual([])
  await createLinuxNodeOs().makeDirectory((await mount(pod))?.path ?? '')
  const [counted] = await usage()
  // Where nothing lies on it yet, all of it is there to be had.
  expect(counted?.usage.availableBytes).toBeGreaterThan(0)
  expect(counted?.usage.capacityBytes).toBeGreaterThanOrEqual(counted?.usage.availableBytes ?? 0)
  expect(counted?.usage.inodes).toBeGreaterThan(0)
})

it('gives a ReadWriteOncePod volume to one pod at a time, also after a restart', async () => {
  claim = {
    metadata: { uid: 'c1', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { volumeName: 'pv' },
    status: { phase: 'Bound' },
  }
  const spec = { local: { path: root }, claimRef: { uid: 'c1' }, accessModes: ['ReadWriteOncePod'] }
  persistentVolume = { metadata: { name: 'pv' }, spec }
  const pod = (uid: string) => ({
    ...podWith({ persistentVolumeClaim: { claimName: 'data' } }),
    metadata: { name: uid, namespace: 'shop', uid },
  })
  const refusal =
    'MountVolume.SetUp failed for volume "pv" : volume uses the ReadWriteOncePod access mode and is already in use by another pod'
  await mount(pod('u1'))
  await expect(mount(pod('u2'))).rejects.toThrow(refusal)
  expect((await mount(pod('u1')))?.path).toBe(root)
  await volumes.unmount('u1')
  await mount(pod('u2'))
  await expect(mount(pod('u1'))).rejects.toThrow(refusal)
  persistentVolume = { metadata: { name: 'pv' }, spec: { ...spec, accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] } }
  await mount(pod('u1'))
})

it('tells hostPaths of one kind from those of another', async () => {
  const of = (path: string, type: string) => mount(podWith({ hostPath: { path, type } }))
  expect((await of('/dev/null', 'CharDevice'))?.path).toBe('/dev/null')
  await expect(of('/dev/null', 'File')).rejects.toThrow('hostPath type check failed: /dev/null is not a file')
  await expect(of('/dev/null', 'BlockDevice')).rejects.toThrow('/dev/null is not a block device')
  await of(`${root}/made`, 'DirectoryOrCreate')
  expect(await modeOf(`${root}/made`)).toBe('755')
})
