// How others find out which service accounts' tokens are real: the issuer's document and its public keys.
// Upstream: kubernetes/pkg/serviceaccount/openidmetadata.go, pkg/routes/openidmetadata.go.

import type { DocumentAnswer } from '../request-path/answer.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'

export const DISCOVERY_PATH = '/.well-known/openid-configuration'
export const KEYS_PATH = '/openid/v1/jwks'

/** Undefined for every other path. */
export function issuerAnswer(path: string, tokens: ServiceAccountTokens): DocumentAnswer | undefined {
  if (path === KEYS_PATH) return document('application/jwk-set+json', { keys: [tokens.publicJwk] })
  if (path !== DISCOVERY_PATH) return undefined
  return document('application/json', {
    issuer: tokens.issuer,
    jwks_uri: `${tokens.issuer}${KEYS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [tokens.algorithm],
  })
}

const document = (contentType: string, body: unknown): DocumentAnswer => ({
  type: 'document',
  code: 200,
  contentType,
  body: JSON.stringify(body),
})
