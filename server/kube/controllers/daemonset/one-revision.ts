// Of what a DaemonSet is now there is one revision: somebody may have brought another, with pods that are labelled with it.
// Upstream: kubernetes/pkg/controller/daemon/update.go constructHistory, dedupCurHistories.

import type { DaemonSet, ControllerRevision as Revision } from 'kubernetes-types/apps/v1'
import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { Pod } from '../../kinds/pod.ts'
import { hashOf, inOrder, keepsTemplate, REVISION_HASH } from '../revision-history.ts'

interface Seen {
  revisions: readonly Revision[]
  pods: readonly CorePod[]
}

/** As they are afterwards: pods of one that goes are of the one that stays, and need not be made anew. */
export async function withOneRevision(
  context: ReconcileContext,
  set: DaemonSet,
  { revisions, pods }: Seen,
): Promise<Seen> {
  const labelled = await Promise.all(revisions.map((revision) => withHash(context, revision)))
  const same = inOrder(labelled).filter((revision) => keepsTemplate(revision, set.spec?.template ?? {}))
  const kept = same.pop()
  if (!kept || same.length === 0) return { revisions: labelled, pods }
  const hashes = new Set(same.map(hashOf))
  const relabelled = await Promise.all(
    pods.map((pod) => (hashes.has(pod.metadata?.labels?.[REVISION_HASH] ?? '') ? relabel(context, pod, kept) : pod)),
  )
  for (const { metadata } of same) {
    const { namespace = '', name = '' } = metadata ?? {}
    await context.client.of(ControllerRevision).delete({ namespace, name })
  }
  context.report.did.push(`deleted ${same.length} revisions that keep the same as ${kept.metadata?.name}`)
  return { revisions: labelled.filter((revision) => !same.includes(revision)), pods: relabelled }
}

/** By its name, which is nobody else's. */
async function withHash({ client }: ReconcileContext, revision: Revision): Promise<Revision> {
  const { labels, name = '' } = revision.metadata ?? {}
  if (labels?.[REVISION_HASH] !== undefined) return revision
  const metadata = { ...revision.metadata, labels: { ...labels, [REVISION_HASH]: name } }
  return client.of(ControllerRevision).update({ ...revision, metadata })
}

function relabel({ client }: ReconcileContext, { metadata }: CorePod, kept: Revision): Promise<CorePod> {
  const { namespace = '', name = '', uid } = metadata ?? {}
  const patch = { metadata: { uid, labels: { [REVISION_HASH]: hashOf(kept) } } }
  return client.of(Pod).patch({ namespace, name }, 'application/merge-patch+json', patch)
}
