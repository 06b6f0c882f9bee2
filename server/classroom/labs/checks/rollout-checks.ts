// Checks about rollouts: how careful one is, where it is stuck, and which revision it has come to.

import { type Check, count, failed, ok, waiting } from '../check.ts'
import { isReady, named } from '../cluster-view.ts'
import { DEPLOYMENT_LOOPS } from '../loops.ts'
import { imageFor, runsImage, sameImage } from './containers.ts'
import { missingDeployment, podsOf, REVISION, replicaSetsOf } from './deployment-checks.ts'
import { troubleOf } from './pod-troubles.ts'

const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'

/** How many Pods a rollout may have too many, and too few. */
export function rolloutBounds(
  name: string,
  { maxSurge, maxUnavailable }: { maxSurge: number | string; maxUnavailable: number | string },
): Check {
  return {
    id: `${name}-bounds`,
    aim: `A rollout of \`${name}\` may have ${maxSurge} Pod too many and ${maxUnavailable} too few`,
    judge(cluster) {
      const wanted = `maxSurge ${maxSurge}, maxUnavailable ${maxUnavailable}`
      const deployment = named(cluster.deployments, name)
      if (!deployment) return missingDeployment(cluster, name, wanted)
      const strategy = deployment.spec?.strategy
      if (strategy?.type === 'Recreate') {
        return failed(
          `Deployment \`${name}\` has strategy \`Recreate\`: it takes all old Pods away before it makes a new one.`,
          { saw: 'Recreate', wanted },
        )
      }
      const { maxSurge: surge = '25%', maxUnavailable: less = '25%' } = strategy?.rollingUpdate ?? {}
      const saw = `maxSurge ${surge}, maxUnavailable ${less}`
      const replicas = deployment.spec?.replicas ?? 1
      const right = [
        podsIn(surge, replicas, Math.ceil) === podsIn(maxSurge, replicas, Math.ceil),
        podsIn(less, replicas, Math.floor) === podsIn(maxUnavailable, replicas, Math.floor),
      ]
      if (right.every(Boolean)) return ok({ saw, wanted })
      const credit = right.filter(Boolean).length / 2
      const wrong = right[1]
        ? `\`maxSurge: ${surge}\`; this step wants \`${maxSurge}\``
        : `\`maxUnavailable: ${less}\`; this step wants \`${maxUnavailable}\``
      return waiting(`Deployment \`${name}\` has ${wrong}.`, { saw, wanted, credit })
    },
  }
}

/** A bound may be told in percent, of which Kubernetes rounds the surge up and the rest down. */
function podsIn(bound: number | string, replicas: number, round: (pods: number) => number): number {
  const [, percent] = /^(\d+)%$/.exec(String(bound)) ?? []
  return percent === undefined ? Number(bound) : round((Number(percent) * replicas) / 100)
}

/** The new version cannot start, and the old one keeps serving. */
export function rolloutStuck(name: string, { image, keeps }: { image: string; keeps: number }): Check {
  return {
    id: `${name}-stuck`,
    aim: `The rollout of \`${name}\` to \`${image}\` is stuck, and ${keeps} old Pods are still Ready`,
    loops: DEPLOYMENT_LOOPS,
    judge(cluster) {
      const wanted = `a Pod with ${image} that cannot start, ${keeps} others Ready`
      const deployment = named(cluster.deployments, name)
      if (!deployment) return missingDeployment(cluster, name, wanted)
      const template = imageFor(deployment.spec?.template.spec, image)
      const pods = podsOf(cluster, deployment)
      const fresh = pods.filter((pod) => runsImage(pod.spec, image))
      const ready = pods.filter((pod) => isReady(pod) && !fresh.includes(pod))
      const saw = `image ${template}, ${count(fresh.length, 'new Pod')}, ${ready.length} old ones Ready`
      if (!sameImage(template, image)) {
        return waiting(`Deployment \`${name}\` still asks for \`${template}\`.`, { saw, wanted })
      }
      const isStuck = fresh.some((pod) => troubleOf(pod).stuck)
      if (isStuck && ready.length >= keeps) return ok({ saw, wanted })
      if (isStuck) {
        return failed(
          `The new Pod cannot start, and only ${ready.length} of ${keeps} old ones are Ready: the rollout was allowed to take one away first. Set \`maxUnavailable\` to 0, undo, and try again.`,
          { saw, wanted, credit: 0.5 },
        )
      }
      return waiting('The kubelet has not yet found out that it cannot get the image.', { saw, wanted, credit: 0.5 })
    },
  }
}

