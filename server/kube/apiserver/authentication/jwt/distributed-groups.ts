// Groups that are too many for a token: it names a place that tells them, in a token of their own, which is verified as any.
// Only the claim of the groups may come so. Upstream: apiserver/plugin/pkg/authenticator/token/oidc/oidc.go (claimResolver).

import { decodeJwt } from 'jose'
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts'
import type { JwtIssuer } from './configuration.ts'
import { getText } from './get.ts'
import type { Claims } from './user-of-claims.ts'

/** The claims of a token of that issuer; rejects when it is not to be believed. */
type Verify = (token: string, issuer: string) => Promise<Claims>

/** The claims, with the groups where they are told elsewhere. */
export async function withGroupsFromElsewhere(issuer: JwtIssuer, claims: Claims, verify: Verify): Promise<Claims> {
  const claim = issuer.groups?.type === 'claim' ? issuer.groups.claim : undefined
  if (claim === undefined || claim in claims) return claims
  const source = sourceOf(claim, claims)
  const url = source?.endpoint
  if (typeof url !== 'string' || url === '') return claims
  const bearer = typeof source?.access_token === 'string' ? source.access_token : undefined
  const token = (await getText({ url, caPem: issuer.caPem, bearer })).trim()
  const told = await verify(token, decodeJwt(token).iss ?? '').catch((err: Error) => {
    throw new Error(`oidc: verify distributed claim token: ${err.message}`, { cause: err })
  })
  if (!(claim in told)) {
    throw new Error(`oidc: jwt returned by distributed claim endpoint "${url}" did not contain claim: ${claim}`)
  }
  return { ...claims, [claim]: told[claim] }
}

function sourceOf(claim: string, claims: Claims): JsonObject | undefined {
  const { _claim_names: names, _claim_sources: sources } = claims
  if (names === undefined) return undefined
  if (!isJsonObject(names)) throw new Error('oidc: error parsing distributed claim names')
  const name = names[claim]
  if (typeof name !== 'string') return undefined
  if (!isJsonObject(sources)) throw new Error('oidc: no claim sources')
  const source = sources[name]
  if (!isJsonObject(source)) throw new Error(`oidc: no source for distributed claim "${claim}": "${name}"`)
  return source
}
