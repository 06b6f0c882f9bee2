// Checks about ReplicaSets without a Deployment above them: the loop that only counts.

import { type Check, count, failed, listed, ok, type Verdict, waiting } from '../check.ts'
import {
  type ClusterView,
  hasLabels,
  isActive,
  isReady,
  LAB_NAMESPACE,
  named,
  type Pod,
  podsWith,
  type ReplicaSet,
  selectorText,
} from '../cluster-view.ts'
import { REPLICA_SET_LOOPS } from '../loops.ts'
import { imageFor, runsImage, sameImage } from './containers.ts'
import { troubleOf } from './pod-troubles.ts'

interface Wish {
  image: string
  replicas: number
  /** That its Pods carry. */
  labels?: Record<string, string>
}

export function replicaSetReady(name: string, wish: Wish): Check {
  const { image, replicas } = wish
  return {
    id: `${name}-ready`,
    aim: `ReplicaSet \`${name}\` owns ${count(replicas, 'Pod')}, Ready, each with \`${image}\``,
    loops: REPLICA_SET_LOOPS,
    judge: (cluster) => judgeReplicaSet(cluster, name, wish),
  }
}

function judgeReplicaSet(cluster: ClusterView, name: string, { image, replicas, labels = {} }: Wish): Verdict {
  const wanted = `ReplicaSet ${name}: ${count(replicas, 'Pod')} Ready with image ${image}`
  const set = named(cluster.replicaSets, name)
  if (!set) return missingReplicaSet(cluster, name, wanted)
  const pods = podsOwnedBy(cluster, set)
  const asked = set.spec?.replicas ?? 1
  const template = imageFor(set.spec?.template?.spec, image)
  const good = pods.filter((pod) => isReady(pod) && runsImage(pod.spec, image))
  const saw = `ReplicaSet ${name}: ${good.length} of ${asked} Ready, image ${template}`
  if (!sameImage(template, image)) {
    return failed(
      `The template of ReplicaSet \`${name}\` asks for image \`${template}\`; this step wants \`${image}\`. Every new Pod is made from it.`,
      { saw, wanted },
    )
  }
  const old = pods.filter((pod) => !runsImage(pod.spec, image))
  if (old.length > 0) {
    return failed(
      `The template of \`${name}\` is right, but ${listed(old.map(nameOf))} still ${old.length === 1 ? 'has' : 'have'} image \`${imageFor(old[0]?.spec, image)}\`. A ReplicaSet never changes its Pods: it only makes new ones when some are missing.`,
      { saw, wanted, credit: 0.5 },
    )
  }
  const without = pods.find((pod) => !hasLabels(pod, labels))
  if (without) {
    const has = selectorText(without.metadata?.labels ?? {})
    return failed(
      `The Pods of \`${name}\` carry \`${has || 'no labels'}\`; this step wants \`${selectorText(labels)}\`. What a ReplicaSet selects is settled for life: delete it, and apply the file with the label changed in both places.`,
      { saw, wanted, credit: 0.5 },
    )
  }
  if (asked !== replicas) {
    return waiting(`ReplicaSet \`${name}\` wants ${count(asked, 'Pod')}; this step wants ${replicas}.`, {
      saw,
      wanted,
      credit: 0.25,
    })
  }
  if (good.length === replicas && pods.length === replicas) return ok({ saw, wanted })
  const credit = Math.min(good.length, replicas) / Math.max(pods.length, replicas)
  if (pods.length > replicas) {
    return waiting(`${count(pods.length - replicas, 'Pod')} too many: the loop is about to take one away.`, {
      saw,
      wanted,
      credit,
    })
  }
  const late = pods.filter((pod) => !isReady(pod)).map(troubleOf)
  const stuck = late.find((trouble) => trouble.stuck)
  const why = (stuck ?? late[0])?.message ?? 'The ReplicaSet loop has not made the others yet.'
  return (stuck ? failed : waiting)(`${good.length} of ${replicas}. ${why}`, { saw, wanted, credit })
}

