// Checks about single Pods.

import { type Check, failed, ok, type Verdict, waiting } from '../check.ts'
import { type ClusterView, elsewhere, isReady, LAB_NAMESPACE, named, type Pod, restartsOf } from '../cluster-view.ts'
import { imageFor, sameImage } from './containers.ts'
import { troubleOf } from './pod-troubles.ts'

export function podReady(name: string, { image }: { image: string }): Check {
  return {
    id: `${name}-ready`,
    aim: `Pod \`${name}\` runs \`${image}\` and is Ready`,
    loops: ['scheduler'],
    judge: (cluster) => judgePod(cluster, name, image),
  }
}

function judgePod(cluster: ClusterView, name: string, image: string): Verdict {
  const wanted = `Pod ${name} with image ${image}, Ready`
  const pod = named(cluster.pods, name)
  if (!pod) return missingPod(cluster, name, wanted)
  const has = imageFor(pod.spec, image)
  const saw = `Pod ${name} with image ${has}, ${isReady(pod) ? 'Ready' : troubleOf(pod).status}`
  if (pod.metadata?.deletionTimestamp) return waiting(troubleOf(pod).message, { saw, wanted })
  if (!sameImage(has, image)) {
    return failed(`Pod \`${name}\` wants image \`${has}\`; this step wants \`${image}\`.`, { saw, wanted })
  }
  if (isReady(pod)) return ok({ saw, wanted })
  const trouble = troubleOf(pod)
  return (trouble.stuck ? failed : waiting)(trouble.message, { saw, wanted, credit: 0.5 })
}

export function missingPod(cluster: ClusterView, name: string, wanted: string): Verdict {
  const saw = 'no such Pod'
  const others = elsewhere(cluster.pods, name)
  if (others.length > 0) {
    return failed(
      `Pod \`${name}\` is in namespace \`${others[0]}\`; this lab plays in \`${LAB_NAMESPACE}\`. Make it again without \`-n\`.`,
      { saw: `Pod ${name} in ${others[0]}`, wanted },
    )
  }
  const owned = cluster.deployments.some((deployment) => deployment.metadata?.name === name)
  if (owned) {
    return failed(
      `There is a Deployment \`${name}\`, which makes Pods of its own. This step wants a single Pod: \`kubectl run ${name} …\`.`,
      { saw: `Deployment ${name}`, wanted },
    )
  }
  if (cluster.before.pods.some((pod) => pod.name === name)) {
    return failed(`Pod \`${name}\` is gone. No loop wants it back: a bare Pod has to be made again by you.`, {
      saw: 'Pod deleted',
      wanted,
    })
  }
  const near = cluster.pods.find((pod) => isNear(pod, name))
  if (near) {
    return waiting(`There is a Pod \`${near.metadata?.name}\`, but none called \`${name}\`.`, {
      saw: `Pod ${near.metadata?.name}`,
      wanted,
    })
  }
  return waiting(`There is no Pod \`${name}\` yet.`, { saw, wanted })
}

/** Another Pod of the lab's namespace that no loop made: most likely the learner's, with a slip in its name. */
const isNear = (pod: Pod, name: string) =>
  pod.metadata?.namespace === LAB_NAMESPACE &&
  !pod.metadata.ownerReferences?.length &&
  pod.metadata.name?.[0] === name[0]

export function podGone(name: string): Check {
  return {
    id: `${name}-gone`,
    aim: `Pod \`${name}\` is gone, and stays gone`,
    judge(cluster) {
      const wanted = `no Pod ${name}`
      const pod = named(cluster.pods, name)
      if (!pod) return ok({ saw: 'no such Pod', wanted })
      const saw = `Pod ${name}, ${troubleOf(pod).status}`
      if (pod.metadata?.deletionTimestamp) return waiting(troubleOf(pod).message, { saw, wanted, credit: 0.5 })
      if (!cluster.before.pods.some(({ uid }) => uid === pod.metadata?.uid)) {
        return failed(`Pod \`${name}\` is a new one, made after you had deleted the first. Delete it too.`, {
          saw,
          wanted,
        })
      }
      return waiting(`Pod \`${name}\` is still there.`, { saw, wanted })
    },
  }
}

