// Drivers of other people's making: served by another gRPC implementation, at sockets in a folder of the test's own.

import { createHash } from 'node:crypto'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Server, status } from '@grpc/grpc-js'
import type { NodeStatus, PersistentVolume, Pod } from 'kubernetes-types/core/v1'
import type { CSIDriver, VolumeAttachment } from 'kubernetes-types/storage/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noLogger } from '../../../base/logger.ts'
import { createLinuxNodeOs } from '../../node-os/linux-node-os.ts'
import type { ApiObjects } from '../api-objects.ts'
import { csiVolume } from '../volumes/csi.ts'
import { volumesInUse } from '../volumes/csi-data.ts'
import { VolumeAwaited, type VolumePorts } from '../volumes/volume-plugin.ts'
import { CsiDrivers, type DriverOnNode } from './csi-drivers.ts'
import {
  Empty,
  NodeGetCapabilitiesResponse,
  NodeGetInfoResponse,
  NodePublishVolumeRequest,
  NodeStageVolumeRequest,
  NodeUnpublishVolumeRequest,
  NodeUnstageVolumeRequest,
  PluginInfo,
  RegistrationStatus,
  recordOf,
} from './messages.ts'
import { type Asked, type Method, serveDriver } from './testing/serve-driver.ts'

const NAME = 'disks.example.org'
let root: string
let servers: Server[]
/** What the driver was asked, in order. */
let asked: Asked[]
let told: DriverOnNode[][]
let nodeUid: string | undefined
let introduced: string[]
let drivers: CsiDrivers
let versions: string[]
let canStage: boolean
let csiDriver: CSIDriver | undefined
let attachment: VolumeAttachment | undefined
let nodeStatus: NodeStatus
/** What the driver had been asked each time the node was to tell what is in use. */
let toldInUse: string[][]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pdm-csi-'))
  servers = []
  asked = []
  told = []
  nodeUid = 'uid-1'
  introduced = []
  versions = ['1.0.0']
  canStage = true
  csiDriver = { metadata: { name: NAME }, spec: { attachRequired: false } }
  attachment = undefined
  nodeStatus = {}
  toldInUse = []
  drivers = newDrivers()
})
afterEach(async () => {
  for (const server of servers) server.forceShutdown()
  await rm(root, { recursive: true, force: true })
})

const os = createLinuxNodeOs()
const newDrivers = () =>
  new CsiDrivers({
    os,
    rootDir: root,
    logger: noLogger,
    nodeUid: () => nodeUid,
    introduce: async (uid) => void introduced.push(uid),
    publish: async (all) => void told.push([...all]),
  })

async function serve(socket: string, methods: Method[]): Promise<Server> {
  const server = await serveDriver(socket, methods, (one) => void asked.push(one))
  servers.push(server)
  return server
}

const NODE = '/csi.v1.Node'
const REGISTRATION = '/pluginregistration.Registration'
/** What the driver does not want to do. */
let refusal: string | undefined
const done = () => {
  if (refusal) throw { code: status.NOT_FOUND, details: refusal }
  return {}
}
async function startDriver(): Promise<Server> {
  refusal = undefined
  const endpoint = `${root}/plugins/csi.sock`
  await serve(endpoint, [
    [
      `${NODE}/NodeGetInfo`,
      Empty,
      NodeGetInfoResponse,
      () => ({
        nodeId: 'id-1',
        maxVolumesPerNode: 7,
        accessibleTopology: { segments: [{ key: 'rack', value: 'r1' }] },
      }),
    ],
    [
      `${NODE}/NodeGetCapabilities`,
      Empty,
      NodeGetCapabilitiesResponse,
      () => ({ capabilities: canStage ? [{ rpc: { type: 1 } }] : [] }),
    ],
    [`${NODE}/NodeStageVolume`, NodeStageVolumeRequest, Empty, done],
    [`${NODE}/NodePublishVolume`, NodePublishVolumeRequest, Empty, done],
    [`${NODE}/NodeUnpublishVolume`, NodeUnpublishVolumeRequest, Empty, done],
    [`${NODE}/NodeUnstageVolume`, NodeUnstageVolumeRequest, Empty, done],
  ] as Method[])
  return serve(`${root}/plugins_registry/reg.sock`, [
    [
      `${REGISTRATION}/GetInfo`,
      Empty,
      PluginInfo,
      () => ({ type: 'CSIPlugin', name: NAME, endpoint, supportedVersions: versions }),
    ],
    [`${REGISTRATION}/NotifyRegistrationStatus`, RegistrationStatus, Empty, () => ({})],
  ] as Method[])
}
const methods = () => asked.map(({ method }) => method).filter((method) => method !== 'NodeGetCapabilities')
const last = (method: string) => asked.findLast((one) => one.method === method)?.content ?? {}

