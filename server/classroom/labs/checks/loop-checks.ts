// Checks about the hand on a loop: held, let go, and what is left undone meanwhile.

import { type Check, count, ok, waiting } from '../check.ts'
import { named } from '../cluster-view.ts'
import { LOOPS, type LoopName } from '../loops.ts'
import { missingReplicaSet, podsOwnedBy } from './replica-set-checks.ts'

export function loopHeld(loop: LoopName): Check {
  const { words, client } = LOOPS[loop]
  return {
    id: `${loop}-held`,
    aim: `You hold the ${words} loop`,
    judge({ held }) {
      const wanted = 'held'
      if (held.includes(client)) return ok({ saw: 'held', wanted })
      return waiting(`The ${words} loop runs freely. Click it in the picture, and press **Hold**.`, {
        saw: 'runs freely',
        wanted,
      })
    },
  }
}

export function loopReleased(loop: LoopName): Check {
  const { words, client } = LOOPS[loop]
  return {
    id: `${loop}-released`,
    aim: `The ${words} loop runs freely again`,
    judge({ held }) {
      const wanted = 'runs freely'
      if (!held.includes(client)) return ok({ saw: 'runs freely', wanted })
      return waiting(`The ${words} loop is still held. Press **Release** beside it.`, { saw: 'held', wanted })
    },
  }
}

/** A Pod is missing, and nobody makes up for it. Only while the loop is held is that more than a moment. */
export function replicaSetShort(name: string, replicas: number): Check {
  return {
    id: `${name}-short`,
    aim: `ReplicaSet \`${name}\` wants ${count(replicas, 'Pod')}, and one is missing`,
    judge(cluster) {
      const wanted = `ReplicaSet ${name}: fewer than ${replicas} Pods`
      const set = named(cluster.replicaSets, name)
      if (!set) return missingReplicaSet(cluster, name, wanted)
      const asked = set.spec?.replicas ?? 1
      const pods = podsOwnedBy(cluster, set)
      const saw = `ReplicaSet ${name}: ${pods.length} of ${asked}`
      if (asked !== replicas) {
        return waiting(`ReplicaSet \`${name}\` wants ${count(asked, 'Pod')}; this step wants ${replicas}.`, {
          saw,
          wanted,
        })
      }
      if (pods.length < replicas) return ok({ saw, wanted })
      return cluster.held.includes(LOOPS.replicaset.client)
        ? waiting(`All ${replicas} Pods of \`${name}\` are there. Delete one of them.`, { saw, wanted, credit: 0.5 })
        : waiting(
            `All ${replicas} Pods of \`${name}\` are there: while the loop runs, none stays missing. Hold it first.`,
            {
              saw,
              wanted,
            },
          )
    },
  }
}
