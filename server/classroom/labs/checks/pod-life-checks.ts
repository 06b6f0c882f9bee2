// Checks about how Pods end, begin again and are found unwell.

import type { Container } from 'kubernetes-types/core/v1'
import { type Check, failed, ok, waiting } from '../check.ts'
import { isReady, named, type Pod, restartsOf } from '../cluster-view.ts'
import { imageFor, sameImage } from './containers.ts'
import { missingPod } from './pod-checks.ts'
import { troubleOf } from './pod-troubles.ts'

type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

/** A Pod that has run to its end, well or not, and that nobody starts again. */
export function podEnded(
  name: string,
  { phase, restartPolicy, image }: { phase: 'Succeeded' | 'Failed'; restartPolicy: RestartPolicy; image?: string },
): Check {
  return {
    id: `${name}-ended`,
    aim: `Pod \`${name}\` has run to its end: phase \`${phase}\`, restartPolicy \`${restartPolicy}\``,
    loops: ['scheduler'],
    judge(cluster) {
      const wanted = `Pod ${name}, restartPolicy ${restartPolicy}, phase ${phase}`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const has = image && imageFor(pod.spec, image)
      if (image && !sameImage(has, image)) {
        return failed(`Pod \`${name}\` wants image \`${has}\`; this step wants \`${image}\`.`, {
          saw: `image ${has}`,
          wanted,
        })
      }
      const policy = pod.spec?.restartPolicy ?? 'Always'
      const now = pod.status?.phase ?? 'Pending'
      const saw = `Pod ${name}, restartPolicy ${policy}, phase ${now}`
      if (policy !== restartPolicy) {
        const consequence = policy === 'Always' ? ', so the kubelet starts its container again, however it ended' : ''
        return failed(
          `Pod \`${name}\` has restartPolicy \`${policy}\`${consequence}; this step wants \`${restartPolicy}\`. It cannot be changed: delete the Pod and make it again with \`--restart=${restartPolicy}\`.`,
          { saw, wanted },
        )
      }
      if (now === phase) return ok({ saw, wanted })
      if (now === 'Succeeded' || now === 'Failed') {
        return failed(
          `Pod \`${name}\` has ended, but its phase is \`${now}\`: its container left with exit code ${exitCodeOf(pod) ?? 'unknown'}. Delete it and make it again.`,
          { saw, wanted },
        )
      }
      const trouble = troubleOf(pod)
      const message = isReady(pod) ? `Pod \`${name}\` still runs.` : trouble.message
      return (trouble.stuck ? failed : waiting)(message, { saw, wanted, credit: 0.5 })
    },
  }
}

/** As a container ended last: of one that ended badly, where there is one. */
function exitCodeOf(pod: Pod): number | undefined {
  const codes = (pod.status?.containerStatuses ?? []).flatMap(
    ({ state, lastState }) => (state?.terminated ?? lastState?.terminated)?.exitCode ?? [],
  )
  return codes.find((code) => code !== 0) ?? codes[0]
}

/** Its container starts the program that it came with, and is told the variable which that asks for. */
export function podRunsWith(name: string, { program, variable }: { program: RegExp; variable: string }): Check {
  return {
    id: `${name}-runs-with`,
    aim: `Pod \`${name}\` runs its own program, and has what that asks for`,
    judge(cluster) {
      const wanted = `Pod ${name} with its own program and ${variable}`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const containers = pod.spec?.containers ?? []
      const own = containers.find((each) => program.test(startedBy(each)))
      const started = containers.map(startedBy).join(' ')
      if (!own) {
        return failed(
          `Pod \`${name}\` does not run its own program any more, but \`${started || 'what its image starts'}\`. Leave the command as it was, and add only what it lacks.`,
          { saw: started, wanted },
        )
      }
      const { env = [], envFrom = [] } = own
      if (env.some((each) => each.name === variable) || envFrom.length > 0) return ok({ saw: variable, wanted })
      return waiting(`Pod \`${name}\` still lacks what its program asks for. Its log says what that is.`, {
        saw: `no ${variable}`,
        wanted,
      })
    },
  }
}

const startedBy = ({ command = [], args = [] }: Container) => [...command, ...args].join(' ')

/** The container ends again and again, and the kubelet has begun to wait before it starts it. */
export function podCrashLoops(name: string): Check {
  return {
    id: `${name}-crash-loops`,
    aim: `Pod \`${name}\` has restarted, and now waits in \`CrashLoopBackOff\``,
    loops: ['scheduler'],
    judge(cluster) {
      const wanted = `Pod ${name} with a restart, waiting in CrashLoopBackOff`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const restarts = restartsOf(pod)
      const { status: word } = troubleOf(pod)
      const saw = `Pod ${name}, ${restarts} restarts, ${word}`
      const policy = pod.spec?.restartPolicy ?? 'Always'
      // One that ends badly is started again with `OnFailure` as well.
      if (policy === 'Never') {
        return failed(
          `Pod \`${name}\` has restartPolicy \`${policy}\`, so its container is not started again when it ends. Delete the Pod and make it again without \`--restart\`.`,
          { saw, wanted },
        )
      }
      const isWaiting = pod.status?.containerStatuses?.some(
        ({ state }) => state?.waiting?.reason === 'CrashLoopBackOff',
      )
      if (isWaiting) return ok({ saw, wanted })
      if (restarts > 0) {
        return waiting(`Pod \`${name}\` has restarted ${restarts} times; its container runs at this moment.`, {
          saw,
          wanted,
          credit: 0.5,
        })
      }
      return waiting(`The container of Pod \`${name}\` has not ended yet.`, { saw, wanted })
    },
  }
}

/** Its containers run, it was Ready and not restarted in this step, and now it gets no traffic. */
export function podUnready(name: string): Check {
  const id = `${name}-unready`
  return {
    id,
    aim: `Pod \`${name}\` was Ready, and is Running and not Ready now, with no restart more`,
    loops: ['scheduler'],
    // One that has only just begun is not Ready either, and so is one whose probe asks in vain from the start.
    remembers(cluster, memory) {
      const pod = named(cluster.pods, name)
      return pod && isReady(pod) ? { [pod.metadata?.uid ?? '']: 1 } : memory
    },
    judge(cluster) {
      const wanted = `Pod ${name} Running, not Ready, not restarted`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const before = cluster.before.pods.find((each) => each.uid === pod.metadata?.uid)
      const restarts = restartsOf(pod) - (before?.restarts ?? 0)
      const saw = `Pod ${name} ${pod.status?.phase}, ${isReady(pod) ? 'Ready' : 'not Ready'}, ${restarts} restarts`
      if (!pod.spec?.containers.some(({ readinessProbe }) => readinessProbe)) {
        return failed(
          `Pod \`${name}\` has no readinessProbe, so it is Ready as long as it runs. Make it from the file above.`,
          { saw, wanted },
        )
      }
      if (restarts > 0) {
        return failed(
          `Pod \`${name}\` was restarted. That is what a livenessProbe asks for; this step is about the readinessProbe alone.`,
          { saw, wanted },
        )
      }
      if (isReady(pod)) return waiting(`Pod \`${name}\` still says that it is well, and is Ready.`, { saw, wanted })
      if (pod.status?.phase !== 'Running') return waiting(troubleOf(pod).message, { saw, wanted })
      if (cluster.before.seen?.[id]?.[pod.metadata?.uid ?? '']) return ok({ saw, wanted })
      return waiting(`Pod \`${name}\` runs, and has not been Ready yet. Wait until it is, then make it sick.`, {
        saw,
        wanted,
      })
    },
  }
}
