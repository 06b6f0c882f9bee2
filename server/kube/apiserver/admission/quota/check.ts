// Does a request fit into a quota, and how much of it is used then?
// Upstream: apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest.

import type { Pod as WirePod, ResourceQuota as WireQuota } from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { type Amounts, amountsOf, asTexts, difference, only, shown, sum } from '../../../kinds/quota/amounts.ts'
import { isInScope } from '../../../kinds/quota/scopes.ts'
import { containerUsage, isConcerned, usageOf } from '../../../kinds/quota/usage.ts'
import type { AdmissionRequest } from '../admission.ts'

export type Judgement =
  /** It is not about this, or changes nothing. */
  { outcome: 'irrelevant' } | { outcome: 'refused'; why: string } | { outcome: 'fits'; used: Record<string, string> }

export function judgeByQuota(request: AdmissionRequest, quota: WireQuota, now: number): Judgement {
  const { kind, object, previous, operation } = request
  const hard = amountsOf(quota.status?.hard)
  const names = Object.keys(hard)
  if (!object || !isConcerned(kind, names) || !isInScope(quota.spec ?? {}, kind, object)) {
    return { outcome: 'irrelevant' }
  }
  const name = quota.metadata?.name ?? ''
  const missing = operation === 'CREATE' && kind.plural === 'pods' ? missingIn(object as WirePod, names) : undefined
  if (missing) return { outcome: 'refused', why: `failed quota: ${name}: must specify ${missing}` }
  const asked = only(delta(request, object, previous, now), (resource) => hard[resource] !== undefined)
  const changed = only(asked, (resource) => asked[resource]?.nanos !== 0n)
  if (Object.keys(changed).length === 0) return { outcome: 'irrelevant' }
  const used = amountsOf(quota.status?.used)
  const unknown = Object.keys(changed).filter((resource) => used[resource] === undefined)
  if (unknown.length > 0) {
    return { outcome: 'refused', why: `status unknown for quota: ${name}, resources: ${unknown.sort().join(',')}` }
  }
  const then = sum(used, changed)
  const isTooMuch = (resource: string) =>
    (changed[resource]?.nanos ?? 0n) > 0n && (then[resource]?.nanos ?? 0n) > (hard[resource]?.nanos ?? 0n)
  if (!Object.keys(changed).some(isTooMuch)) return { outcome: 'fits', used: asTexts(then) }
  const [requested, before, limited] = [changed, used, hard].map((amounts) => shown(only(amounts, isTooMuch)))
  return {
    outcome: 'refused',
    why: `exceeded quota: ${name}, requested: ${requested}, used: ${before}, limited: ${limited}`,
  }
}

function delta(request: AdmissionRequest, next: KubeObject, previous: KubeObject | undefined, now: number): Amounts {
  const usage = usageOf(request.kind, next, now)
  return previous ? difference(usage, usageOf(request.kind, previous, now)) : usage
}

/** Where processor time or memory is limited, each container has to say how much it wants. */
const EXPLICIT = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])

function missingIn({ spec }: WirePod, names: readonly string[]): string | undefined {
  const needed = names.filter((name) => EXPLICIT.has(name)).sort()
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  const missing = needed.flatMap((name) => {
    const silent = containers.filter((container) => containerUsage(container)[name] === undefined)
    const who = [...new Set(silent.map((container) => container.name))].sort()
    return who.length > 0 ? [`${name} for: ${who.join(',')}`] : []
  })
  return missing.length > 0 ? missing.join('; ') : undefined
}