describe('a driver on the machine', () => {
  it('is told to the cluster and hears that it is known, once', async () => {
    await startDriver()
    await drivers.look()
    await drivers.look()
    expect(told).toEqual([[{ name: NAME, nodeId: 'id-1', topology: { rack: 'r1' }, mostVolumes: 7 }]])
    expect(methods()).toEqual(['GetInfo', 'NodeGetInfo', 'NotifyRegistrationStatus'])
    expect(last('NotifyRegistrationStatus')).toEqual({ pluginRegistered: true, error: '' })
  })

  it('is told again when its machine has become another Node', async () => {
    await startDriver()
    nodeUid = undefined
    await drivers.look()
    expect(introduced).toEqual([])
    nodeUid = 'uid-1'
    await drivers.look()
    nodeUid = 'uid-2'
    await drivers.look()
    await drivers.look()
    expect(introduced).toEqual(['uid-1', 'uid-2'])
    expect(told.slice(1).map((all) => all.map(({ name }) => name))).toEqual([[NAME], [NAME]])
  })

  it('is forgotten when its socket goes', async () => {
    await startDriver()
    await drivers.look()
    await rm(`${root}/plugins_registry/reg.sock`)
    await drivers.look()
    expect(told.at(-1)).toEqual([])
    await expect(drivers.can(NAME, 1)).rejects.toThrow(
      `driver name ${NAME} not found in the list of registered CSI drivers`,
    )
  })

  it('hears why it is not taken, and may come again', async () => {
    versions = ['0.3.0']
    await startDriver()
    await drivers.look()
    expect(last('NotifyRegistrationStatus').error).toContain('none of the versions 0.3.0')
    expect(told).toEqual([])
    versions = ['1.5.0']
    await drivers.look()
    expect(told).toHaveLength(1)
  })

  it('does no harm when nobody answers at its socket', async () => {
    const server = await startDriver()
    server.forceShutdown()
    await drivers.look()
    expect(told).toEqual([])
  })
})

