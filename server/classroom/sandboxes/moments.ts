// Several changes may reach the caches in one breath, and whoever looks then sees what came of them, but not what was in
// between. Here that is told: the view after each change, in the order of revisions, however late anybody looks.

import type { KubeObject } from '../../kube/apimachinery/object-meta.ts'
import type { Change } from '../../kube/client/index.ts'
import type { ClusterView, Followed } from '../labs/cluster-view.ts'

/** The parts of a view that are caches. */
export type Listed = 'nodes' | 'pods' | 'deployments' | 'replicaSets' | 'services' | 'endpointSlices' | Followed

export interface ListedChange {
  readonly list: Listed
  readonly change: Change<KubeObject>
}

/** From what was before these changes up to the view that they have led to, the last. */
export function momentsUpTo(view: ClusterView, changes: readonly ListedChange[]): ClusterView[] {
  const moments = [view]
  for (const { list, change } of inOrder(changes.filter(isNews)).reverse()) {
    const later = moments.at(-1)!
    moments.push({ ...later, [list]: before(later[list], change) })
  }
  return moments.reverse()
}

function before(objects: readonly KubeObject[], change: Change<KubeObject>): KubeObject[] {
  const { uid } = change.object.metadata ?? {}
  const others = objects.filter(({ metadata }) => metadata?.uid !== uid)
  if (change.type === 'updated') others.push(change.previous)
  if (change.type === 'deleted') others.push(change.object)
  return others
}

/** A cache that lists anew tells all that it has, as if it had changed. */
const isNews = ({ change }: ListedChange) =>
  change.type !== 'updated' || change.previous.metadata?.resourceVersion !== change.object.metadata?.resourceVersion

/** Caches hear in order of one object, not of several. */
const inOrder = (changes: readonly ListedChange[]) =>
  changes.toSorted((one, other) => revisionOf(one) - revisionOf(other))

const revisionOf = ({ change }: ListedChange) => Number(change.object.metadata?.resourceVersion)
