// --token-auth-file: tokens that are good until the server is started with another file.

import { createHash } from 'node:crypto'
import type { TokenAuthenticator } from './authenticator.ts'
import type { ListedUser } from './user-file.ts'

/** Looked up by digest, so that how long it takes says nothing of how much of a token was right. */
const digest = (token: string) => createHash('sha256').update(token).digest('base64')

export function tokenFileAuthenticator(listed: readonly ListedUser[]): TokenAuthenticator {
  const users = new Map(listed.map(({ secret, user }) => [digest(secret), user]))
  return {
    name: 'token-auth-file',
    async authenticate(token) {
      const user = users.get(digest(token))
      return user && { user }
    },
  }
}
