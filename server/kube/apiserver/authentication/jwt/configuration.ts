// What an AuthenticationConfiguration says, once it is read: which issuers of tokens are trusted, and how their claims
// become a user. Upstream: apiserver/pkg/apis/apiserver/v1/types.go.

import type { CelProgram } from '../../../cel/cel.ts'

export interface AuthenticationConfiguration {
  jwt: JwtIssuer[]
  anonymous?: { enabled: boolean; conditions?: { path: string }[] }
}

export interface JwtIssuer {
  url: string
  discoveryUrl?: string | undefined
  caPem?: string | undefined
  audiences: string[]
  /** JOSE names; what upstream accepts when nobody says. */
  algorithms: readonly string[]
  rules: ClaimRule[]
  username: ClaimSource
  groups?: ClaimSource | undefined
  uid?: ClaimSource | undefined
  extra: { key: string; expression: string; program: CelProgram }[]
  userRules: { expression: string; program: CelProgram; message: string }[]
}

export type ClaimRule =
  | { type: 'claim'; claim: string; requiredValue: string }
  | { type: 'expression'; expression: string; program: CelProgram; message: string }

export type ClaimSource =
  | { type: 'claim'; claim: string; prefix: string }
  | { type: 'expression'; expression: string; program: CelProgram }

export const SIGNING_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512']
