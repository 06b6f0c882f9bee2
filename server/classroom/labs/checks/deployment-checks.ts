// Checks about Deployments and the Pods that their loops keep.

import { type Check, count, failed, listed, ok, type Verdict, waiting } from '../check.ts'
import {
  type ClusterView,
  type Deployment,
  elsewhere,
  isActive,
  isReady,
  LAB_NAMESPACE,
  named,
  type Pod,
  type ReplicaSet,
} from '../cluster-view.ts'
import { DEPLOYMENT_LOOPS } from '../loops.ts'
import { imageFor, runsImage, sameImage } from './containers.ts'
import { troubleOf } from './pod-troubles.ts'

export const REVISION = 'deployment.kubernetes.io/revision'

export function deploymentReady(name: string, { image, replicas }: { image: string; replicas: number }): Check {
  return {
    id: `${name}-ready`,
    aim: `${count(replicas, 'Pod')} of Deployment \`${name}\` ${replicas === 1 ? 'is' : 'are'} Ready, each with \`${image}\``,
    loops: DEPLOYMENT_LOOPS,
    judge: (cluster) => judgeDeployment(cluster, name, image, replicas),
  }
}

function judgeDeployment(cluster: ClusterView, name: string, image: string, replicas: number): Verdict {
  const wanted = `Deployment ${name}: ${count(replicas, 'Pod')} Ready with image ${image}`
  const deployment = named(cluster.deployments, name)
  if (!deployment) return missingDeployment(cluster, name, wanted)
  const asked = deployment.spec?.replicas ?? 1
  const template = imageFor(deployment.spec?.template.spec, image)
  const pods = podsOf(cluster, deployment)
  const fresh = pods.filter((pod) => runsImage(pod.spec, image))
  const ready = fresh.filter(isReady)
  const saw = `Deployment ${name}: ${ready.length} of ${asked} Ready, image ${template}`
  const stuckOf = (some: readonly Pod[]) => some.map(troubleOf).find((trouble) => trouble.stuck)
  if (!sameImage(template, image)) {
    const stuck = stuckOf(pods)
    const consequence = stuck
      ? ` ${stuck.message} New Pods come from the same template, so deleting Pods does not mend it.`
      : ''
    return failed(
      `Deployment \`${name}\` asks for image \`${template}\`; this step wants \`${image}\`.${consequence}`,
      {
        saw,
        wanted,
      },
    )
  }
  if (asked !== replicas) {
    return waiting(`Deployment \`${name}\` wants ${count(asked, 'Pod')}; this step wants ${replicas}.`, {
      saw,
      wanted,
      credit: 0.25,
    })
  }
  const credit = Math.min(ready.length, replicas) / Math.max(pods.length, replicas)
  if (ready.length === replicas && pods.length === replicas) return ok({ saw, wanted })
  if (pods.length > replicas) {
    const extra = count(pods.length - replicas, 'Pod')
    return waiting(`${ready.length} of ${replicas} Ready; ${extra} too many will be taken away.`, {
      saw,
      wanted,
      credit,
    })
  }
  // Pods of the template before may still be stuck: they go, and are not mended.
  const stuck = stuckOf(fresh)
  const late = fresh.filter((pod) => !isReady(pod))
  const lateTrouble = stuck ?? (late[0] && troubleOf(late[0]))
  const others = fresh.length < pods.length ? 'The others are still those of before.' : undefined
  const why = lateTrouble?.message ?? others ?? 'The ReplicaSet loop has not made the others yet.'
  return (stuck ? failed : waiting)(`${ready.length} of ${replicas}. ${why}`, { saw, wanted, credit })
}

