// From the claims of a token whose signature is right to a user. Errors are for the log.
// Upstream: apiserver/plugin/pkg/authenticator/token/oidc/oidc.go.

import type { JsonValue } from '../../../apimachinery/json.ts'
import type { CelProgram } from '../../../cel/cel.ts'
import type { UserInfo } from '../../request-path/request-context.ts'
import type { ClaimSource, JwtIssuer } from './configuration.ts'

export type Claims = Readonly<Record<string, JsonValue | undefined>>

/** Of one expression, as upstream's. */
const BUDGET = 1_000_000

export function userOfClaims(issuer: JwtIssuer, claims: Claims): UserInfo {
  assertRules(issuer, claims)
  const name = usernameOf(issuer.username, claims)
  if (!name) throw new Error('oidc: username is required')
  const uid = uidOf(issuer.uid, claims)
  const groups = groupsOf(issuer.groups, claims)
  const extra = extraOf(issuer, claims)
  for (const { program, expression, message } of issuer.userRules) {
    const user = { username: name, uid, groups, extra }
    if (evaluate(program, { user }) !== true) {
      throw new Error(
        `oidc: error evaluating user info validation rule: ${message || `expression '${expression}' resulted in false`}`,
      )
    }
  }
  return {
    name,
    ...(uid ? { uid } : {}),
    groups,
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
}

function assertRules({ rules }: JwtIssuer, claims: Claims): void {
  for (const rule of rules) {
    if (rule.type === 'claim') {
      const value = claims[rule.claim]
      if (value === undefined) throw new Error(`oidc: required claim ${rule.claim} not present in ID token`)
      if (typeof value !== 'string') throw new Error(`oidc: parse claim ${rule.claim}: not a string`)
      if (value !== rule.requiredValue) {
        throw new Error(
          `oidc: required claim ${rule.claim} value does not match. Got = ${value}, want = ${rule.requiredValue}`,
        )
      }
    } else if (evaluate(rule.program, { claims: claims as JsonValue }) !== true) {
      const why = rule.message || `expression '${rule.expression}' resulted in false`
      throw new Error(`oidc: error evaluating claim validation expression: ${why}`)
    }
  }
}

function usernameOf(source: ClaimSource, claims: Claims): string {
  if (source.type === 'expression') return textOf(source, claims, 'username')
  const value = claims[source.claim]
  if (typeof value !== 'string') throw new Error(`oidc: parse username claims "${source.claim}": no such string claim`)
  // A claim that says it is unverified is worth nothing; one that says nothing is the issuer's own business.
  if (source.claim === 'email' && 'email_verified' in claims && claims.email_verified !== true) {
    throw new Error('oidc: email not verified')
  }
  return value && `${source.prefix}${value}`
}

function uidOf(source: ClaimSource | undefined, claims: Claims): string {
  if (!source) return ''
  if (source.type === 'expression') return textOf(source, claims, 'uid')
  const value = claims[source.claim]
  if (typeof value !== 'string') throw new Error(`oidc: parse uid claim "${source.claim}": no such string claim`)
  return value
}

function groupsOf(source: ClaimSource | undefined, claims: Claims): string[] {
  if (!source) return []
  if (source.type === 'expression') return listOf(source.program, claims, 'groups')
  const value = claims[source.claim]
  if (value === undefined) return []
  const groups = typeof value === 'string' ? [value] : value
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string')) {
    throw new Error(`oidc: parse groups claim "${source.claim}": neither a string nor a list of strings`)
  }
  return groups.map((group) => `${source.prefix}${group}`)
}

function extraOf({ extra }: JwtIssuer, claims: Claims): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  for (const { key, program } of extra) {
    const values = listOf(program, claims, `extra ${key}`)
    if (values.length > 0) found[key] = values
  }
  return found
}

function textOf({ program }: ClaimSource & { type: 'expression' }, claims: Claims, what: string): string {
  const value = evaluate(program, { claims: claims as JsonValue })
  if (typeof value !== 'string')
    throw new Error(`oidc: error evaluating ${what} claim expression: must return a string`)
  return value
}

/** A text, a list of texts, or nothing. Empty ones do not count. */
function listOf(program: CelProgram, claims: Claims, what: string): string[] {
  const value = evaluate(program, { claims: claims as JsonValue })
  const values = value === null ? [] : Array.isArray(value) ? value : [value]
  if (!values.every((one) => typeof one === 'string')) {
    throw new Error(`oidc: error evaluating ${what} claim expression: must return a string or a list of strings`)
  }
  return values.filter((one) => one !== '')
}

const evaluate = (program: CelProgram, values: Readonly<Record<string, JsonValue>>): unknown =>
  program.evaluate(values, BUDGET).value