/** The kubelet has started a container of this very Pod again; `by`: what it must have, that asks for it. */
export function podRestarted(name: string, { by }: { by?: 'livenessProbe' } = {}): Check {
  return {
    id: `${name}-restarted`,
    aim: `The container of Pod \`${name}\` ended once and runs again, in the same Pod`,
    judge(cluster) {
      const wanted = `the same Pod ${name} with one restart more, Ready`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      if (by && !pod.spec?.containers.some((each) => each[by])) {
        return failed(
          `Pod \`${name}\` has no ${by}, so nobody asks it whether it is well. Delete it, and make it from the file above.`,
          { saw: `no ${by}`, wanted },
        )
      }
      const before = cluster.before.pods.find((each) => each.name === name)
      const isNew = before !== undefined && before.uid !== pod.metadata?.uid
      const restarts = restartsOf(pod) - (isNew ? 0 : (before?.restarts ?? 0))
      if (isNew && restarts < 1) {
        return failed(
          `This Pod \`${name}\` is a new one: the old one was deleted. End only its container, with \`kubectl exec\`.`,
          { saw: 'another Pod of the same name', wanted },
        )
      }
      const saw = `${restarts} restarts since this step began`
      if (restarts < 1) return waiting(`The container of Pod \`${name}\` has not ended yet.`, { saw, wanted })
      if (isReady(pod)) return ok({ saw, wanted })
      return waiting(`${troubleOf(pod).message} It is being started again.`, { saw, wanted, credit: 0.5 })
    },
  }
}

/** The learner has found something out, and wrote it on the Pod where everybody can read it. */
export function podLabel(
  name: string,
  label: string,
  expected: { aim: string; of: (pod: Pod) => string | undefined },
): Check {
  return {
    id: `${name}-${label}`,
    aim: expected.aim,
    judge(cluster) {
      const pod = named(cluster.pods, name)
      const right = pod && expected.of(pod)
      const wanted = `label ${label}=${right ?? '…'}`
      if (!pod) return missingPod(cluster, name, wanted)
      const value = pod.metadata?.labels?.[label]
      if (value === undefined) {
        return waiting(`Pod \`${name}\` has no label \`${label}\` yet.`, { saw: 'no such label', wanted })
      }
      const saw = `label ${label}=${value}`
      if (value === right) return ok({ saw, wanted })
      return failed(
        `Label \`${label}\` says \`${value}\`, and that is not it. Look again, then change it with \`--overwrite\`.`,
        { saw, wanted },
      )
    },
  }
}

export function podHasLabels(name: string, labels: Record<string, string>): Check {
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return {
    id: `${name}-labels`,
    aim: `Pod \`${name}\` carries ${texts.map((text) => `\`${text}\``).join(' and ')}`,
    judge(cluster) {
      const wanted = `labels ${texts.join(',')}`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const has = pod.metadata?.labels ?? {}
      const saw = `labels ${
        Object.entries(has)
          .map(([key, value]) => `${key}=${value}`)
          .join(',') || 'none'
      }`
      const missing = Object.entries(labels).filter(([key, value]) => has[key] !== value)
      if (missing.length === 0) return ok({ saw, wanted })
      const first = missing[0] as [string, string]
      const now = has[first[0]]
      const message = now
        ? `Pod \`${name}\` says \`${first[0]}=${now}\`; this step wants \`${first[0]}=${first[1]}\`.`
        : `Pod \`${name}\` has no label \`${first[0]}\` yet.`
      return waiting(message, { saw, wanted, credit: 1 - missing.length / texts.length })
    },
  }
}
