// Checks about labels: who is selected by a selector, no matter how they got their labels.

import { type Check, failed, listed, ok, waiting } from '../check.ts'
import { type ClusterView, LAB_NAMESPACE, type Pod, podsWith, selectorText } from '../cluster-view.ts'

/** Exactly these Pods carry exactly these labels. */
export function selectsExactly(selector: Record<string, string>, names: readonly string[]): Check {
  const text = selectorText(selector)
  return {
    id: `selects-${text.replace(/[^a-z0-9]+/gi, '-')}`,
    aim: `\`${text}\` selects ${listed(names)}, and nobody else`,
    judge(cluster) {
      const wanted = [...names].sort().join(', ')
      const has = podsWith(cluster, selector).map(nameOf).sort()
      const saw = has.join(', ') || 'nobody'
      const missing = names.filter((name) => !has.includes(name))
      const extra = has.filter((name) => !names.includes(name))
      if (missing.length === 0 && extra.length === 0) return ok({ saw, wanted })
      const credit = Math.max(0, names.length - missing.length - extra.length) / names.length
      const gone = missing.filter((name) => !podsOfLab(cluster).some((pod) => nameOf(pod) === name))
      if (gone.length > 0) {
        return failed(
          `Pod ${listed(gone)} is gone, and no loop brings it back. Reset the lab, or make it again with its labels.`,
          { saw, wanted, credit },
        )
      }
      if (extra.length > 0) {
        return failed(`\`${text}\` also selects ${listed(extra)}: ${labelsText(cluster, extra[0] ?? '')}.`, {
          saw,
          wanted,
          credit,
        })
      }
      const first = missing[0] ?? ''
      return waiting(`\`${text}\` does not select ${listed(missing)} yet: ${labelsText(cluster, first)}.`, {
        saw,
        wanted,
        credit,
      })
    },
  }
}

/** These Pods and no others carry the label, whatever it says. */
export function onlyTheseHave(key: string, names: readonly string[]): Check {
  return {
    id: `only-these-have-${key}`,
    aim: `No other Pod has a label \`${key}\``,
    judge(cluster) {
      const others = podsOfLab(cluster).filter(
        (pod) => pod.metadata?.labels?.[key] !== undefined && !names.includes(nameOf(pod)),
      )
      const seen = { saw: others.map(nameOf).join(', ') || 'nobody', wanted: 'nobody' }
      const [first] = others
      if (podsOfLab(cluster).length === 0) return waiting('There are no Pods at all.', seen)
      if (!first) return ok(seen)
      return failed(
        `${labelsText(cluster, nameOf(first))}. To take it off: \`kubectl label pod ${nameOf(first)} ${key}-\`.`,
        seen,
      )
    },
  }
}

/** No Pod where labs play lacks this label. */
export function everyPodHas(key: string): Check {
  return {
    id: `every-pod-has-${key}`,
    aim: `Every Pod has a label \`${key}\`: \`!${key}\` selects nobody`,
    judge(cluster) {
      const pods = podsOfLab(cluster)
      const without = pods.filter((pod) => pod.metadata?.labels?.[key] === undefined).map(nameOf)
      const seen = { saw: `${without.length} of ${pods.length} Pods without ${key}`, wanted: 'none without' }
      if (pods.length > 0 && without.length === 0) return ok(seen)
      if (pods.length === 0) return waiting('There are no Pods at all.', seen)
      return waiting(`Pod ${listed(without)} has no label \`${key}\` yet.`, {
        ...seen,
        credit: 1 - without.length / pods.length,
      })
    },
  }
}

export const podsOfLab = (cluster: ClusterView): Pod[] =>
  cluster.pods.filter(({ metadata }) => metadata?.namespace === LAB_NAMESPACE && !metadata.deletionTimestamp)

const nameOf = (pod: Pod) => pod.metadata?.name ?? ''

function labelsText(cluster: ClusterView, name: string): string {
  const labels = podsOfLab(cluster).find((pod) => nameOf(pod) === name)?.metadata?.labels ?? {}
  return `\`${name}\` has \`${selectorText(labels) || 'no labels'}\``
}
