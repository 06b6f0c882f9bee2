// Tokens with which a machine joins: Secrets of kube-system, good for asking for a certificate and little else.
// Upstream: kubernetes/plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go, cluster-bootstrap/token/util.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { TokenAuthenticator } from './authenticator.ts'

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const TYPE = 'bootstrap.kubernetes.io/token'
const GROUP = 'system:bootstrappers'
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

export function bootstrapTokenAuthenticator({
  clock,
  secretOf,
}: {
  clock: Clock
  /** A Secret of kube-system by name. */
  secretOf(name: string): Secret | undefined
}): TokenAuthenticator {
  return {
    name: 'bootstrap-token',
    async authenticate(token) {
      const [, id, secret] = TOKEN.exec(token) ?? []
      if (!id || !secret) return undefined
      const found = secretOf(`bootstrap-token-${id}`)
      if (!found || found.metadata?.deletionTimestamp) throw new Error(`there is no bootstrap token ${id}`)
      if (found.type !== TYPE) throw new Error(`secret bootstrap-token-${id} is not of type ${TYPE}`)
      const data = (key: string) => Buffer.from(found.data?.[key] ?? '', 'base64').toString('utf8')
      if (!isSame(data('token-secret'), secret)) throw new Error(`wrong secret for bootstrap token ${id}`)
      if (data('token-id') !== id) throw new Error(`secret bootstrap-token-${id} names another token id`)
      assertInDate(id, data('expiration'), clock.now())
      if (data('usage-bootstrap-authentication') !== 'true') {
        throw new Error(`bootstrap token ${id} is not for authentication`)
      }
      return {
        user: { name: `system:bootstrap:${id}`, groups: [GROUP, ...extraGroups(id, data('auth-extra-groups'))] },
      }
    },
  }
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function assertInDate(id: string, expiration: string, now: number): void {
  if (!expiration) return
  const end = Date.parse(expiration)
  if (Number.isNaN(end)) throw new Error(`the expiration of bootstrap token ${id} is no time: ${expiration}`)
  if (now > end) throw new Error(`bootstrap token ${id} has expired at ${expiration}`)
}

function extraGroups(id: string, listed: string): string[] {
  const groups = [...new Set(listed.split(',').filter((group) => group !== ''))].sort()
  const wrong = groups.find((group) => !EXTRA_GROUP.test(group))
  if (wrong !== undefined) throw new Error(`bootstrap token ${id}: bootstrap group "${wrong}" is invalid`)
  return groups
}
