// What a claim needs next. Upstream: pv_controller.go syncClaim, provisionClaim.

import type { PersistentVolumeClaim as Claim } from 'kubernetes-types/core/v1'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import {
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  findVolume,
  isClaimedBy,
  mismatch,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
  waitsForConsumer,
} from '../../kinds/storage/volume-binding.ts'
import { namesClass, storageClassOf } from '../../kinds/storage/volumes.ts'
import { bind, settleClaim } from './bind.ts'
import type { StorageView } from './storage-view.ts'

/** Read by older provisioners. */
const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner'

export async function syncClaim(context: ReconcileContext, storage: StorageView, claim: Claim): Promise<void> {
  const isBound = claim.metadata?.annotations?.[BIND_COMPLETED] !== undefined
  if (isBound) return syncBound(context, storage, claim)
  if (claim.spec?.volumeName) return syncReserving(context, storage, claim, claim.spec.volumeName)
  const storageClass = storage.classOf(claim)
  const isDelayed = waitsForConsumer(storageClass) && !claim.metadata?.annotations?.[SELECTED_NODE]
  const volume = findVolume(claim, storage.volumes(), { isDelayed })
  context.report.wanted = `a volume of ${claim.spec?.resources?.requests?.storage}`
  if (volume) return bind(context, storage, volume, claim)
  context.report.seen = 'no volume that suits'
  if (await takeDefaultClass(context, storage, claim)) return
  if (isDelayed) tellWaiting(context, storage, claim)
  else if (storageClassOf(claim) !== '') await askProvisioner(context, storage, claim)
  else {
    const why = 'no persistent volumes available for this claim and no storage class is set'
    say(context, claim, 'Normal', 'FailedBinding', why)
  }
  await settleClaim(context, storage, storage.claim(context.key) ?? claim, 'Pending')
}

/** There was no default when it was made; with a class it comes again. */
async function takeDefaultClass(context: ReconcileContext, storage: StorageView, claim: Claim): Promise<boolean> {
  const name = namesClass(claim) ? undefined : storage.defaultClass()?.metadata?.name
  if (name === undefined) return false
  await storage.writeClaim(context, { ...claim, spec: { ...claim.spec!, storageClassName: name } })
  context.report.did.push(`gave the claim the default class ${name}`)
  return true
}

/** A person has named the volume. */
async function syncReserving(context: ReconcileContext, storage: StorageView, claim: Claim, name: string) {
  const volume = storage.volume(name)
  context.report.wanted = `volume ${name}`
  if (!volume) {
    context.report.seen = 'no such volume'
  } else if (!volume.spec?.claimRef) {
    const why = mismatch(volume, claim)
    if (!why) return bind(context, storage, volume, claim)
    say(context, claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${name}": ${why}`)
  } else if (isClaimedBy(volume, claim)) {
    return bind(context, storage, volume, claim)
  } else {
    say(context, claim, 'Warning', 'FailedBinding', `volume "${name}" already bound to a different claim.`)
    // Nobody but who takes the binder's own marks away gets there.
    if (claim.metadata?.annotations?.[BOUND_BY_CONTROLLER]) {
      const { namespace, name: other } = volume.spec.claimRef
      const why = `volume already claimed by "${namespace}/${other}"`
      throw new Error(`invalid binding of claim "${context.key}" to volume "${name}": ${why}`)
    }
  }
  await settleClaim(context, storage, claim, 'Pending')
}

async function syncBound(context: ReconcileContext, storage: StorageView, claim: Claim): Promise<void> {
  const volume = storage.volume(claim.spec?.volumeName ?? '')
  const lose = async (reason: string, message: string) => {
    if (claim.status?.phase !== 'Lost') say(context, claim, 'Warning', reason, message)
    await settleClaim(context, storage, claim, 'Lost')
  }
  if (!claim.spec?.volumeName) {
    return lose('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
  }
  if (!volume) return lose('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  const { claimRef } = volume.spec ?? {}
  if (claimRef && claimRef.uid !== claim.metadata?.uid) {
    return lose('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
  }
  await bind(context, storage, volume, claim)
}

function tellWaiting(context: ReconcileContext, { pods }: StorageView, claim: Claim): void {
  const { namespace = '', name } = claim.metadata ?? {}
  const waiting = pods
    .inNamespace(namespace)
    .filter(({ metadata, spec, status }) => {
      const uses = spec?.volumes?.some(
        (volume) =>
          volume.persistentVolumeClaim?.claimName === name ||
          (volume.ephemeral && `${metadata?.name}-${volume.name}` === name),
      )
      return uses && !spec?.nodeName && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
    })
    .map(({ metadata }) => metadata?.name ?? '')
  if (waiting.length > 0) {
    say(context, claim, 'Normal', 'WaitForPodScheduled', `waiting for pod ${waiting.join(',')} to be scheduled`)
  } else {
    say(context, claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
  }
}

/** Volumes are made by others; the claim says by whom. */
async function askProvisioner(context: ReconcileContext, storage: StorageView, claim: Claim): Promise<void> {
  const name = storageClassOf(claim)
  const storageClass = storage.classOf(claim)
  if (!storageClass) {
    return say(context, claim, 'Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`)
  }
  const { provisioner } = storageClass
  if (provisioner.startsWith('kubernetes.io/')) {
    return say(context, claim, 'Warning', 'ProvisioningFailed', `no volume plugin matched name: ${provisioner}`)
  }
  const { annotations = {} } = claim.metadata ?? {}
  if (annotations[STORAGE_PROVISIONER] !== provisioner || annotations[BETA_STORAGE_PROVISIONER] !== provisioner) {
    const marks = { [STORAGE_PROVISIONER]: provisioner, [BETA_STORAGE_PROVISIONER]: provisioner }
    const metadata = { ...claim.metadata, annotations: { ...annotations, ...marks } }
    await storage.writeClaim(context, { ...claim, metadata })
    context.report.did.push(`left the claim to ${provisioner}`)
  }
  const waiting = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
  say(context, claim, 'Normal', 'ExternalProvisioning', waiting)
}

function say(context: ReconcileContext, claim: Claim, type: 'Normal' | 'Warning', reason: string, message: string) {
  context.event(PersistentVolumeClaim, claim, type, reason, message)
}
