// Who may do what. Authorizers are asked in turn; the first with an opinion decides, and no opinion at all is a no.
// Upstream: apiserver/pkg/authorization/{authorizer,union}.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { GrantedRule, Opinion } from '../../../base/trace.ts'
import { forbidden, StatusError } from '../../apimachinery/status-error.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'

/** What is asked: some of what a request says of itself. */
export type Attributes = Pick<
  RequestInfo,
  'isResource' | 'path' | 'verb' | 'group' | 'namespace' | 'resource' | 'subresource' | 'name'
> & { fieldSelector?: string; version?: string }

export interface Verdict {
  decision: 'allow' | 'deny' | 'no opinion'
  /** As upstream words it, for the audit log; empty where upstream says nothing. */
  reason: string
  /** What said so, in our words, where upstream has none; for traces. */
  because?: string
  by?: GrantedRule
}

export interface Authorizer {
  readonly name: string
  authorize(user: UserInfo, attributes: Attributes): Verdict | Promise<Verdict>
  /** What it would let somebody do in a namespace; left out by whoever lets everybody do nothing of their own. */
  rulesFor?(user: UserInfo, namespace: string): KnownRules
}

/** What is told of somebody's rights as a list; `problem` says why that is not all. */
export interface KnownRules {
  rules: readonly PolicyRule[]
  incomplete?: boolean
  problem?: string
}

/** Knows all it needs: nobody has to wait for it. */
export interface ReadyAuthorizer extends Authorizer {
  authorize(user: UserInfo, attributes: Attributes): Verdict
}

export const NO_OPINION: Verdict = Object.freeze({ decision: 'no opinion', reason: '' })
export const ALLOWED: Verdict = Object.freeze({ decision: 'allow', reason: '' })
export const noOpinion = (reason: string): Verdict => ({ decision: 'no opinion', reason })

export interface Ruling extends Verdict {
  asked: Opinion[]
}

export async function authorizeBy(
  chain: readonly Authorizer[],
  user: UserInfo,
  attributes: Attributes,
): Promise<Ruling> {
  const asked: Opinion[] = []
  const reasons: string[] = []
  for (const { name, authorize } of chain) {
    // Nearly all know at once, and are asked for every request.
    const told = authorize(user, attributes)
    const verdict = told instanceof Promise ? await told : told
    const { decision, reason, because } = verdict
    asked.push({ authorizer: name, verdict: decision, reason: reason || (because ?? '') })
    if (decision !== 'no opinion') return { ...verdict, asked }
    if (reason) reasons.push(reason)
  }
  const reason = reasons.join(', ')
  return { decision: 'no opinion', reason, asked }
}

/** Of all of a chain together. */
export function rulesBy(chain: readonly Authorizer[], user: UserInfo, namespace: string): KnownRules {
  const known = chain.flatMap((authorizer) => authorizer.rulesFor?.(user, namespace) ?? [])
  const problems = [...new Set(known.flatMap(({ problem }) => problem ?? []))]
  return {
    rules: known.flatMap(({ rules }) => rules),
    incomplete: known.some(({ incomplete }) => incomplete),
    ...(problems.length > 0 ? { problem: problems.length === 1 ? problems[0] : `[${problems.join(', ')}]` } : {}),
  }
}

/** The sentence of a 403, word for word. Upstream: endpoints/handlers/responsewriters/errors.go. */
export function forbiddenMessage(user: UserInfo, attributes: Attributes): string {
  const { isResource, verb, path, resource, subresource, group, namespace } = attributes
  const who = `User ${JSON.stringify(user.name)} cannot`
  if (!isResource) return `${who} ${verb} path "${path}"`
  const what = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? ` in the namespace "${namespace}"` : ' at the cluster scope'
  return `${who} ${verb} resource "${what}" in API group "${group}"${where}`
}

/** The 403 of who may not: with what an authorizer said, where one said something. */
export function forbiddenError(user: UserInfo, attributes: Attributes, reason: string): StatusError {
  const message = `${forbiddenMessage(user, attributes)}${reason ? `: ${reason}` : ''}`
  if (!attributes.isResource) return new StatusError('Forbidden', `forbidden: ${message}`, { details: {} })
  return forbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, message)
}
