// A storage driver of one's own, in one process on every machine: volumes are directories of the machine that asked for
// them first. What upstream's drivers leave to sidecars it does itself: it registers with the kubelet, answers it over
// gRPC, and makes volumes for claims and larger ones. Attaching is done once for the cluster, by another program (attacher.ts).
//
//   npx esbuild driver.ts attacher.ts --bundle --platform=node --format=esm --outdir=. --out-extension:.js=.mjs
//   kubectl create configmap csi-driver --from-file=driver.mjs --from-file=attacher.mjs && kubectl apply -f driver.yaml
//
// Only the tables of messages come from Podium; they are those of csi.proto and pluginregistration.proto.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  BYTES,
  Empty,
  EXPAND_VOLUME,
  GET_VOLUME_STATS,
  INODES,
  NodeExpandVolumeRequest,
  NodeGetCapabilitiesResponse,
  NodeGetInfoResponse,
  NodeGetVolumeStatsRequest,
  NodeGetVolumeStatsResponse,
  NodePublishVolumeRequest,
  NodeStageVolumeRequest,
  NodeUnpublishVolumeRequest,
  NodeUnstageVolumeRequest,
  PluginInfo,
  RegistrationStatus,
  STAGE_UNSTAGE_VOLUME,
} from '../../../server/kube/kubelet/csi/messages.ts'
import { answer, serveGrpc } from './grpc-server.ts'
import { bytesOf, provision } from './provisioner.ts'

const NAME = 'directories.example.org'
const KUBELET = '/var/lib/kubelet'
const DATA = '/var/lib/directories.example.org'
const node = process.env.NODE_NAME ?? hostname()
const endpoint = `${KUBELET}/plugins/${NAME}/csi.sock`
const say = (line: string) => console.log(`${new Date().toISOString()} ${line}`)

const bind = (from: string, to: string, ...options: string[]) => {
  mkdirSync(to, { recursive: true })
  execFileSync('mount', ['--bind', from, to])
  if (options.length > 0) execFileSync('mount', ['-o', `remount,bind,${options}`, to])
}
/** The kubelet asks again when it has not heard an answer: what is done already is done well. */
const isMounted = (path: string) => execFileSync('sh', ['-c', `mountpoint -q '${path}' && echo yes || true`]).length > 0
const unbind = (path: string) => {
  if (isMounted(path)) execFileSync('umount', [path])
  rmSync(path, { recursive: true, force: true })
}

/** A directory is as large as its disk: how large it was to be is only written down. */
const sizeFile = (volumeId: string) => `${DATA}/${volumeId}.size`
const used = (path: string, ...how: string[]) =>
  Number.parseInt(execFileSync('du', ['-s', ...how, path], { encoding: 'utf8' }), 10)

/** Whose token it is that came with the volume. */
function accountOf(tokens: string | undefined): string {
  const { token } = (JSON.parse(tokens ?? '{}') as Record<string, { token: string }>)[NAME] ?? { token: '' }
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return (JSON.parse(claims || '{}') as { sub?: string }).sub ?? 'nobody'
}

await serveGrpc(endpoint, {
  '/csi.v1.Node/NodeGetInfo': answer(Empty, NodeGetInfoResponse, () => ({
    nodeId: node,
    accessibleTopology: { segments: [{ key: `topology.${NAME}/node`, value: node }] },
  })),
  '/csi.v1.Node/NodeGetCapabilities': answer(Empty, NodeGetCapabilitiesResponse, () => ({
    capabilities: [STAGE_UNSTAGE_VOLUME, GET_VOLUME_STATS, EXPAND_VOLUME].map((type) => ({ rpc: { type } })),
  })),
  '/csi.v1.Node/NodeStageVolume': answer(NodeStageVolumeRequest, Empty, (request) => {
    const { volumeId, stagingTargetPath, volumeContext } = request
    say(`stage ${volumeId}`)
    mkdirSync(`${DATA}/${volumeId}`, { recursive: true })
    const size = volumeContext.find(({ key }) => key === 'size')?.value ?? '0'
    if (!existsSync(sizeFile(volumeId))) writeFileSync(sizeFile(volumeId), String(bytesOf(size)))
    if (!isMounted(stagingTargetPath)) bind(`${DATA}/${volumeId}`, stagingTargetPath)
    return {}
  }),
  '/csi.v1.Node/NodePublishVolume': answer(NodePublishVolumeRequest, Empty, (request) => {
    const { volumeId, stagingTargetPath, targetPath, readonly, volumeContext } = request
    const told = (what: string) => volumeContext.find(({ key }) => key === `csi.storage.k8s.io/${what}`)?.value
    say(`publish ${volumeId} for ${told('pod.name')} of ${accountOf(told('serviceAccount.tokens'))}`)
    if (!isMounted(targetPath)) bind(stagingTargetPath, targetPath, ...(readonly ? ['ro'] : []))
    return {}
  }),
  '/csi.v1.Node/NodeGetVolumeStats': answer(
    NodeGetVolumeStatsRequest,
    NodeGetVolumeStatsResponse,
    ({ volumeId, volumePath }) => {
      const [bytes, inodes] = [used(volumePath, '--block-size=1'), used(volumePath, '--inodes')]
      const total = Number(readFileSync(sizeFile(volumeId), 'utf8'))
      const disk = statfsSync(volumePath)
      return {
        usage: [
          { unit: BYTES, total, used: bytes, available: Math.max(0, total - bytes) },
          { unit: INODES, total: disk.files, used: inodes, available: disk.ffree },
        ],
      }
    },
  ),
  '/csi.v1.Node/NodeExpandVolume': answer(NodeExpandVolumeRequest, Empty, ({ volumeId, capacityRange }) => {
    say(`grow ${volumeId}`)
    writeFileSync(sizeFile(volumeId), String(capacityRange?.requiredBytes ?? 0))
    return {}
  }),
  '/csi.v1.Node/NodeUnpublishVolume': answer(NodeUnpublishVolumeRequest, Empty, ({ volumeId, targetPath }) => {
    say(`unpublish ${volumeId}`)
    unbind(targetPath)
    return {}
  }),
  '/csi.v1.Node/NodeUnstageVolume': answer(NodeUnstageVolumeRequest, Empty, ({ volumeId, stagingTargetPath }) => {
    say(`unstage ${volumeId}`)
    unbind(stagingTargetPath)
    return {}
  }),
})

await serveGrpc(`${KUBELET}/plugins_registry/${NAME}-reg.sock`, {
  '/pluginregistration.Registration/GetInfo': answer(Empty, PluginInfo, () => ({
    type: 'CSIPlugin',
    name: NAME,
    endpoint,
    supportedVersions: ['1.0.0'],
  })),
  '/pluginregistration.Registration/NotifyRegistrationStatus': answer(RegistrationStatus, Empty, (status) => {
    say(status.pluginRegistered ? 'registered' : `not registered: ${status.error}`)
    return {}
  }),
})

const remove = (volumeId: string) => {
  for (const path of [`${DATA}/${volumeId}`, sizeFile(volumeId)]) rmSync(path, { recursive: true, force: true })
}
await provision({ driver: NAME, node, remove, say })