export function missingReplicaSet(cluster: ClusterView, name: string, wanted: string): Verdict {
  const saw = 'no such ReplicaSet'
  if (named(cluster.deployments, name)) {
    return failed(
      `There is a Deployment \`${name}\`, which makes ReplicaSets of its own, with a hash in their names. This step wants a ReplicaSet that you make yourself, from the file.`,
      { saw: `Deployment ${name}`, wanted },
    )
  }
  const mine = cluster.replicaSets.filter(({ metadata }) => metadata?.namespace === LAB_NAMESPACE)
  const names = listed(mine.map(({ metadata }) => metadata?.name ?? ''))
  return waiting(`There is no ReplicaSet \`${name}\` yet${names ? `, only ${names}` : ''}.`, { saw, wanted })
}

/** The ReplicaSet went and left its Pods behind, running and belonging to nobody. */
export function podsOrphaned(label: { key: string; value: string }, replicas: number): Check {
  const text = `${label.key}=${label.value}`
  return {
    id: `${label.value}-orphaned`,
    aim: `No ReplicaSet selects \`${text}\`, and ${count(replicas, 'Pod')} run on without an owner`,
    loops: ['garbage-collector'],
    judge(cluster) {
      const wanted = `${replicas} Pods with ${text}, owned by nobody`
      const pods = podsWith(cluster, { [label.key]: label.value })
      const free = pods.filter((pod) => !pod.metadata?.ownerReferences?.length)
      const sets = setsSelecting(cluster, label)
      const saw = `${count(sets.length, 'ReplicaSet')}, ${count(pods.length, 'Pod')}, ${free.length} without an owner`
      if (sets.length === 0 && pods.length < replicas) {
        return failed(
          `The Pods with \`${text}\` went with their ReplicaSet: what owns Pods takes them along unless it is told \`--cascade=orphan\`. Apply the file again, and try once more.`,
          { saw, wanted },
        )
      }
      if (sets.length > 0) {
        return waiting(`ReplicaSet ${listed(sets.map(({ metadata }) => metadata?.name ?? ''))} still owns them.`, {
          saw,
          wanted,
        })
      }
      if (free.length >= replicas) return ok({ saw, wanted })
      return waiting('The garbage collector is taking the owner out of the Pods.', { saw, wanted, credit: 0.5 })
    },
  }
}

/** A new ReplicaSet took over Pods that were there before it, and made none. */
export function podsAdopted(name: string, replicas: number): Check {
  return {
    id: `${name}-adopted`,
    aim: `ReplicaSet \`${name}\` owns the ${replicas} Pods that were there before it`,
    loops: ['replicaset'],
    judge(cluster) {
      const wanted = `ReplicaSet ${name} owns ${replicas} Pods of before`
      const set = named(cluster.replicaSets, name)
      if (!set) return missingReplicaSet(cluster, name, wanted)
      const owned = podsOwnedBy(cluster, set)
      const old = owned.filter((pod) => cluster.before.pods.some(({ uid }) => uid === pod.metadata?.uid))
      const saw = `ReplicaSet ${name} owns ${owned.length} Pods, ${old.length} of before`
      if (old.length === replicas && owned.length === replicas) return ok({ saw, wanted })
      const fresh = owned.length - old.length
      if (fresh > 0) {
        return failed(
          `ReplicaSet \`${name}\` has made ${count(fresh, 'new Pod')}, so it did not find ${replicas} that it selects. Reset the lab to try again from the start.`,
          { saw, wanted },
        )
      }
      return waiting(`ReplicaSet \`${name}\` has adopted ${old.length} of ${replicas} so far.`, {
        saw,
        wanted,
        credit: old.length / replicas,
      })
    },
  }
}

const nameOf = (pod: Pod) => pod.metadata?.name ?? ''

export const podsOwnedBy = (cluster: ClusterView, set: ReplicaSet): Pod[] =>
  cluster.pods.filter(
    (pod) =>
      isActive(pod) &&
      pod.metadata?.ownerReferences?.some((owner) => owner.controller && owner.uid === set.metadata?.uid),
  )

/** However they say it: a selector has many forms, and the Pods of the template are always among what it selects. */
const setsSelecting = (cluster: ClusterView, { key, value }: { key: string; value: string }) =>
  cluster.replicaSets.filter(
    ({ metadata, spec }) => metadata?.namespace === LAB_NAMESPACE && spec?.template?.metadata?.labels?.[key] === value,
  )
