// A storage driver of one's own, in one process on every machine: volumes are directories of the machine that asked for
// them first. What upstream's drivers leave to sidecars it does itself: it registers with the kubelet, answers it over
// gRPC, and makes volumes for claims. Attaching is done once for the cluster, by another program (attacher.ts).
//
//   npx esbuild driver.ts attacher.ts --bundle --platform=node --format=esm --outdir=. --out-extension:.js=.mjs
//   kubectl create configmap csi-driver --from-file=driver.mjs --from-file=attacher.mjs && kubectl apply -f driver.yaml
//
// Only the tables of messages come from Podium; they are those of csi.proto and pluginregistration.proto.

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
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
  STAGE_UNSTAGE_VOLUME,
} from '../../../server/kube/kubelet/csi/messages.ts'
import { answer, serveGrpc } from './grpc-server.ts'
import { provision } from './provisioner.ts'

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

await serveGrpc(endpoint, {
  '/csi.v1.Node/NodeGetInfo': answer(Empty, NodeGetInfoResponse, () => ({
    nodeId: node,
    accessibleTopology: { segments: [{ key: `topology.${NAME}/node`, value: node }] },
  })),
  '/csi.v1.Node/NodeGetCapabilities': answer(Empty, NodeGetCapabilitiesResponse, () => ({
    capabilities: [{ rpc: { type: STAGE_UNSTAGE_VOLUME } }],
  })),
  '/csi.v1.Node/NodeStageVolume': answer(NodeStageVolumeRequest, Empty, ({ volumeId, stagingTargetPath }) => {
    say(`stage ${volumeId}`)
    mkdirSync(`${DATA}/${volumeId}`, { recursive: true })
    if (!isMounted(stagingTargetPath)) bind(`${DATA}/${volumeId}`, stagingTargetPath)
    return {}
  }),
  '/csi.v1.Node/NodePublishVolume': answer(NodePublishVolumeRequest, Empty, (request) => {
    const { volumeId, stagingTargetPath, targetPath, readonly, volumeContext } = request
    const pod = volumeContext.find(({ key }) => key === 'csi.storage.k8s.io/pod.name')?.value
    say(`publish ${volumeId} for ${pod}`)
    if (!isMounted(targetPath)) bind(stagingTargetPath, targetPath, ...(readonly ? ['ro'] : []))
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

await provision({ driver: NAME, node, remove: (id) => rmSync(`${DATA}/${id}`, { recursive: true, force: true }), say })
