// What a driver is asked about a volume that is mounted: served by another gRPC implementation, at a socket of the test's own.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Server, status } from '@grpc/grpc-js'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1'
import type { CSIDriver } from 'kubernetes-types/storage/v1'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { createLinuxNodeOs } from '../../node-os/linux-node-os.ts'
import { csiVolume } from '../volumes/csi.ts'
import type { VolumePorts, VolumeRequest } from '../volumes/volume-plugin.ts'
import { CsiDrivers } from './csi-drivers.ts'
import {
  Empty,
  NodeExpandVolumeRequest,
  NodeGetCapabilitiesResponse,
  NodeGetInfoResponse,
  NodeGetVolumeStatsRequest,
  NodeGetVolumeStatsResponse,
  NodePublishVolumeRequest,
  NodeStageVolumeRequest,
  PluginInfo,
  RegistrationStatus,
  recordOf,
} from './messages.ts'
import { type Asked, type Method, type Refusal, serveDriver } from './testing/serve-driver.ts'

const NAME = 'disks.example.org'
const TOKENS = 'csi.storage.k8s.io/serviceAccount.tokens'
const os = createLinuxNodeOs()
const clock = new FakeClock()
let root: string
let servers: Server[]
let drivers: CsiDrivers
let asked: Asked[]
let capabilities: number[]
let usage: object[]
let refusal: Refusal | undefined
let driver: CSIDriver
let claim: PersistentVolumeClaim
let volume: PersistentVolume
let said: string[]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'pdm-csi-'))
  const endpoint = `${root}/plugins/csi.sock`
  const node = (method: string, request: object, response: object, answer: () => object) =>
    [`/csi.v1.Node/${method}`, request, response, answer] as unknown as Method
  const grow = () => {
    if (refusal) throw refusal
    return {}
  }
  const registration = '/pluginregistration.Registration'
  const note = (one: Asked) => void asked?.push(one)
  servers = await Promise.all([
    serveDriver(
      endpoint,
      [
        node('NodeGetInfo', Empty, NodeGetInfoResponse, () => ({ nodeId: 'id-1' })),
        node('NodeGetCapabilities', Empty, NodeGetCapabilitiesResponse, () => ({
          capabilities: capabilities.map((type) => ({ rpc: { type } })),
        })),
        node('NodeStageVolume', NodeStageVolumeRequest, Empty, () => ({})),
        node('NodePublishVolume', NodePublishVolumeRequest, Empty, () => ({})),
        node('NodeGetVolumeStats', NodeGetVolumeStatsRequest, NodeGetVolumeStatsResponse, () => ({ usage })),
        node('NodeExpandVolume', NodeExpandVolumeRequest, Empty, grow),
      ],
      note,
    ),
    serveDriver(
      `${root}/plugins_registry/reg.sock`,
      [
        [
          `${registration}/GetInfo`,
          Empty,
          PluginInfo as never,
          () => ({ type: 'CSIPlugin', name: NAME, endpoint, supportedVersions: ['1.0.0'] }),
        ],
        [`${registration}/NotifyRegistrationStatus`, RegistrationStatus as never, Empty, () => ({})],
      ],
      note,
    ),
  ])
  drivers = new CsiDrivers({
    os,
    rootDir: root,
    logger: noLogger,
    nodeUid: () => undefined,
    introduce: async () => undefined,
    publish: async () => undefined,
  })
  await drivers.look()
})
afterAll(async () => {
  for (const server of servers) server.forceShutdown()
  await rm(root, { recursive: true, force: true })
})
beforeEach(async () => {
  await rm(`${root}/pods`, { recursive: true, force: true })
  asked = []
  said = []
  capabilities = [1, 2, 3]
  usage = []
  refusal = undefined
  driver = { metadata: { name: NAME }, spec: { attachRequired: false } }
  claim = { metadata: { namespace: 'shop', name: 'data' }, status: { capacity: { storage: '1Gi' } } }
  volume = {
    metadata: { name: 'pv' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: NAME, volumeHandle: 'disk-1', nodeExpandSecretRef: { namespace: 'shop', name: 's' } },
    },
  } as PersistentVolume
})

