// Expected sentences are those of upstream's validation_test.go and validation.go, field by field.

import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { readAuthenticationConfiguration } from './read-configuration.ts'

const OWN = 'https://kubernetes.default.svc.cluster.local'

const read = (jwt: unknown, more: object = {}) =>
  readAuthenticationConfiguration(
    stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt, ...more }),
    { file: 'auth.yaml', ownIssuer: OWN },
  )

const issuer = { url: 'https://id.example', audiences: ['kubernetes'] }
const claimMappings = { username: { claim: 'sub', prefix: '' } }

it('reads an issuer with mappings and rules', () => {
  const { jwt } = read([
    {
      issuer: { ...issuer, audiences: ['a', 'b'], audienceMatchPolicy: 'MatchAny' },
      claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }, { expression: 'claims.exp > 0' }],
      claimMappings: {
        username: { expression: '"id:" + claims.sub' },
        groups: { expression: 'claims.roles.split(",")' },
        uid: { claim: 'oid' },
        extra: [{ key: 'acme.io/tenant', valueExpression: 'claims.tenant' }],
      },
      userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }],
    },
  ])
  expect(jwt[0]).toMatchObject({
    url: 'https://id.example',
    audiences: ['a', 'b'],
    rules: [{ type: 'claim', claim: 'hd', requiredValue: 'example.com' }, { type: 'expression' }],
    username: { type: 'expression' },
    uid: { type: 'claim', claim: 'oid' },
    extra: [{ key: 'acme.io/tenant' }],
    userRules: [{ message: 'reserved' }],
  })
})

describe('refuses', () => {
  it.each([
    { issuer: { audiences: ['a'] }, words: 'jwt[0].issuer.url: Required value' },
    {
      issuer: { ...issuer, url: 'http://id' },
      words: 'jwt[0].issuer.url: Invalid value: "http://id": URL scheme must be https',
    },
    { issuer: { ...issuer, url: 'https://a:b@id' }, words: 'URL must not contain a username or password' },
    { issuer: { ...issuer, url: 'https://id?x=1' }, words: 'URL must not contain a query' },
    { issuer: { ...issuer, url: OWN }, words: 'URL must not overlap with disallowed issuers' },
    {
      issuer: { url: issuer.url },
      words: 'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required',
    },
    {
      issuer: { ...issuer, audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny' },
      words: 'jwt[0].issuer.audiences[1]: Duplicate value: "a"',
    },
    {
      issuer: { ...issuer, audiences: ['a', 'b'] },
      words: 'audienceMatchPolicy must be MatchAny for multiple audiences',
    },
    { issuer: { ...issuer, discoveryURL: 'https://id.example/' }, words: 'discoveryURL must be different from URL' },
    {
      issuer: { ...issuer, certificateAuthority: 'no pem' },
      words: 'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>"',
    },
  ])('an issuer: $words', ({ issuer, words }) => {
    expect(() => read([{ issuer, claimMappings }])).toThrow(words)
  })

  it.each([
    { mappings: {}, words: 'jwt[0].claimMappings.username: Required value: claim or expression is required' },
    {
      mappings: { username: { claim: 'a', expression: 'b' } },
      words: 'claimMappings.username: Invalid value: "": claim and expression can\'t both be set',
    },
    {
      mappings: { username: { claim: 'sub' } },
      words: 'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set',
    },
    {
      mappings: { username: { expression: 'claims.sub', prefix: 'x' } },
      words: 'may not be specified when expression is set',
    },
    { mappings: { username: { expression: '1 + 1' } }, words: 'must evaluate to string' },
    { mappings: { username: { expression: 'claims.' } }, words: 'compilation failed' },
    { mappings: { username: { expression: 'nobody.sub' } }, words: "undeclared reference to 'nobody'" },
    { mappings: { username: { expression: 'claims.email' } }, words: 'claims.email_verified must be used in' },
    {
      mappings: { ...claimMappings, extra: [{ key: 'plain', valueExpression: 'claims.a' }] },
      words: 'must be a domain-prefixed path',
    },
    {
      mappings: { ...claimMappings, extra: [{ key: 'k8s.io/a', valueExpression: 'claims.a' }] },
      words: 'reserved for Kubernetes use',
    },
    {
      mappings: { ...claimMappings, extra: [{ key: 'Acme.io/a', valueExpression: 'claims.a' }] },
      words: 'must be lowercase',
    },
    {
      mappings: { ...claimMappings, extra: [{ key: 'acme.io/a' }] },
      words: 'extra[0].valueExpression: Required value',
    },
  ])('a mapping: $words', ({ mappings, words }) => {
    expect(() => read([{ issuer, claimMappings: mappings }])).toThrow(words)
  })

  it.each([
    'claims.email',
    "claims['email']",
    "claims.?email.orValue('')",
    "claims[?'email'].orValue('')",
    'has(claims.email) ? claims.email : claims.sub',
  ])('a name of an address that need not be verified: %s', (expression) => {
    const mappings = { username: { expression } }
    const words = 'claims.email_verified must be used in'
    expect(() => read([{ issuer, claimMappings: mappings }])).toThrow(words)
    for (const verified of [
      'claims.email_verified',
      "claims['email_verified']",
      'claims.?email_verified.orValue(true)',
    ]) {
      const claimValidationRules = [{ expression: verified }]
      expect(() => read([{ issuer, claimMappings: mappings, claimValidationRules }])).not.toThrow()
    }
    const others = [{ expression: "claims.sub != 'claims.email_verified'" }]
    expect(() => read([{ issuer, claimMappings: mappings, claimValidationRules: others }])).toThrow(words)
  })

  it.each([
    { rule: {}, words: 'jwt[0].claimValidationRules[0]: Required value: claim or expression is required' },
    { rule: { claim: 'a', message: 'b' }, words: 'may not be specified when claim is set' },
    { rule: { expression: 'true', requiredValue: 'b' }, words: 'may not be specified when expression is set' },
    { rule: { expression: '"text"' }, words: 'must evaluate to bool' },
  ])('a rule: $words', ({ rule, words }) => {
    expect(() => read([{ issuer, claimMappings, claimValidationRules: [rule] }])).toThrow(words)
  })

  it('an expression about a user that has no such field', () => {
    const userValidationRules = [{ expression: "user.name == 'x'" }]
    expect(() => read([{ issuer, claimMappings, userValidationRules }])).toThrow("undefined field 'name'")
  })

  it('one issuer twice, conditions of what is off, and other kinds', () => {
    expect(() =>
      read([
        { issuer, claimMappings },
        { issuer, claimMappings },
      ]),
    ).toThrow('jwt[1].issuer.url: Duplicate value')
    const anonymous = { enabled: false, conditions: [{ path: '/livez' }] }
    expect(() => read([], { anonymous })).toThrow('enabled should be set to true when conditions are defined')
    expect(() => read([], { kind: 'Pod' })).toThrow('no kind "Pod" is registered')
  })
})
