// Makes a claim for each pod that names a template of claims, and takes from claims the pods that have ended: what nobody
// uses any more has no devices. Upstream: kubernetes/pkg/controller/resourceclaim.

import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import type { Counter } from '../../../base/metrics.ts'
import { deepCopy } from '../../apimachinery/deep.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound, StatusError } from '../../apimachinery/status-error.ts'
import { objectPath } from '../../client/client.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { Claim, ClaimTemplate, Consumer } from '../../kinds/devices/device-objects.ts'
import {
  consumerOf,
  DELETE_PROTECTION,
  isReservedFor,
  podClaims,
  whyNotForPod,
} from '../../kinds/devices/pod-claims.ts'
import { Pod } from '../../kinds/pod.ts'
import { ResourceClaim } from '../../kinds/resource-claim.ts'
import { ResourceClaimTemplate } from '../../kinds/resource-claim-template.ts'
import { OwnWrites } from '../own-writes.ts'
import { messageOf } from '../pod-control.ts'
import { isTerminated } from '../pod-state.ts'
import { adminAccessOf, countClaims, POD_CLAIM_NAME } from './claim-numbers.ts'

/** So much of a generated name leaves room for what is put behind it. */
const LONGEST_BASE = 57

/** It runs nothing and never will. */
export const isDone = (pod: WirePod): boolean =>
  isTerminated(pod) || (!!pod.metadata?.deletionTimestamp && !pod.spec?.nodeName)

export class ResourceClaims implements Reconciler {
  readonly #pods: Lister<WirePod>
  readonly #claims: Lister<Claim>
  readonly #templates: Lister<ClaimTemplate>
  readonly #made: OwnWrites<Claim>
  /** Pods for which a claim was asked whose answer was never heard: it may be there, unseen. */
  readonly #unanswered = new Set<string>()
  readonly #creations: Counter

  constructor(view: ClusterView) {
    this.#pods = view.cache(Pod)
    this.#claims = view.cache(ResourceClaim)
    this.#templates = view.cache(ResourceClaimTemplate)
    this.#made = new OwnWrites(this.#claims, view.clock)
    this.#creations = countClaims(view.metrics, this.#claims)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const colon = context.key.indexOf(':')
    const key = context.key.slice(colon + 1)
    if (context.key.startsWith('claim:')) return this.#tidy(context, this.#claims.get(key))
    const pod = this.#pods.get(key)
    if (!pod || pod.metadata?.deletionTimestamp) {
      this.#unanswered.delete(key)
      return this.#made.forget(key)
    }
    // A claim that was made a moment ago must not be made again.
    const waitMs = this.#made.waitMs(key)
    if (waitMs > 0) return { requeueAfterMs: waitMs }
    return this.#serve(context, pod)
  }

  async #serve(context: ReconcileContext, pod: WirePod): Promise<void> {
    context.report.sees(pod)
    const resourceClaimStatuses: { name: string; resourceClaimName: string }[] = []
    for (const { name, key, template } of podClaims(pod)) {
      const there = key === undefined ? undefined : this.#claims.get(key)
      if (!template || (there && !whyNotForPod(pod, there))) continue
      try {
        const before = this.#madeBefore(pod, name) ?? (await this.#madeUnheard(context, pod, name))
        const claim = before ?? (await this.#make(context, pod, name, template))
        resourceClaimStatuses.push({ name, resourceClaimName: claim.metadata?.name ?? '' })
      } catch (err) {
        const message = `PodResourceClaim ${name}: ${(err as Error).message}`
        context.event(Pod, pod, 'Warning', 'FailedResourceClaimCreation', message)
        throw new Error(`pod ${keyOf(pod)}, ${message}`, { cause: err })
      }
    }
    if (resourceClaimStatuses.length > 0) await this.#nameClaims(context, pod, resourceClaimStatuses)
    // A pod that was bound by somebody who knows nothing of claims.
    if (pod.spec?.nodeName && !isDone(pod)) await this.#reserve(context, pod)
  }