/** The Deployment's template is the one of an older ReplicaSet again: it went back, and made no new one. */
export function rolledBack(name: string, { image }: { image: string }): Check {
  return {
    id: `${name}-back`,
    aim: `\`${name}\` is back on \`${image}\` in a ReplicaSet it had before`,
    loops: DEPLOYMENT_LOOPS,
    judge(cluster) {
      const wanted = `all Pods in an earlier ReplicaSet, with ${image}`
      const deployment = named(cluster.deployments, name)
      if (!deployment) return missingDeployment(cluster, name, wanted)
      const all = replicaSetsOf(cluster, deployment)
      const saw =
        all.map((set) => `${imageFor(set.spec?.template?.spec, image)}: ${set.status?.replicas ?? 0}`).join(', ') ||
        'none'
      const template = imageFor(deployment.spec?.template.spec, image)
      if (!sameImage(template, image)) {
        return waiting(`Deployment \`${name}\` asks for \`${template}\`, not for \`${image}\`.`, { saw, wanted })
      }
      const current = all.find(
        (set) => revisionOf(set) === revisionOf(deployment) && runsImage(set.spec?.template?.spec, image),
      )
      if (!current) return waiting('The Deployment’s loop has not gone back yet.', { saw, wanted })
      // One that was current before tells under which numbers.
      if (!current.metadata?.annotations?.[REVISION_HISTORY]) {
        return failed(
          `Deployment \`${name}\` has made another ReplicaSet, so its template is not quite an old one. \`kubectl rollout history\` lists the ones there were; \`kubectl rollout undo\` goes back to one.`,
          { saw, wanted },
        )
      }
      const busy = all.filter((set) => (set.status?.replicas ?? 0) > 0)
      if (busy.length === 1 && busy[0] === current) return ok({ saw, wanted })
      return waiting('The two ReplicaSets are still trading Pods.', { saw, wanted, credit: 0.5 })
    },
  }
}

/** Watched, and not concluded: at no moment of the newest rollout since the step began were fewer Pods Ready. */
export function neverBelow(name: string, least: number): Check {
  const id = `${name}-never-below`
  return {
    id,
    aim: `During the rollout, \`${name}\` never has fewer than ${count(least, 'Pod')} Ready`,
    remembers(cluster, memory) {
      const deployment = named(cluster.deployments, name)
      const revision = Number(revisionOf(deployment))
      if (!deployment || !revision) return memory
      const ready = podsOf(cluster, deployment).filter(isReady).length
      if (memory?.revision !== revision) return { first: memory?.first ?? revision, revision, fewest: ready }
      return { ...memory, fewest: Math.min(memory.fewest ?? ready, ready) }
    },
    judge(cluster) {
      const wanted = `at least ${least} Ready at every moment of a rollout`
      const deployment = named(cluster.deployments, name)
      if (!deployment) return missingDeployment(cluster, name, wanted)
      const { first, revision, fewest = 0 } = cluster.before.seen?.[id] ?? {}
      if (!revision || revision === first) {
        return waiting(`\`${name}\` has not been rolled over since this step began.`, { saw: 'no rollout', wanted })
      }
      const saw = `at the least ${fewest} Ready, in revision ${revision}`
      if (fewest >= least) return ok({ saw, wanted })
      return failed(
        `While \`${name}\` was rolled to revision ${revision}, at one moment ${fewest === 1 ? 'only 1 Pod was' : `only ${fewest} Pods were`} Ready. Set \`maxUnavailable\` to 0, then go back with \`kubectl rollout undo\`, wait, and roll once more.`,
        { saw, wanted, credit: (fewest / least) * 0.5 },
      )
    },
  }
}

/** Of the newest template, as `kubectl rollout history` counts. */
export const revisionOf = (object: { metadata?: { annotations?: Record<string, string> } } | undefined) =>
  object?.metadata?.annotations?.[REVISION]

/** A paused Deployment takes changes down and does nothing about them. */
export function rolloutRuns(name: string): Check {
  return {
    id: `${name}-runs`,
    aim: `The rollout of \`${name}\` is not paused`,
    judge(cluster) {
      const wanted = 'not paused'
      const deployment = named(cluster.deployments, name)
      if (!deployment) return missingDeployment(cluster, name, wanted)
      const saw = deployment.spec?.paused ? 'paused' : 'not paused'
      if (!deployment.spec?.paused) return ok({ saw, wanted })
      return failed(
        `Deployment \`${name}\` is paused: it takes down what you want and does nothing about it. Pods that you delete come back as they were.`,
        { saw, wanted },
      )
    },
  }
}