export function missingDeployment(cluster: ClusterView, name: string, wanted: string): Verdict {
  const others = elsewhere(cluster.deployments, name)
  if (others.length > 0) {
    return failed(
      `Deployment \`${name}\` is in namespace \`${others[0]}\`; this lab plays in \`${LAB_NAMESPACE}\`. Make it again without \`-n\`.`,
      { saw: `Deployment ${name} in ${others[0]}`, wanted },
    )
  }
  const bare = named(cluster.pods, name)
  if (bare) {
    return failed(
      `There is a Pod \`${name}\`, but no Deployment \`${name}\`: nobody would bring that Pod back. Use \`kubectl create deployment\`.`,
      { saw: `Pod ${name}`, wanted },
    )
  }
  const near = cluster.deployments.filter((each) => each.metadata?.namespace === LAB_NAMESPACE)
  if (near.length > 0) {
    const names = listed(near.map((each) => each.metadata?.name ?? ''))
    return waiting(`There is no Deployment \`${name}\` yet, only ${names}.`, { saw: `Deployments ${names}`, wanted })
  }
  return waiting(`There is no Deployment \`${name}\` yet.`, { saw: 'no such Deployment', wanted })
}

/** Pods that the Deployment's ReplicaSets own, by owner reference and not by label; without those going away or at an end. */
export function podsOf(cluster: ClusterView, deployment: Deployment): Pod[] {
  const sets = new Set(replicaSetsOf(cluster, deployment).map((set) => set.metadata?.uid))
  return cluster.pods.filter(
    (pod) => isActive(pod) && pod.metadata?.ownerReferences?.some((owner) => owner.controller && sets.has(owner.uid)),
  )
}

export function replicaSetsOf(cluster: ClusterView, deployment: Deployment): ReplicaSet[] {
  return cluster.replicaSets.filter((set) =>
    set.metadata?.ownerReferences?.some((owner) => owner.controller && owner.uid === deployment.metadata?.uid),
  )
}

/**
 * A change of the template made a second ReplicaSet, and the old one is kept, empty, for the way back. `from`: what an
 * old one has to run.
 */
export function rolledOver(name: string, { from }: { from?: string } = {}): Check {
  return {
    id: `${name}-rolled`,
    aim: `A new ReplicaSet has all Pods of \`${name}\`; the old one is kept with none`,
    loops: DEPLOYMENT_LOOPS,
    judge(cluster) {
      const wanted = 'two ReplicaSets, all Pods in the newer'
      const deployment = named(cluster.deployments, name)
      if (!deployment) return missingDeployment(cluster, name, wanted)
      const sets = replicaSetsOf(cluster, deployment).toSorted((one, other) => revisionOf(other) - revisionOf(one))
      const [newest, ...old] = sets
      const full = sets.filter(hasPods)
      const saw = sets.map((set) => `${set.metadata?.name}: ${set.status?.replicas ?? 0}`).join(', ') || 'none'
      // Whoever tidies up has taken the old one away; the count of revisions goes on.
      if (sets.length < 2 && !(revisionOf(deployment) > 1)) {
        return waiting(`Deployment \`${name}\` has one ReplicaSet. Only a change of its Pod template makes another.`, {
          saw,
          wanted,
        })
      }
      if (from && old.length > 0 && !old.some((set) => runsImage(set.spec?.template?.spec, from))) {
        return waiting(
          `\`${name}\` has been rolled, but none of its old ReplicaSets has image \`${from}\`. Let it run that first, and then roll it.`,
          { saw, wanted, credit: 0.25 },
        )
      }
      if (full.length === 0) {
        return waiting(`No ReplicaSet of \`${name}\` has Pods: nothing was rolled from one to the other.`, {
          saw,
          wanted,
        })
      }
      if (full.length === 1 && newest && hasPods(newest)) return ok({ saw, wanted })
      const why =
        full.length === 1
          ? `The Pods of \`${name}\` are still those of its old ReplicaSet.`
          : `${full.length} ReplicaSets still have Pods: the new one grows as the old one shrinks.`
      return waiting(why, { saw, wanted, credit: 0.5 })
    },
  }
}

const hasPods = ({ status }: ReplicaSet) => (status?.replicas ?? 0) > 0

/** Of the newest template, as `kubectl rollout history` counts. */
const revisionOf = ({ metadata }: Deployment | ReplicaSet) => Number(metadata?.annotations?.[REVISION] ?? 0)
