// A server outside is asked, with a SubjectAccessReview. What it answered holds for a while.
// Upstream: apiserver/plugin/pkg/authorizer/webhook/webhook.go.

import type { SubjectAccessReview, SubjectAccessReviewSpec } from 'kubernetes-types/authorization/v1'
import type { Clock } from '../../../base/clock.ts'
import type { JsonValue } from '../../apimachinery/json.ts'
import { CelError, type CelProgram } from '../../cel/cel.ts'
import { httpsTransport } from '../../client/https-transport.ts'
import type { ClientConfig } from '../../client/kubeconfig.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { type Attributes, type Authorizer, NO_OPINION, noOpinion, type Verdict } from './authorizer.ts'

export interface WebhookAuthorizerOptions {
  /** Tells several webhooks apart. */
  name: string
  config: ClientConfig
  version: 'v1' | 'v1beta1'
  timeoutMs: number
  authorizedTtlMs: number
  unauthorizedTtlMs: number
  /** When it cannot be asked. */
  failurePolicy: 'NoOpinion' | 'Deny'
  /** It is asked only about requests for which all of these are true. */
  matchConditions: readonly { expression: string; program: CelProgram }[]
}

const KEPT = 1000
const MOST_BYTES = 10_000
/** Of one condition, as upstream's. */
const BUDGET = 1_000_000

export function webhookAuthorizer(options: WebhookAuthorizerOptions, clock: Clock): Authorizer {
  const { name, config, version, timeoutMs, failurePolicy } = options
  const transport = httpsTransport({ ...config, userAgent: 'kube-apiserver', timeoutMs })
  const kept = new Map<string, { until: number; verdict: Verdict }>()

  async function ask(spec: SubjectAccessReviewSpec): Promise<Verdict> {
    const body = {
      kind: 'SubjectAccessReview',
      apiVersion: `authorization.k8s.io/${version}`,
      spec: written(spec, version),
    }
    const review = (await transport.request({ method: 'POST', path: '', body })) as SubjectAccessReview
    const { allowed, denied, reason = '' } = review.status ?? { allowed: false }
    if (denied) return { decision: 'deny', reason }
    return { decision: allowed ? 'allow' : 'no opinion', reason }
  }

  return {
    name,
    async authorize(user, attributes) {
      const spec = specOf(user, attributes)
      const failed = (err: unknown): Verdict =>
        failurePolicy === 'Deny'
          ? { decision: 'deny', reason: `webhook ${name}: ${(err as Error).message}` }
          : noOpinion(`webhook ${name}: ${(err as Error).message}`)
      try {
        if (!isMatched(options.matchConditions, spec)) return NO_OPINION
        const key = JSON.stringify(spec)
        const known = kept.get(key)
        if (known && clock.monotonic() < known.until) return known.verdict
        const verdict = await ask(spec)
        const ttlMs = verdict.decision === 'allow' ? options.authorizedTtlMs : options.unauthorizedTtlMs
        kept.delete(key)
        // Who asks chooses how long the question is; what is long is not kept.
        if (key.length < MOST_BYTES) kept.set(key, { until: clock.monotonic() + ttlMs, verdict })
        const [oldest] = kept.keys()
        if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
        return verdict
      } catch (err) {
        return failed(err)
      }
    },
    rulesFor: () => ({
      rules: [],
      incomplete: true,
      problem: 'webhook authorizer does not support user rule resolution',
    }),
  }
}

/** A condition that is false says so, also when another cannot be told. */
function isMatched(conditions: WebhookAuthorizerOptions['matchConditions'], spec: SubjectAccessReviewSpec): boolean {
  let problem: CelError | undefined
  for (const { program } of conditions) {
    try {
      if (program.evaluate({ request: spec as unknown as JsonValue }, BUDGET).value !== true) return false
    } catch (err) {
      if (!(err instanceof CelError)) throw err
      problem ??= err
    }
  }
  if (problem) throw problem
  return true
}

function specOf({ name, uid, groups, extra }: UserInfo, attributes: Attributes): SubjectAccessReviewSpec {
  const { isResource, verb, path, namespace, group, version = '*', resource, subresource, name: object } = attributes
  const who = { user: name, groups: [...groups], ...(uid ? { uid } : {}), ...(extra ? { extra: asLists(extra) } : {}) }
  if (!isResource) return { ...who, nonResourceAttributes: { path, verb } }
  const told = { namespace, verb, group, version, resource, subresource, name: object }
  return { ...who, resourceAttributes: Object.fromEntries(Object.entries(told).filter(([, value]) => value !== '')) }
}

const asLists = (extra: NonNullable<UserInfo['extra']>) =>
  Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))

/** In v1beta1 the groups stand under another name. */
function written({ groups, ...spec }: SubjectAccessReviewSpec, version: 'v1' | 'v1beta1') {
  return version === 'v1' ? { ...spec, groups } : { ...spec, group: groups }
}
