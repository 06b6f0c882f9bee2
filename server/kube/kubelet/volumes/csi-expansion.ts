// A volume that somebody has made larger: its file system has to grow on the machine as well. Whoever enlarged it says so in
// the claim's status, and this machine says there when it is done.
//
//   claim.spec ─► the driver's controller: volume.spec.capacity, NodeResizePending ─► here ─► claim.status.capacity
//
// Upstream: pkg/volume/util/operationexecutor/node_expander.go, pkg/volume/csi/expander.go, pkg/volume/util/resize_util.go.

import type { PersistentVolumeClaim as Claim } from 'kubernetes-types/core/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { GrpcCallError } from '../../node-os/grpc-call.ts'
import { Empty, EXPAND_VOLUME, entriesOf, NodeExpandVolumeRequest } from '../csi/messages.ts'
import { timestampOf } from '../timestamp.ts'
import { readVolumeData, writeVolumeData } from './csi-data.ts'
import { capabilityOf, secretsOf, sourceOf } from './csi-source.ts'
import type { VolumePorts, VolumeRequest } from './volume-plugin.ts'

interface Paths {
  targetPath: string
  stagingTargetPath: string
}

const MAY_GROW: unknown[] = ['NodeResizePending', 'NodeResizeInProgress']
const RESIZE_CONDITIONS = ['FileSystemResizePending', 'Resizing', 'ControllerResizeError', 'NodeResizeError']
/** After these nobody knows yet what became of it. */
const UNDECIDED = ['Canceled', 'DeadlineExceeded', 'Unavailable', 'ResourceExhausted', 'Aborted']
const INFEASIBLE = ['InvalidArgument', 'OutOfRange', 'NotFound']

/** How large a volume is that comes to this machine: larger in its own spec than in the claim's status has still to grow. */
export function sizeBefore({ claim, persistentVolume }: VolumeRequest): string | undefined {
  return claim?.status?.capacity?.storage ?? persistentVolume?.spec?.capacity?.storage
}

export async function growOnNode(request: VolumeRequest, paths: Paths, ports: VolumePorts): Promise<void> {
  const { claim, persistentVolume, directory, pod } = request
  const data = await readVolumeData(directory, ports)
  const wanted = persistentVolume?.spec?.capacity?.storage
  if (!claim || !data || !isLarger(wanted, data.size)) return
  const { driver } = sourceOf(request)
  if (!isWaitedFor(claim, wanted) || !(await ports.csi.can(driver, EXPAND_VOLUME))) return
  const name = persistentVolume?.metadata?.name ?? ''
  const say = (type: 'Normal' | 'Warning', reason: string, message: string) => {
    ports.events.pod(pod, type, reason, message)
    ports.events.claim(claim, type, reason, message)
  }
  const note = () => writeVolumeData(directory, { ...data, ...(wanted && { size: wanted }) }, ports)
  if (request.isReadOnly) {
    const message = `MountVolume.NodeExpandVolume failed for volume "${name}" requested read-only file system`
    say('Warning', 'FileSystemResizeFailed', message)
    return note()
  }
  const isToldAlready = !isLarger(wanted, claim.status?.capacity?.storage)
  const before = isToldAlready || !stageOf(claim) ? claim : await tellStage(claim, 'NodeResizeInProgress', ports)
  try {
    await ask(request, wanted ?? '', paths, ports)
  } catch (err) {
    if (!isToldAlready) await tellFailure(before, err, ports)
    // It grows while nobody uses it: no reason not to use it.
    if (codeOf(err) === 'FailedPrecondition') return
    const message = `failed to expand the volume : ${(err as Error).message}`
    throw new Error(`Expander.NodeExpand ${message}`, { cause: err })
  }
  say(
    'Normal',
    'FileSystemResizeSuccessful',
    `MountVolume.NodeExpandVolume succeeded for volume "${name}" ${ports.nodeName}`,
  )
  if (!isToldAlready) {
    await ports.objects.tellClaim(before, {
      capacity: { storage: wanted },
      allocatedResourceStatuses: { storage: null },
      conditions: (before.status?.conditions ?? []).filter(({ type }) => !RESIZE_CONDITIONS.includes(type)),
    })
  }
  await note()
}

/** Of controllers that tell nothing of how far they are, the larger volume alone counts. */
function isWaitedFor(claim: Claim, wanted: string | undefined): boolean {
  const stage = stageOf(claim)
  if (stage) return MAY_GROW.includes(stage)
  return !claim.status?.allocatedResources || !isLarger(wanted, claim.status.capacity?.storage)
}

async function ask(request: VolumeRequest, wanted: string, paths: Paths, ports: VolumePorts): Promise<void> {
  const { driver, volumeHandle, nodeExpandSecretRef } = sourceOf(request)
  await ports.csi.call(driver, 'NodeExpandVolume', [NodeExpandVolumeRequest, Empty], {
    volumeId: volumeHandle,
    volumePath: paths.targetPath,
    stagingTargetPath: paths.stagingTargetPath,
    capacityRange: { requiredBytes: quantityOf(wanted).number, limitBytes: 0 },
    volumeCapability: await capabilityOf(request, ports),
    secrets: entriesOf(await secretsOf(nodeExpandSecretRef, ports)),
  })
}

async function tellFailure(claim: Claim, err: unknown, ports: VolumePorts): Promise<void> {
  const code = codeOf(err)
  if (!code || UNDECIDED.includes(code)) return
  const condition = {
    type: 'NodeResizeError',
    status: 'True',
    lastTransitionTime: timestampOf(ports.clock.now()),
    message: `failed to expand pvc with ${(err as Error).message}`,
  }
  const others = (claim.status?.conditions ?? []).filter(({ type }) => type !== condition.type)
  await ports.objects.tellClaim(claim, {
    conditions: [...others, condition],
    ...(INFEASIBLE.includes(code) && { allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' } }),
  })
}

const tellStage = (claim: Claim, storage: string, { objects }: VolumePorts) =>
  stageOf(claim) === storage ? claim : objects.tellClaim(claim, { allocatedResourceStatuses: { storage } })

const stageOf = ({ status }: Claim): string | undefined => status?.allocatedResourceStatuses?.storage
const codeOf = (err: unknown) => (err instanceof GrpcCallError ? err.code : undefined)
const isLarger = (one: string | undefined, other: string | undefined) => quantityOf(one).compare(quantityOf(other)) > 0