const pod: Pod = { metadata: { name: 'web', namespace: 'shop', uid: 'u1' }, spec: { containers: [] } }
const directory = () => `${root}/pods/u1/volumes/kubernetes.io~csi/data`
const request = (): VolumeRequest => ({
  pod,
  volume: { name: 'data', csi: { driver: NAME } },
  persistentVolume: volume,
  claim,
  isReadOnly: false,
  directory: directory(),
  addresses: { podIPs: [], hostIPs: [] },
})
const ports = () => {
  const objects = {
    csiDriver: async () => driver,
    secret: async () => ({ data: { key: Buffer.from('sesame').toString('base64') } }),
    token: async ({ audience }: { audience: string }) => ({ token: `for ${audience}`, expiresAt: 3_600_000 }),
    // As a merge patch.
    async tellClaim(_: object, told: Record<string, Record<string, unknown>>) {
      const statuses = { ...claim.status?.allocatedResourceStatuses, ...told.allocatedResourceStatuses }
      const kept = Object.fromEntries(Object.entries(statuses).filter(([, value]) => value !== null))
      claim = { ...claim, status: { ...claim.status, ...told, allocatedResourceStatuses: kept } } as typeof claim
      return claim
    },
  }
  const events = {
    pod: (_: object, __: string, reason: string, message: string) => void said.push(`${reason}: ${message}`),
    claim: (_: object, __: string, reason: string) => void said.push(`claim ${reason}`),
  }
  return {
    os,
    csi: drivers,
    objects,
    events,
    clock,
    onInUse() {},
    rootDir: root,
    nodeName: 'n1',
  } as unknown as VolumePorts
}
const setUp = () => csiVolume.setUp(request(), ports())
const refresh = async () => csiVolume.refresh?.(request(), ports())
const methods = () => asked.map(({ method }) => method).filter((method) => method !== 'NodeGetCapabilities')
const last = (method: string) => asked.findLast((one) => one.method === method)?.content ?? {}