  /** As its own manager; what is left out would be taken away, so those that were named before are named again. */
  async #nameClaims({ client }: ReconcileContext, pod: WirePod, made: readonly { name: string }[]): Promise<void> {
    const { resourceClaimStatuses: before = [] } = (pod.status ?? {}) as { resourceClaimStatuses?: { name: string }[] }
    const kept = before.filter(({ name }) => !made.some((one) => one.name === name))
    await client.transport.request({
      method: 'PATCH',
      path: objectPath(Pod, placeOf(pod), 'status'),
      query: { fieldManager: 'ResourceClaimController', force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...placeOf(pod), uid: pod.metadata?.uid },
        status: { resourceClaimStatuses: [...kept, ...made] },
      },
    })
  }

  /** By us, before a status could be written that says so. */
  #madeBefore({ metadata }: WirePod, name: string): Claim | undefined {
    return this.#claims
      .controlledBy(metadata?.uid)
      .find((claim) => claim.metadata?.annotations?.[POD_CLAIM_NAME] === name)
  }

  async #madeUnheard({ client }: ReconcileContext, pod: WirePod, name: string): Promise<Claim | undefined> {
    if (!this.#unanswered.has(keyOf(pod))) return undefined
    const { items } = await client.of(ResourceClaim).list({ namespace: pod.metadata?.namespace ?? '' })
    return items.find(
      (claim) =>
        controllerOf(claim)?.uid === pod.metadata?.uid && claim.metadata?.annotations?.[POD_CLAIM_NAME] === name,
    )
  }

  async #make({ client, report }: ReconcileContext, pod: WirePod, name: string, templateName: string): Promise<Claim> {
    const namespace = pod.metadata?.namespace ?? ''
    const template = this.#templates.get(`${namespace}/${templateName}`)
    if (!template) {
      const why = `resourceclaimtemplate.resource.k8s.io "${templateName}" not found`
      throw new Error(`resource claim template "${templateName}": ${why}`)
    }
    const { labels, annotations } = template.spec?.metadata ?? {}
    const wanted: Claim = {
      metadata: {
        namespace,
        generateName: baseName(pod.metadata?.name ?? '', name),
        ...(labels ? { labels } : {}),
        annotations: { ...annotations, [POD_CLAIM_NAME]: name },
        ownerReferences: [ownerOf(pod)],
      },
      spec: deepCopy(template.spec?.spec ?? {}),
    }
    const count = (status: string) => this.#creations.add({ status, admin_access: adminAccessOf(wanted) })
    const claim = await client
      .of(ResourceClaim)
      .create(wanted)
      .catch((err: unknown) => {
        if (!(err instanceof StatusError)) this.#unanswered.add(keyOf(pod))
        count('failure')
        // The claim has no name yet that could be told.
        throw new Error(`create ResourceClaim : ${messageOf(err)}`, { cause: err })
      })
    count('success')
    this.#made.wrote(keyOf(pod), claim)
    report.did.push(`created claim ${claim.metadata?.name}`)
    return claim
  }

  async #reserve({ client, report }: ReconcileContext, pod: WirePod): Promise<void> {
    for (const { key, template } of podClaims(pod)) {
      const claim = key === undefined ? undefined : this.#claims.get(key)
      if (!claim?.status?.allocation || isReservedFor(pod, claim)) continue
      if (template && whyNotForPod(pod, claim)) continue
      const reservedFor = [...(claim.status.reservedFor ?? []), consumerOf(pod)]
      await client.of(ResourceClaim).updateStatus({ ...claim, status: { ...claim.status, reservedFor } })
      report.did.push(`reserved claim ${claim.metadata?.name}`)
    }
  }

  async #tidy(context: ReconcileContext, claim: Claim | undefined): Promise<void> {
    if (!claim) return
    const { client, report } = context
    report.sees(claim)
    const before = claim.status?.reservedFor ?? []
    const reservedFor: Consumer[] = []
    for (const consumer of before) if (await this.#mayStillUse(context, claim, consumer)) reservedFor.push(consumer)
    report.seen = `${reservedFor.length} of ${before.length} users are there`
    const isLetGo = reservedFor.length < before.length
    const isProtected = claim.metadata?.finalizers?.includes(DELETE_PROTECTION) ?? false
    const isGoing = !!claim.metadata?.deletionTimestamp && isProtected && reservedFor.length === 0
    if (isLetGo || isGoing) await this.#letGo(context, claim, reservedFor)
    if (reservedFor.length > 0 || claim.metadata?.deletionTimestamp) return
    // The collector would wait for the pod to be deleted.
    const owner = controllerOf(claim)
    const pod = owner?.kind === 'Pod' ? this.#pods.get(`${claim.metadata?.namespace}/${owner.name}`) : undefined
    if (!pod || (pod.metadata?.uid === owner?.uid && !isDone(pod))) return
    await client
      .of(ResourceClaim)
      .delete(placeOf(claim), { ...(claim.metadata?.uid ? { uid: claim.metadata.uid } : {}) })
    report.did.push('deleted the claim, whose pod is done')
  }

  /** A cache may be behind whoever has just made both pod and reservation. */
  async #mayStillUse({ client }: ReconcileContext, claim: Claim, { apiGroup, resource, name, uid }: Consumer) {
    // Of others nobody here knows whether they are there.
    if (apiGroup || resource !== 'pods') return true
    const namespace = claim.metadata?.namespace ?? ''
    const known = this.#pods.get(`${namespace}/${name}`)
    if (known) return known.metadata?.uid === uid && !isDone(known)
    try {
      return (await client.of(Pod).get({ namespace, name })).metadata?.uid === uid
    } catch (err) {
      if (isNotFound(err)) return false
      throw err
    }
  }

  /** With its last user a claim loses its devices: others may have them, and the next user may be elsewhere. */
  async #letGo({ client, report }: ReconcileContext, claim: Claim, reservedFor: Consumer[]): Promise<void> {
    const claims = client.of(ResourceClaim)
    const isOurs = claim.metadata?.finalizers?.includes(DELETE_PROTECTION) ?? false
    const isFree = reservedFor.length === 0 && isOurs
    const { allocation, reservedFor: _before, ...status } = claim.status ?? {}
    const next = {
      ...status,
      ...(isFree || !allocation ? {} : { allocation }),
      ...(reservedFor.length > 0 ? { reservedFor } : {}),
    }
    const written = await claims.updateStatus({ ...claim, status: next })
    report.did.push(isFree ? 'took the devices back' : `left ${reservedFor.length} users`)
    if (!isOurs || written.status?.allocation) return
    const finalizers = written.metadata?.finalizers?.filter((finalizer) => finalizer !== DELETE_PROTECTION) ?? []
    await claims.update({ ...written, metadata: { ...written.metadata, finalizers } })
  }
}

/** Nobody waits for the claim when the pod is deleted. */
const ownerOf = ({ metadata }: WirePod) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
  controller: true,
})

const placeOf = ({ metadata }: WirePod | Claim) => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
})

/** Of two long names, both are shortened. */
function baseName(pod: string, claim: string): string {
  const whole = `${pod}-${claim}-`
  if (whole.length <= LONGEST_BASE) return whole
  const short = (name: string) => name.slice(0, Math.floor((name.length * LONGEST_BASE) / whole.length))
  return `${short(pod)}-${short(claim)}`
}
