// Who may do what. Authorizers are asked in turn; the first with an opinion decides, and no opinion at all is a no.
// Upstream: apiserver/pkg/authorization/{authorizer,union}.

import type { UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'

export interface Verdict {
  decision: 'allow' | 'deny' | 'no opinion'
  /** Few words, shown with the request: `Node: own pod`. */
  reason: string
}

export interface Authorizer {
  readonly name: string
  authorize(user: UserInfo, info: RequestInfo): Verdict
}

export const NO_OPINION: Verdict = { decision: 'no opinion', reason: '' }
export const allow = (reason: string): Verdict => ({ decision: 'allow', reason })

export function authorizeBy(chain: readonly Authorizer[], user: UserInfo, info: RequestInfo): Verdict {
  for (const authorizer of chain) {
    const verdict = authorizer.authorize(user, info)
    if (verdict.decision !== 'no opinion') return { ...verdict, reason: `${authorizer.name}: ${verdict.reason}` }
  }
  return NO_OPINION
}

/** The sentence of a 403, word for word. Upstream: endpoints/handlers/responsewriters/errors.go. */
export function forbiddenMessage(user: UserInfo, info: RequestInfo): string {
  const who = `User "${user.name}" cannot`
  if (!info.isResource) return `${who} ${info.verb} path "${info.path}"`
  const resource = info.subresource ? `${info.resource}/${info.subresource}` : info.resource
  const where = info.namespace ? ` in the namespace "${info.namespace}"` : ' at the cluster scope'
  return `${who} ${info.verb} resource "${resource}" in API group "${info.group}"${where}`
}
