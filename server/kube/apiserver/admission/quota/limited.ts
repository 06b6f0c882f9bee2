// What nobody may use at all unless a quota of the namespace says how much: the `limitedResources` of a
// ResourceQuotaConfiguration. Upstream: apiserver/pkg/admission/plugin/resourcequota/controller.go limitedByDefault.

import type { ScopedResourceSelectorRequirement, ResourceQuota as WireQuota } from 'kubernetes-types/core/v1'
import { StatusError } from '../../../apimachinery/status-error.ts'
import { difference } from '../../../kinds/quota/amounts.ts'
import { isInScope, matchingScopes, scopesOf } from '../../../kinds/quota/scopes.ts'
import { isConcerned, usageOf } from '../../../kinds/quota/usage.ts'
import { type AdmissionRequest, refusal } from '../admission.ts'

export interface LimitedResource {
  apiGroup: string
  resource: string
  /** Parts of the names of what is used: `requests.storage`, `.storageclass.`. */
  matchContains: readonly string[]
  matchScopes: readonly ScopedResourceSelectorRequirement[]
}

/** Undefined when quotas cover all that is limited. */
export function uncovered(
  limited: readonly LimitedResource[],
  request: AdmissionRequest,
  { quotas, now }: { quotas: readonly WireQuota[]; now: number },
): StatusError | undefined {
  const { kind, object, previous } = request
  if (limited.length === 0 || !object) return undefined
  const usage = usageOf(kind, object, now)
  const added = Object.values(previous ? difference(usage, usageOf(kind, previous, now)) : usage)
  if (added.every(({ nanos }) => nanos === 0n)) return undefined
  const used = Object.keys(usage).filter((name) => (usage[name]?.nanos ?? 0n) > 0n)
  const parts = limited
    .filter(({ apiGroup, resource }) => apiGroup === kind.group && resource === kind.plural)
    .flatMap(({ matchContains }) => matchContains)
  const names = used.filter((name) => parts.some((part) => name.includes(part)))
  const covered = new Set(
    quotas.flatMap(({ spec = {}, status }) => {
      const hard = Object.keys(status?.hard ?? {})
      return isConcerned(kind, hard) && isInScope(spec, kind, object) ? hard : []
    }),
  )
  const free = names.filter((name) => !covered.has(name)).sort()
  if (free.length > 0) return refusal(request, `insufficient quota to consume: ${free.join(',')}`)
  const restricted = quotas.flatMap(({ spec = {} }) => matchingScopes(scopesOf(spec), kind, object))
  const scopes = limited
    .flatMap(({ matchScopes }) => matchingScopes(matchScopes, kind, object))
    .filter(({ scopeName }) => !restricted.some((one) => one.scopeName === scopeName))
  if (scopes.length === 0) return undefined
  const shown = scopes.map(({ scopeName, operator, values = [] }) => `{${scopeName} ${operator} [${values.join(' ')}]}`)
  return StatusError.fromStatus({
    code: 500,
    message: `insufficient quota to match these scopes: [${shown.join(' ')}]`,
  })
}
