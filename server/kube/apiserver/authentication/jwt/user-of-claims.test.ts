import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { readAuthenticationConfiguration } from './read-configuration.ts'
import { type Claims, userOfClaims } from './user-of-claims.ts'

function userOf(told: object, claims: Claims) {
  const jwt = [{ issuer: { url: 'https://id.example', audiences: ['a'] }, ...told }]
  const source = stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt })
  const { jwt: issuers } = readAuthenticationConfiguration(source, { file: 'auth.yaml', ownIssuer: 'https://own' })
  return userOfClaims(issuers[0]!, claims)
}

const bySub = { username: { claim: 'sub', prefix: 'id:' } }

describe('claims by name', () => {
  it('make name, groups and uid, with prefixes', () => {
    const claimMappings = { ...bySub, groups: { claim: 'roles', prefix: 'id:' }, uid: { claim: 'oid' } }
    const user = userOf({ claimMappings }, { sub: 'ada', roles: ['dev', 'ops'], oid: '7' })
    expect(user).toEqual({ name: 'id:ada', uid: '7', groups: ['id:dev', 'id:ops'] })
    expect(userOf({ claimMappings }, { sub: 'ada', roles: 'dev', oid: '7' }).groups).toEqual(['id:dev'])
    expect(userOf({ claimMappings }, { sub: 'ada', oid: '7' }).groups, 'nobody has to have groups').toEqual([])
  })

  it('must be of the right kind', () => {
    expect(() => userOf({ claimMappings: bySub }, {})).toThrow('oidc: parse username claims "sub"')
    expect(() => userOf({ claimMappings: bySub }, { sub: '' })).toThrow('oidc: username is required')
    const groups = { claim: 'roles', prefix: '' }
    expect(() => userOf({ claimMappings: { ...bySub, groups } }, { sub: 'a', roles: [1] })).toThrow(
      'parse groups claim',
    )
  })

  it('believe an address only when it is verified or nothing is said of that', () => {
    const claimMappings = { username: { claim: 'email', prefix: '' } }
    expect(userOf({ claimMappings }, { email: 'a@b.c' }).name).toBe('a@b.c')
    expect(userOf({ claimMappings }, { email: 'a@b.c', email_verified: true }).name).toBe('a@b.c')
    expect(() => userOf({ claimMappings }, { email: 'a@b.c', email_verified: false })).toThrow(
      'oidc: email not verified',
    )
    expect(() => userOf({ claimMappings }, { email: 'a@b.c', email_verified: 'true' })).toThrow(
      'oidc: email not verified',
    )
  })
})

describe('expressions', () => {
  it('make every part of a user', () => {
    const claimMappings = {
      username: { expression: 'claims.sub + "@" + claims.tenant' },
      groups: { expression: 'claims.roles.split(",")' },
      uid: { expression: 'string(claims.number)' },
      extra: [
        { key: 'acme.io/tenant', valueExpression: 'claims.tenant' },
        { key: 'acme.io/none', valueExpression: '""' },
      ],
    }
    const claims = { sub: 'ada', tenant: 'north', roles: 'dev,ops', number: 7 }
    expect(userOf({ claimMappings }, claims)).toEqual({
      name: 'ada@north',
      uid: '7',
      groups: ['dev', 'ops'],
      extra: { 'acme.io/tenant': ['north'] },
    })
  })

  it('fail when a claim is missing, and the token with them', () => {
    const claimMappings = { username: { expression: 'claims.nick' } }
    expect(() => userOf({ claimMappings }, { sub: 'ada' })).toThrow('no such key: nick')
  })
})

describe('rules', () => {
  it('about claims hold before anything is made of them', () => {
    const claimValidationRules = [{ claim: 'hd', requiredValue: 'example.com' }]
    const told = { claimMappings: bySub, claimValidationRules }
    expect(userOf(told, { sub: 'ada', hd: 'example.com' }).name).toBe('id:ada')
    expect(() => userOf(told, { sub: 'ada' })).toThrow('oidc: required claim hd not present in ID token')
    expect(() => userOf(told, { sub: 'ada', hd: 'evil.com' })).toThrow('Got = evil.com, want = example.com')
  })

  it('say their message', () => {
    const rule = { expression: 'claims.exp - claims.iat <= 3600', message: 'a token may live an hour' }
    const told = { claimMappings: bySub, claimValidationRules: [rule] }
    expect(userOf(told, { sub: 'a', iat: 0, exp: 3600 }).name).toBe('id:a')
    expect(() => userOf(told, { sub: 'a', iat: 0, exp: 3601 })).toThrow('a token may live an hour')
  })

  it('about the user see what was made', () => {
    const userValidationRules = [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }]
    const told = { claimMappings: { username: { claim: 'sub', prefix: '' } }, userValidationRules }
    expect(userOf(told, { sub: 'ada' }).name).toBe('ada')
    expect(() => userOf(told, { sub: 'system:admin' })).toThrow('reserved')
  })
})
