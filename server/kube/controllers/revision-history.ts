// What StatefulSets and DaemonSets were, as ControllerRevisions: `kubectl rollout history` and `undo` read them.
// Upstream: kubernetes/pkg/controller/history/controller_history.go.

import type { DaemonSet, ControllerRevision as Revision, StatefulSet } from 'kubernetes-types/apps/v1'
import type { PodTemplateSpec } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { type JsonObject, parseJson } from '../apimachinery/json.ts'
import { selectorOfObject } from '../apimachinery/label-selector.ts'
import { controllerOf, type KubeObject } from '../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound } from '../apimachinery/status-error.ts'
import type { IndexedCache } from '../client/indexed-cache.ts'
import type { ReconcileContext } from '../client/reconcile-context.ts'
import { ControllerRevision } from '../kinds/controller-revision.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { claim } from './claim.ts'
import { controllerReference } from './pod-control.ts'
import { canonical, podTemplateHash } from './pod-template-hash.ts'

export const REVISION_HASH = 'controller-revision-hash'

export interface History {
  kind: AnyKind
  owner: KubeObject
  template: PodTemplateSpec
  /** Those of the owner, in any order. */
  revisions: readonly Revision[]
}

export const inOrder = (revisions: readonly Revision[]) =>
  [...revisions].sort(
    (a, b) => Number(a.revision) - Number(b.revision) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  )

/** A patch that makes the owner what it was. */
const dataOf = (template: PodTemplateSpec) => ({ spec: { template: { ...template, $patch: 'replace' } } })

/** Clients compare it byte by byte with what Go writes of a map. */
const withKeysInOrder = (data: object) => parseJson(canonical(data)) as JsonObject

export const keepsTemplate = ({ data }: Revision, template: PodTemplateSpec) => deepEqual(data, dataOf(template))

export const hashOf = ({ metadata }: Revision) => metadata?.labels?.[REVISION_HASH] ?? ''

/** Also those that an owner left behind when it was deleted without what it owned: its pods are labelled with them. */
export function ownRevisions(
  context: ReconcileContext,
  { kind, owner, cache }: { kind: AnyKind; owner: StatefulSet | DaemonSet; cache: IndexedCache<Revision> },
): Promise<Revision[]> {
  const orphans = cache.inNamespace(owner.metadata?.namespace ?? '').filter((revision) => !controllerOf(revision))
  const candidates = [...cache.controlledBy(owner.metadata?.uid), ...orphans]
  const selector = selectorOfObject(owner.spec?.selector)
  return claim({ context, ownerKind: kind, owner, selector, kind: ControllerRevision, candidates })
}

/** The revision of the template as it is now: made, or brought to the front again when it has been there before. */
export async function currentRevision(context: ReconcileContext, history: History): Promise<Revision> {
  const { template, revisions } = history
  const ordered = inOrder(revisions)
  const newest = ordered.at(-1)
  const same = ordered.findLast((revision) => keepsTemplate(revision, template))
  if (same && same === newest) return same
  const number = Number(newest?.revision ?? 0) + 1
  if (!same) return create(context, history, number)
  const { name = '', namespace = '', uid } = same.metadata ?? {}
  const patch = { metadata: { uid }, revision: number }
  return context.client.of(ControllerRevision).patch({ namespace, name }, 'application/merge-patch+json', patch)
}

async function create(
  context: ReconcileContext,
  { kind, owner, template }: History,
  number: number,
): Promise<Revision> {
  const client = context.client.of(ControllerRevision)
  const { name: ownerName = '', namespace = '' } = owner.metadata ?? {}
  for (let collisions = 0; ; collisions++) {
    const hash = podTemplateHash(template, collisions)
    const name = `${ownerName}-${hash}`
    const made: Revision = {
      metadata: {
        name,
        namespace,
        labels: { ...template.metadata?.labels, [REVISION_HASH]: hash },
        ...(owner.metadata?.annotations ? { annotations: owner.metadata.annotations } : {}),
        ownerReferences: [controllerReference(kind, owner)],
      },
      data: withKeysInOrder(dataOf(template)),
      revision: number,
    }
    try {
      return await client.create(made)
    } catch (err) {
      if (!isAlreadyExists(err)) throw err
      // Made before the loop was stopped, or left behind, and not yet heard of; or another template with the same hash.
      const there = await client.get({ namespace, name })
      const holder = controllerOf(there)
      if ((!holder || holder.uid === owner.metadata?.uid) && deepEqual(there.data, made.data)) return there
    }
  }
}

interface Kept {
  revisions: readonly Revision[]
  limit: number
  /** By hash, or by what `nameOf` says: pods are labelled with either. */
  inUse: ReadonlySet<string>
  nameOf?: (revision: Revision) => string
  /** The one that all pods should be of, where the limit is for all others; without it, for those that no pod is of. */
  newest?: Revision
}

/** The oldest of those that no pod is of, as many as are above the limit. */
export function beyondLimit({ revisions, limit, inUse, nameOf = hashOf, newest }: Kept): Revision[] {
  const unused = inOrder(revisions).filter((revision) => !inUse.has(nameOf(revision)))
  const counted = newest ? revisions.filter(({ metadata }) => metadata?.name !== newest.metadata?.name) : unused
  return unused.slice(0, Math.max(0, counted.length - limit))
}

/** Forgets what is beyond the limit. */
export async function pruneRevisions({ client }: ReconcileContext, kept: Kept): Promise<void> {
  for (const { metadata } of beyondLimit(kept)) {
    const { namespace = '', name = '' } = metadata ?? {}
    await client
      .of(ControllerRevision)
      .delete({ namespace, name })
      .catch((err) => {
        if (!isNotFound(err)) throw err
      })
  }
}

/** The template that a revision kept. */
export function templateIn({ data }: Revision): PodTemplateSpec | undefined {
  const { spec } = (data ?? {}) as { spec?: { template?: PodTemplateSpec & { $patch?: string } } }
  if (!spec?.template) return undefined
  const { $patch: _, ...template } = spec.template
  return template
}
