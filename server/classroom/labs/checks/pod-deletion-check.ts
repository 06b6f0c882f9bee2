// Whether somebody deleted a Pod that a loop keeps. The loop itself deletes Pods too, when it is told to want fewer, and
// afterwards the two look the same; so Pods are counted as they go.

import { type Check, count, listed, ok, waiting } from '../check.ts'
import { type ClusterView, LAB_NAMESPACE, type Memory, type Pod, type ReplicaSet } from '../cluster-view.ts'
import { podsOwnedBy } from './replica-set-checks.ts'

/** One of the Pods of this ReplicaSet, or of those that a Deployment of this name has made, was deleted by a person. */
export function onePodWasDeleted(name: string): Check {
  const id = `${name}-pod-deleted`
  return {
    id,
    aim: `One of the Pods of \`${name}\` was deleted`,
    remembers: (cluster, memory) => countDeleted(cluster, setsOf(cluster, name), memory),
    judge(cluster) {
      const wanted = `a Pod of ${name} that somebody has deleted`
      const { deleted = 0, taken = 0 } = cluster.before.seen?.[id] ?? {}
      const pods = setsOf(cluster, name).flatMap((set) => podsOwnedBy(cluster, set))
      const going = cluster.pods.find(
        ({ metadata }) => metadata?.deletionTimestamp && cluster.before.pods.some(({ uid }) => uid === metadata.uid),
      )
      const saw = `${deleted} deleted, ${taken} taken by the loop`
      if (deleted > 0 && !going) return ok({ saw, wanted })
      if (deleted > 0) {
        return waiting(`Pod \`${going?.metadata?.name}\` is going away: its container is given time to end.`, {
          saw,
          wanted,
          credit: 0.5,
        })
      }
      if (taken > 0) {
        return waiting(
          `${count(taken, 'Pod')} went because \`${name}\` was told to want fewer. Let it want as many as before, then delete a Pod: \`kubectl delete pod …\`.`,
          { saw, wanted },
        )
      }
      if (pods.length === 0) return waiting(`\`${name}\` has no Pods at the moment.`, { saw, wanted })
      return waiting(
        `The same ${count(pods.length, 'Pod')} ${pods.length === 1 ? 'is' : 'are'} still there: ${listed(pods.map(nameOf))}.`,
        { saw, wanted },
      )
    },
  }
}

/** `deleted` by a person, `taken` by a loop that had more than it wanted, and the uids of those that are there. */
function countDeleted(cluster: ClusterView, sets: readonly ReplicaSet[], memory: Memory = {}): Memory {
  const { deleted = 0, taken = 0, ...known } = memory
  const before = Object.keys(known)
  const living = new Set(cluster.pods.filter(({ metadata }) => !metadata?.deletionTimestamp).map(uidOf))
  const gone = before.filter((uid) => !living.has(uid)).length
  const wish = sets
    .filter(({ metadata }) => !metadata?.deletionTimestamp)
    .reduce((sum, { spec }) => sum + (spec?.replicas ?? 1), 0)
  const byLoop = Math.min(gone, Math.max(0, before.length - wish))
  const now = sets.flatMap((set) => podsOwnedBy(cluster, set)).map((pod) => [uidOf(pod), 1])
  return { ...Object.fromEntries(now), deleted: deleted + gone - byLoop, taken: taken + byLoop }
}

/** By the owner's name: a ReplicaSet may outlive its Deployment for a moment. */
const setsOf = (cluster: ClusterView, name: string): ReplicaSet[] =>
  cluster.replicaSets.filter(
    ({ metadata }) =>
      metadata?.namespace === LAB_NAMESPACE &&
      (metadata.name === name ||
        metadata.ownerReferences?.some((owner) => owner.kind === 'Deployment' && owner.name === name)),
  )

const uidOf = ({ metadata }: Pod) => metadata?.uid ?? ''
const nameOf = ({ metadata }: Pod) => metadata?.name ?? ''
