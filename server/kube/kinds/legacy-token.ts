// Tokens that lie in Secrets, good until these are deleted: what their Secrets tell, and days as they tell them.
// Upstream: kubernetes/pkg/serviceaccount/legacy.go, pkg/controlplane/controller/legacytokentracking.

export const TOKEN_SECRET = 'kubernetes.io/service-account-token'
export const ACCOUNT_NAME = 'kubernetes.io/service-account.name'
export const ACCOUNT_UID = 'kubernetes.io/service-account.uid'
export const LAST_USED = 'kubernetes.io/legacy-token-last-used'
export const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since'
/** The ConfigMap that tells since when use is noted. */
export const TRACKING = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' }

export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** When the day begins; `2026-02-30` is none. */
export function startOfDay(told = ''): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(told)) return undefined
  const at = Date.parse(`${told}T00:00:00Z`)
  return Number.isNaN(at) || dayOf(at) !== told ? undefined : at
}