describe('a volume of a driver', () => {
  const volume: PersistentVolume = {
    metadata: { name: 'pv' },
    spec: {
      accessModes: ['ReadWriteMany'],
      mountOptions: ['noatime'],
      csi: {
        driver: NAME,
        volumeHandle: 'disk-1',
        volumeAttributes: { speed: 'fast' },
        nodeStageSecretRef: { namespace: 'shop', name: 's' },
      },
    },
  }
  const directoryOf = (uid: string) => `${root}/pods/${uid}/volumes/kubernetes.io~csi/data`
  const ports = (): VolumePorts => {
    const objects: Partial<ApiObjects> = {
      csiDriver: async () => csiDriver,
      node: async () => ({ status: nodeStatus }),
      volumeAttachment: async (name) => (attachment?.metadata?.name === name ? attachment : undefined),
      secret: async () => ({ data: { key: Buffer.from('sesame').toString('base64') } }),
    }
    const onInUse = () => void toldInUse.push(methods())
    return { os, csi: drivers, objects, onInUse, rootDir: root, nodeName: 'n1' } as unknown as VolumePorts
  }
  const setUp = async (uid: string, persistentVolume: PersistentVolume | undefined = volume) => {
    const pod: Pod = { metadata: { name: `pod-${uid}`, namespace: 'shop', uid }, spec: { containers: [] } }
    const csi = persistentVolume?.spec?.csi ?? { driver: NAME, volumeAttributes: { size: '1Gi' } }
    const request = {
      pod,
      persistentVolume,
      isReadOnly: false,
      directory: directoryOf(uid),
      addresses: { podIPs: [], hostIPs: [] },
    }
    return csiVolume.setUp({ ...request, volume: { name: 'data', csi } }, ports())
  }
  const tearDown = (uid: string) => csiVolume.tearDown?.(directoryOf(uid), ports())
  beforeEach(async () => {
    await startDriver()
    await drivers.look()
    asked = []
  })

  it('is staged once for the machine, published for each pod, and undone in reverse', async () => {
    expect(await setUp('u1')).toBe(`${directoryOf('u1')}/mount`)
    const stage = last('NodeStageVolume').stagingTargetPath as string
    expect(stage).toMatch(/\/plugins\/kubernetes\.io\/csi\/disks\.example\.org\/[0-9a-f]{64}\/globalmount$/)
    expect(last('NodePublishVolume')).toMatchObject({ volumeId: 'disk-1', stagingTargetPath: stage, readonly: false })
    expect(toldInUse.at(-1), 'before anything is done').not.toContain('NodeStageVolume')
    await setUp('u2')
    expect(await volumesInUse(ports())).toEqual([`kubernetes.io/csi/${NAME}^disk-1`])
    asked = []
    await tearDown('u1')
    expect(methods()).toEqual(['NodeUnpublishVolume'])
    expect(toldInUse.at(-1)).toEqual(['NodeUnpublishVolume'])
    await tearDown('u2')
    expect(methods()).toEqual(['NodeUnpublishVolume', 'NodeUnpublishVolume', 'NodeUnstageVolume'])
    await expect(stat(stage)).rejects.toThrow('ENOENT')
    expect(await volumesInUse(ports())).toEqual([])
  })

  it('keeps its mode when another pod comes to it', async () => {
    await setUp('u1')
    // As if the driver had mounted the volume here.
    const stage = last('NodeStageVolume').stagingTargetPath as string
    await chmod(stage, 0o2775)
    await setUp('u2')
    expect((await stat(stage)).mode & 0o7777).toBe(0o2775)
  })

  it('is told how it shall be used, and the secrets for that', async () => {
    await setUp('u1')
    const { volumeCapability, volumeContext, secrets } = last('NodeStageVolume')
    expect(volumeCapability).toMatchObject({ mount: { mountFlags: ['noatime'] }, accessMode: { mode: 5 } })
    expect(recordOf(volumeContext as [])).toEqual({ speed: 'fast' })
    expect(recordOf(secrets as [])).toEqual({ key: 'sesame' })
    expect(last('NodePublishVolume').secrets).toEqual([])
  })

  it('is not staged where the driver does not do that', async () => {
    canStage = false
    await setUp('u1')
    expect(methods()).toEqual(['NodePublishVolume'])
    await tearDown('u1')
    expect(methods()).toEqual(['NodePublishVolume', 'NodeUnpublishVolume'])
  })

  it('hears of the pod when its driver asks for that', async () => {
    csiDriver = { metadata: { name: NAME }, spec: { attachRequired: false, podInfoOnMount: true } }
    await setUp('u1')
    expect(recordOf(last('NodePublishVolume').volumeContext as [])).toMatchObject({
      speed: 'fast',
      'csi.storage.k8s.io/pod.name': 'pod-u1',
      'csi.storage.k8s.io/ephemeral': 'false',
    })
  })

  it('waits until the node says that it uses it and has it, and hands on what the attacher said', async () => {
    csiDriver = undefined
    const name = `kubernetes.io/csi/${NAME}^disk-1`
    const waits = async (why: string) => {
      await expect(setUp('u1')).rejects.toThrow(new VolumeAwaited(why))
      expect(methods()).toEqual([])
    }
    const told = "Volume has not been added to the list of VolumesInUse in the node's volume status"
    nodeStatus = { volumesAttached: [{ name, devicePath: '' }] }
    await waits(told)
    expect(await volumesInUse(ports())).toEqual([name])
    expect(toldInUse).not.toEqual([])
    nodeStatus = { volumesInUse: [name] }
    await waits('Volume not attached according to node status')
    nodeStatus = { volumesInUse: [name], volumesAttached: [{ name, devicePath: '' }] }
    await waits('volume disk-1 is not attached any more')
    attachment = {
      metadata: { name: `csi-${createHash('sha256').update(`disk-1${NAME}n1`).digest('hex')}` },
      spec: { attacher: NAME, nodeName: 'n1', source: { persistentVolumeName: 'pv' } },
      status: { attached: true, attachmentMetadata: { device: '/dev/x' } },
    }
    await setUp('u1')
    expect(recordOf(last('NodeStageVolume').publishContext as [])).toEqual({ device: '/dev/x' })
    expect(await volumesInUse(ports())).toEqual([name])
  })

  it('that was only waited for is let go without its driver', async () => {
    csiDriver = undefined
    await expect(setUp('u1')).rejects.toThrow(VolumeAwaited)
    drivers = newDrivers()
    await tearDown('u1')
    expect(await volumesInUse(ports())).toEqual([])
    await expect(stat(directoryOf('u1'))).rejects.toThrow('ENOENT')
  })

  it('lives as long as its pod when the pod’s own spec describes it, if the driver can do that', async () => {
    await expect(setUp('u1', null as never)).rejects.toThrow(
      `volume mode "Ephemeral" not supported by driver ${NAME} (only supports Persistent)`,
    )
    csiDriver = { metadata: { name: NAME }, spec: { volumeLifecycleModes: ['Ephemeral'] } }
    await setUp('u1', null as never)
    expect(methods()).toEqual(['NodePublishVolume'])
    expect(last('NodePublishVolume').volumeId).toMatch(/^csi-[0-9a-f]{64}$/)
  })

  it('is undone by a kubelet that has forgotten all', async () => {
    await setUp('u1')
    drivers = newDrivers()
    await expect(tearDown('u1')).rejects.toThrow('not found in the list of registered CSI drivers')
    await drivers.look()
    asked = []
    await tearDown('u1')
    expect(methods()).toEqual(['NodeUnpublishVolume', 'NodeUnstageVolume'])
    await tearDown('u1')
  })

  it('says in the driver’s words what it did not do', async () => {
    refusal = 'no such disk'
    await expect(setUp('u1')).rejects.toThrow('rpc error: code = NotFound desc = no such disk')
    refusal = undefined
    asked = []
    await tearDown('u1')
    expect(methods()).toEqual(['NodeUnpublishVolume', 'NodeUnstageVolume'])
  })
})
