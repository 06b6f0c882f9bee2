// Checks about several writers of one object: nobody's edit is lost, and each field says whose it is.

import type { ManagedFieldsEntry, ObjectMeta } from 'kubernetes-types/meta/v1'
import { type Check, failed, listed, ok, waiting } from '../check.ts'
import { type ClusterView, named } from '../cluster-view.ts'
import { configMapSays } from './config-map-checks.ts'

/** Every key says what its last writer wrote; `lost` are values that can only come from somebody's old copy. */
export function bothEditsSurvive(name: string, data: Record<string, string>, lost: Record<string, string>): Check {
  const says = configMapSays(name, data)
  return {
    ...says,
    id: `${name}-both`,
    judge(cluster) {
      const verdict = says.judge(cluster)
      const has = named(cluster.configMaps, name)?.data ?? {}
      const mine = Object.entries(data).filter(([key]) => !(key in lost))
      const isMineIn = mine.some(([key, value]) => has[key] === value)
      const overwritten = Object.keys(lost).filter((key) => has[key] === lost[key])
      if (verdict.state === 'ok' || !isMineIn || overwritten.length === 0) return verdict
      const [key = ''] = overwritten
      return failed(
        `ConfigMap \`${name}\` says \`${key}=${has[key]}\` again: your copy was older than the other writer's change, and has overwritten it. Put \`${key}=${data[key]}\` back.`,
        { saw: verdict.saw, wanted: verdict.wanted, credit: verdict.credit },
      )
    },
  }
}

interface Owned {
  kind: string
  object: (cluster: ClusterView) => { metadata?: ObjectMeta } | undefined
  /** As in managedFields: `.data.soup`. */
  field: string
}

/** Of all who write this object, exactly this manager owns the field, by apply. */
export function fieldOwnedBy(id: string, { kind, object, field }: Owned, manager: string): Check {
  return {
    id,
    aim: `\`${manager}\` owns \`${field}\` of ${kind}, and nobody else does`,
    judge(cluster) {
      const wanted = `${field} applied by ${manager}`
      const found = object(cluster)
      if (!found) return waiting(`There is no ${kind}.`, { saw: 'no such object', wanted })
      const entries = (found.metadata?.managedFields ?? []).filter((entry) => owns(entry, field))
      const saw = entries.map((entry) => `${entry.manager} (${entry.operation})`).join(', ') || 'nobody'
      const others = entries.filter((entry) => entry.manager !== manager).map((entry) => entry.manager ?? '')
      const own = entries.filter((entry) => entry.manager === manager)
      if (own.length === 0) {
        const whose = others.length > 0 ? ` It belongs to ${listed([...new Set(others)])}.` : ''
        return waiting(`\`${manager}\` does not own \`${field}\` of ${kind} yet.${whose}`, { saw, wanted })
      }
      if (own.every(({ operation }) => operation !== 'Apply')) {
        return failed(
          `\`${manager}\` has written \`${field}\` of ${kind} without apply, so nobody is warned before it is overwritten. Use \`kubectl apply --server-side\`.`,
          { saw, wanted, credit: 0.25 },
        )
      }
      if (others.length === 0) return ok({ saw, wanted })
      return failed(
        `\`${field}\` of ${kind} has two owners: \`${manager}\` and ${listed([...new Set(others)])}. Who applies a file without the field gives it up.`,
        { saw, wanted, credit: 0.5 },
      )
    },
  }
}

/** `.data.soup` is `f:data`, and in it `f:soup`. List items go by their key: `.containers[name=nginx].image`. */
function owns({ fieldsV1 }: ManagedFieldsEntry, field: string): boolean {
  let at: unknown = fieldsV1
  for (const part of field.slice(1).split(/\.|(?=\[)/)) {
    const item = /^\[(\w+)=(\w+)\]$/.exec(part)
    const key = item ? `k:${JSON.stringify({ [item[1] as string]: item[2] })}` : `f:${part}`
    if (typeof at !== 'object' || at === null || !(key in at)) return false
    at = (at as Record<string, unknown>)[key]
  }
  return true
}