describe('a volume that was made larger', () => {
  const enlarge = (status: object = { allocatedResourceStatuses: { storage: 'NodeResizePending' } }) => {
    volume = { ...volume, spec: { ...volume.spec, capacity: { storage: '2Gi' } } }
    const conditions = [{ type: 'FileSystemResizePending', status: 'True' }]
    claim = { ...claim, status: { ...claim.status, conditions, ...status } } as typeof claim
  }

  it('grows while it is mounted, once, and its claim says how large it is', async () => {
    await setUp()
    await refresh()
    expect(methods()).toEqual(['NodeStageVolume', 'NodePublishVolume'])
    enlarge()
    await refresh()
    await refresh()
    expect(methods().slice(2)).toEqual(['NodeExpandVolume'])
    expect(last('NodeExpandVolume')).toMatchObject({
      volumeId: 'disk-1',
      volumePath: `${directory()}/mount`,
      stagingTargetPath: last('NodeStageVolume').stagingTargetPath,
      capacityRange: { requiredBytes: 2 * 1024 ** 3 },
      secrets: [{ key: 'key', value: 'sesame' }],
    })
    expect(claim.status).toEqual({ capacity: { storage: '2Gi' }, allocatedResourceStatuses: {}, conditions: [] })
    expect(said).toEqual([
      'FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "pv" n1',
      'claim FileSystemResizeSuccessful',
    ])
  })

  it('grows when it comes to a pod, after it is there', async () => {
    enlarge()
    await setUp()
    expect(methods()).toEqual(['NodeStageVolume', 'NodePublishVolume', 'NodeExpandVolume'])
    expect(claim.status?.capacity).toEqual({ storage: '2Gi' })
  })

  it('grows on a second machine too, where the claim says already how large it is', async () => {
    await setUp()
    enlarge({ capacity: { storage: '2Gi' } })
    const before = claim
    await refresh()
    expect(methods().at(-1)).toBe('NodeExpandVolume')
    expect(claim).toBe(before)
  })

  it.each([
    ['its controller is not done', { allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' } }],
    ['it was given up', { allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' } }],
    ['its controller says nothing, and knows how to', { allocatedResources: { storage: '2Gi' } }],
  ])('does not grow while %s', async (_, told) => {
    enlarge(told)
    await setUp()
    expect(methods()).toEqual(['NodeStageVolume', 'NodePublishVolume'])
  })

  it('grows for a controller that tells of nothing but the larger volume', async () => {
    enlarge({})
    await setUp()
    expect(claim.status?.capacity).toEqual({ storage: '2Gi' })
  })

  it('is not asked for of a driver that cannot, nor of a volume that is only read', async () => {
    enlarge()
    capabilities = [1]
    await setUp()
    expect(said).toEqual([])
    capabilities = [1, 3]
    for (const _ of [1, 2]) await csiVolume.refresh?.({ ...request(), isReadOnly: true }, ports())
    expect(said).toEqual([
      'FileSystemResizeFailed: MountVolume.NodeExpandVolume failed for volume "pv" requested read-only file system',
      'claim FileSystemResizeFailed',
    ])
    expect(methods()).not.toContain('NodeExpandVolume')
  })

  it('says in its claim why it did not grow, and that it never will', async () => {
    enlarge()
    refusal = { code: status.OUT_OF_RANGE, details: 'no room' }
    await expect(setUp()).rejects.toThrow(
      'Expander.NodeExpand failed to expand the volume : rpc error: code = OutOfRange desc = no room',
    )
    expect(claim.status).toMatchObject({
      capacity: { storage: '1Gi' },
      allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' },
      conditions: [{ type: 'FileSystemResizePending' }, { type: 'NodeResizeError', message: /no room$/ }],
    })
  })

  it('that cannot grow while somebody uses it is used as it is', async () => {
    enlarge()
    refusal = { code: status.FAILED_PRECONDITION, details: 'in use' }
    await setUp()
    expect(claim.status?.allocatedResourceStatuses).toEqual({ storage: 'NodeResizeInProgress' })
  })

  it('is asked for again when nobody knows what became of it', async () => {
    enlarge()
    refusal = { code: status.UNAVAILABLE, details: 'restarting' }
    await expect(setUp()).rejects.toThrow('restarting')
    expect(claim.status?.conditions).toHaveLength(1)
    refusal = undefined
    await setUp()
    expect(claim.status?.capacity).toEqual({ storage: '2Gi' })
  })
})

describe('a driver', () => {
  it('says how full a volume is', async () => {
    usage = [
      { unit: 2, available: 90, total: 100, used: 10 },
      { unit: 1, available: 700, total: 1000, used: 300 },
    ]
    expect(await csiVolume.usage?.(request(), ports())).toEqual({
      availableBytes: 700,
      capacityBytes: 1000,
      usedBytes: 300,
      inodesFree: 90,
      inodes: 100,
      inodesUsed: 10,
    })
    expect(last('NodeGetVolumeStats')).toEqual({ volumeId: 'disk-1', volumePath: `${directory()}/mount` })
    capabilities = [1]
    expect(await csiVolume.usage?.(request(), ports())).toBeUndefined()
  })

  it.each([
    [[1, 2, 3], 'ReadWriteOncePod', 1],
    [[1, 2, 3], 'ReadWriteOnce', 1],
    [[1, 5], 'ReadWriteOncePod', 6],
    [[1, 5], 'ReadWriteOnce', 7],
    [[1, 5], 'ReadOnlyMany', 3],
  ])('that can do %j hears of %s by number %i', async (can, mode, number) => {
    capabilities = can
    volume.spec = { ...volume.spec, accessModes: [mode] }
    await setUp()
    expect(last('NodePublishVolume').volumeCapability).toMatchObject({ accessMode: { mode: number } })
  })

  it('hands a volume to the pod’s group itself, if it can', async () => {
    const handed: unknown[] = []
    const setOwnership = async (_: string, options: object) => void handed.push(options)
    const withGroup = { ...pod, spec: { containers: [], securityContext: { fsGroup: 2000 } } }
    const give = (more: Partial<VolumeRequest> = {}) =>
      csiVolume.setUp({ ...request(), pod: withGroup, ...more }, { ...ports(), os: { ...os, setOwnership } })
    driver.spec.fsGroupPolicy = 'File'
    await give()
    const group = () => (last('NodePublishVolume').volumeCapability as { mount: object }).mount
    expect(handed).toEqual([{ group: 2000, onlyOnMismatch: false }])
    expect(group()).toMatchObject({ volumeMountGroup: '' })
    await give({ isReadOnly: true })
    expect(last('NodePublishVolume').readonly).toBe(true)
    capabilities = [1, 6]
    await give()
    expect(group()).toMatchObject({ volumeMountGroup: '2000' })
    expect(handed).toHaveLength(1)
  })

  it('gets tokens of the pod’s account, among the secrets if it says so', async () => {
    driver.spec.tokenRequests = [{ audience: 'vault' }, { audience: '' }]
    await setUp()
    const expirationTimestamp = '1970-01-01T01:00:00Z'
    const tokens = {
      vault: { token: 'for vault', expirationTimestamp },
      '': { token: 'for ', expirationTimestamp },
    }
    const told = (field: string) => recordOf(last('NodePublishVolume')[field] as [])[TOKENS] ?? 'null'
    expect(JSON.parse(told('volumeContext'))).toEqual(tokens)
    expect(told('secrets')).toBe('null')
    Object.assign(driver.spec, { serviceAccountTokenInSecrets: true })
    await setUp()
    expect(JSON.parse(told('secrets'))).toEqual(tokens)
    expect(told('volumeContext')).toBe('null')
  })

  it('that wants to is asked to publish again, and not to stage', async () => {
    await setUp()
    await refresh()
    expect(methods()).toEqual(['NodeStageVolume', 'NodePublishVolume'])
    driver.spec.requiresRepublish = true
    await refresh()
    expect(methods()).toEqual(['NodeStageVolume', 'NodePublishVolume', 'NodePublishVolume'])
  })
})
