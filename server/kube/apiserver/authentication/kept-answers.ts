// What a token was found to be holds for a moment, so that not every request asks again.
// Upstream: apiserver/pkg/authentication/token/cache/cached_token_authenticator.go.

import { createHash } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import type { TokenAuthenticator, TokenHolder } from './authenticator.ts'

const KEPT = 1000

/** Only what was accepted is kept. Requests that ask at the same time share one question. */
export function keepAnswers(inner: TokenAuthenticator, ttlMs: number, clock: Clock): TokenAuthenticator {
  const answers = new Map<string, { until: number; holder: Promise<TokenHolder | undefined> }>()
  return {
    name: inner.name,
    authenticate(token, audiences) {
      const key = createHash('sha256')
        .update(`${audiences.join('\0')}\0\0${token}`)
        .digest('base64')
      const kept = answers.get(key)
      if (kept && clock.monotonic() < kept.until) return kept.holder
      const holder = inner.authenticate(token, audiences)
      answers.delete(key)
      answers.set(key, { until: clock.monotonic() + ttlMs, holder })
      const forget = () => void (answers.get(key)?.holder === holder && answers.delete(key))
      holder.then((found) => found ?? forget(), forget)
      const [oldest] = answers.keys()
      if (answers.size > KEPT && oldest !== undefined) answers.delete(oldest)
      return holder
    },
  }
}
