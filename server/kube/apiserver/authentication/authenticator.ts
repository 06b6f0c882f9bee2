// What a way to prove who one is looks like. Each knows one kind of proof and is content with others not being its own.
// Upstream: apiserver/pkg/authentication/authenticator/interfaces.go.

import type { UserInfo } from '../request-path/request-context.ts'

export interface TokenAuthenticator {
  /** As the trace and the audit log call it. */
  readonly name: string
  /**
   * Undefined: not a token of mine. Throws when it is one and wrong; the message is for the log, never for the sender.
   * `audiences`: what the token must be good for one of.
   */
  authenticate(token: string, audiences: readonly string[]): Promise<TokenHolder | undefined>
}

export interface TokenHolder {
  user: UserInfo
  /** For which of the asked audiences it is good; undefined when such tokens have none. */
  audiences?: readonly string[]
  /** Said to whoever uses it. */
  warning?: string
}
