// Passwords follow from one secret and the name, so nobody has to keep a list; and the tokens that Docker asks for by
// them. Upstream: distribution/docs/spec/auth/token.md (a token is opaque to whoever has it).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export const TOKEN_SECONDS = 300

export function passwordOf(secret: string, user: string): string {
  return createHmac('sha256', secret).update(`push as ${user}`).digest('base64url').slice(0, 24)
}

/** Of an `Authorization: Basic …`; undefined when the password is wrong. */
export function userOfBasic(secret: string, encoded: string): string | undefined {
  const [, user = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  return user && isSame(password, passwordOf(secret, user)) ? user : undefined
}

/** Good for as long as this process is there. */
export class Tokens {
  #key = randomBytes(32)

  /** For nobody in particular when `user` is undefined. */
  issue(user: string | undefined, now: number): string {
    const claim = Buffer.from(JSON.stringify({ user, until: now + TOKEN_SECONDS * 1000 })).toString('base64url')
    return `${claim}.${this.#sign(claim)}`
  }

  /** Undefined for one that is not good, or no more. */
  holderOf(token: string, now: number): { user?: string } | undefined {
    const [claim = '', signature = ''] = token.split('.')
    if (!isSame(signature, this.#sign(claim))) return undefined
    const { user, until } = JSON.parse(Buffer.from(claim, 'base64url').toString()) as { user?: string; until: number }
    return now < until ? { ...(user !== undefined && { user }) } : undefined
  }

  #sign(claim: string): string {
    return createHmac('sha256', this.#key).update(claim).digest('base64url')
  }
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
