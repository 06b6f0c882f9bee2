import { afterEach, beforeEach, expect, it } from 'vitest'
import { serviceAccountKeys } from '../../apiserver/testing/test-pki.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { legacyTokenSigner } from '../../cluster/legacy-token.ts'
import { Secret, ServiceAccount } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

const namespace = 'default'
const NAME = 'kubernetes.io/service-account.name'
let loops: TestLoops
beforeEach(async () => {
  const keys = serviceAccountKeys()
  const serviceAccounts = { ...keys, issuer: 'https://kubernetes.default.svc.cluster.local' }
  loops = await startTestLoops({
    startTestServer: (told) => startTestServer({ ...told, options: { serviceAccounts } }),
    runScheduler,
  })
  await loops.run(['serviceaccount-token'], { signLegacyToken: legacyTokenSigner(keys.privateKeyPem) })
  await loops.client.of(ServiceAccount).create({ metadata: { namespace, name: 'robot' } })
})
afterEach(() => loops[Symbol.asyncDispose]())

const secrets = () => loops.client.of(Secret)
const ask = (name: string, account: string) =>
  secrets().create({
    metadata: { namespace, name, annotations: { [NAME]: account } },
    type: 'kubernetes.io/service-account-token',
  })
const tokenIn = async (name: string) =>
  Buffer.from((await secrets().get({ namespace, name })).data?.token ?? '', 'base64').toString()
const gone = (name: string) => () =>
  secrets()
    .get({ namespace, name })
    .then(
      () => false,
      () => true,
    )

async function whoseIs(token: string) {
  const review = (await loops.client.transport.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: { spec: { token } },
  })) as { status: { authenticated?: boolean; user: { username?: string; groups?: string[] }; error?: string } }
  return review.status
}

it('fills a Secret that asks for a token, which is good as long as the Secret is there', async () => {
  await ask('robot-token', 'robot')
  await loops.until('it is filled', () => tokenIn('robot-token'))
  const { data, metadata } = await secrets().get({ namespace, name: 'robot-token' })
  expect(Buffer.from(data?.namespace ?? '', 'base64').toString()).toBe(namespace)
  expect(Buffer.from(data?.['ca.crt'] ?? '', 'base64').toString()).toBe('PEM')
  expect(metadata?.annotations?.['kubernetes.io/service-account.uid']).toMatch(/^[0-9a-f-]{36}$/)
  const token = await tokenIn('robot-token')
  expect(await whoseIs(token)).toMatchObject({
    authenticated: true,
    user: {
      username: 'system:serviceaccount:default:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    },
  })
  await secrets().delete({ namespace, name: 'robot-token' })
  expect((await whoseIs(token)).error).toContain('Secret has been deleted')
})

it('believes no token that is not the one in its Secret any more', async () => {
  await ask('robot-token', 'robot')
  await loops.until('it is filled', () => tokenIn('robot-token'))
  const token = await tokenIn('robot-token')
  await secrets().patch({ namespace, name: 'robot-token' }, 'application/merge-patch+json', { data: { token: 'YQ==' } })
  expect((await whoseIs(token)).error).toContain('not the one in its Secret')
})

it('tells on a Secret when its token was last used, and believes none that is marked', async () => {
  await ask('robot-token', 'robot')
  await loops.until('it is filled', () => tokenIn('robot-token'))
  const labels = async () => (await secrets().get({ namespace, name: 'robot-token' })).metadata?.labels
  expect(await labels(), 'nobody has used it').toBeUndefined()
  const token = await tokenIn('robot-token')
  expect((await whoseIs(token)).authenticated).toBe(true)
  await loops.until('it is noted', labels)
  const today = new Date(loops.clock.now()).toISOString().slice(0, 10)
  expect(await labels()).toEqual({ 'kubernetes.io/legacy-token-last-used': today })
  const marked = { metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': today } } }
  await secrets().patch({ namespace, name: 'robot-token' }, 'application/merge-patch+json', marked)
  expect((await whoseIs(token)).error).toContain(
    'the token in secret default/robot-token for service account default/robot has been marked invalid.',
  )
})

it('takes a Secret away with its account, and one of an account that is not there', async () => {
  await ask('robot-token', 'robot')
  await ask('nobody-token', 'nobody')
  await secrets().create({ metadata: { namespace, name: 'plain' } })
  await loops.until('the second is gone', gone('nobody-token'))
  await loops.until('the first is filled', () => tokenIn('robot-token'))
  await loops.client.of(ServiceAccount).delete({ namespace, name: 'robot' })
  await loops.until('the first is gone', gone('robot-token'))
  await secrets().get({ namespace, name: 'plain' })
})

it('takes a Secret that is gone off the account that names it', async () => {
  await ask('robot-token', 'robot')
  await loops.until('it is filled', () => tokenIn('robot-token'))
  const robot = { namespace, name: 'robot' }
  const named = { secrets: [{ name: 'robot-token' }, { name: 'other' }] }
  await loops.client.of(ServiceAccount).patch(robot, 'application/merge-patch+json', named)
  await secrets().delete({ namespace, name: 'robot-token' })
  await loops.until('it is not named', async () => {
    const { secrets: left } = await loops.client.of(ServiceAccount).get(robot)
    return left?.length === 1 && left[0]?.name === 'other'
  })
})
