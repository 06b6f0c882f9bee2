// Tokens of service accounts that are worth nothing, and why; whoever shows one is told 401 and nothing else.

import { importPKCS8, SignJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { serviceAccountKeys } from '../testing/test-pki.ts'
import { ServiceAccountTokens, type TokenSubject } from './service-account-tokens.ts'

const issuer = 'https://kubernetes.default.svc'
const keys = serviceAccountKeys()
const robot = { namespace: 'shop', name: 'robot', uid: 'r-1' }
const bound = { ...robot, pod: { name: 'web', uid: 'p-1' } }
const named = (name: string, uid: string, more: object = {}): KubeObject => ({ metadata: { name, uid, ...more } })

let clock: FakeClock
let there: Map<string, KubeObject>
let tokens: ServiceAccountTokens
let shown = ''

beforeEach(async () => {
  clock = new FakeClock()
  there = new Map([
    ['serviceaccounts/robot', named('robot', 'r-1')],
    ['pods/web', named('web', 'p-1')],
    ['nodes/node-1', named('node-1', 'n-1')],
  ])
  const find = (resource: string, _namespace: string, name: string) => there.get(`${resource}/${name}`)
  tokens = await ServiceAccountTokens.open({ ...keys, issuer, clock, find, onLegacyUse: () => undefined })
})

const issue = async (subject: TokenSubject = bound) =>
  (await tokens.issue(subject, { audiences: [issuer], seconds: 3600 })).token

/** As anybody could write it who has the key, or another key. */
async function forged(claims: object, { privateKeyPem } = keys): Promise<string> {
  const key = await importPKCS8(privateKeyPem, 'ES256')
  const now = clock.now() / 1000
  const usual = { iss: issuer, aud: [issuer], nbf: now, exp: now + 60 }
  const whose = {
    sub: 'system:serviceaccount:shop:robot',
    'kubernetes.io': { namespace: 'shop', serviceaccount: robot },
  }
  return new SignJWT({ ...usual, ...whose, ...claims }).setProtectedHeader({ alg: 'ES256' }).sign(key)
}

describe('a token of a service account', () => {
  it('stands for its account, and says which pod it is of', async () => {
    expect(await tokens.authenticate(await issue(), [issuer])).toMatchObject({
      audiences: [issuer],
      user: {
        name: 'system:serviceaccount:shop:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop'],
        extra: { 'authentication.kubernetes.io/pod-name': ['web'] },
      },
    })
  })

  it('of a pod outlives its node', async () => {
    const token = await issue({ ...bound, node: { name: 'gone', uid: 'n-0' } })
    expect(await tokens.authenticate(token, [issuer])).toMatchObject({
      user: { extra: { 'authentication.kubernetes.io/node-name': ['gone'] } },
    })
  })

  it.each<[string, () => Promise<string>, () => unknown, RegExp | undefined]>([
    ['has run out', issue, () => clock.advance(3600_000), /"exp" claim/],
    [
      'has run out, though it was good a moment ago',
      issue,
      async () => {
        await tokens.authenticate(shown, [issuer])
        await clock.advance(3600_000)
      },
      /has expired/,
    ],
    ['is for later', () => forged({ nbf: clock.now() / 1000 + 600 }), () => undefined, /nbf|not valid yet/],
    ['is for somebody else', () => forged({ aud: ['vault'] }), () => undefined, /is invalid for the target audiences/],
    ['is cut short', async () => (await issue()).slice(0, -9), () => undefined, /signature/],
    [
      'was changed',
      async () => (await issue()).replace(/\.(.)/, (_, one) => `.${one === 'e' ? 'f' : 'e'}`),
      () => undefined,
      undefined,
    ],
    ['another key has signed', () => forged({}, serviceAccountKeys()), () => undefined, /signature/],
    [
      'is of a node that is gone',
      () => issue({ ...robot, node: { name: 'node-1', uid: 'n-1' } }),
      () => there.delete('nodes/node-1'),
      /nodes node-1 does not exist/,
    ],
    [
      'is of an earlier node of that name',
      () => issue({ ...robot, node: { name: 'node-1', uid: 'n-1' } }),
      () => there.set('nodes/node-1', named('node-1', 'n-2')),
      /is another one/,
    ],
    ['is of a pod that is gone', issue, () => there.delete('pods/web'), /pods shop\/web does not exist/],
    ['is of an earlier pod of that name', issue, () => there.set('pods/web', named('web', 'p-2')), /is another one/],
    ['is of an account that is gone', issue, () => there.delete('serviceaccounts/robot'), /robot does not exist/],
    [
      'is of an earlier account',
      issue,
      () => there.set('serviceaccounts/robot', named('robot', 'r-2')),
      /is another one/,
    ],
    [
      'is of a pod that should be gone',
      issue,
      () =>
        there.set('pods/web', named('web', 'p-1', { deletionTimestamp: new Date(clock.now() - 61_000).toISOString() })),
      /has been deleted/,
    ],
  ])('is worth nothing when it %s', async (_what, make, then, why) => {
    const token = await make()
    shown = token
    await then()
    const told = await tokens.authenticate(token, [issuer]).then(
      (holder) => holder,
      (err: Error) => err.message,
    )
    if (why) expect(told).toMatch(why)
    // Not one of ours: others may know it.
    else expect(told).toBeUndefined()
  })
})
