import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { noLogger } from '../base/logger.ts'
import { allow, role, roleBinding } from '../kube/apiserver/authorization/testing/policies.ts'
import { startTestServer, type TestServer } from '../kube/apiserver/testing/test-server.ts'
import type { ClusterHost } from '../kube/cluster/index.ts'
import { stateAt } from '../kube/cluster/past.ts'
import { Pod, Role, RoleBinding, ServiceAccount } from '../kube/kinds/index.ts'
import { AccessFeed, type AccessPush, type AccessQuestion, accessAt } from './access-feed.ts'
import { nextThat } from './testing/next-that.ts'

let clock: FakeClock
let test: TestServer
let feed: AccessFeed
const stop = new AbortController()
beforeEach(async () => {
  clock = new FakeClock()
  test = await startTestServer()
  const connect = () => ({ ...test.transport, [Symbol.dispose]: () => undefined })
  feed = new AccessFeed({ connect, clock, logger: noLogger, random: Math.random })
})
afterEach(async () => {
  feed[Symbol.dispose]()
  await test[Symbol.asyncDispose]()
})

const wish = {
  ...{ verb: 'delete', resource: 'deploy', subresource: '' },
  ...{ namespace: 'default', name: 'web', path: '' },
}
const who = { name: 'system:serviceaccount:default:ci', groups: ['system:serviceaccounts', 'system:authenticated'] }
const ask = (question: AccessQuestion) => feed.watch(question, stop.signal)
const pushThat = (stream: AsyncGenerator<AccessPush>, fits: (push: AccessPush) => boolean) =>
  nextThat(clock, stream, fits)

it('answers again when a role changes: why not, and then by which rule', async () => {
  const verbs = (text: string) => [allow(text, 'deployments', { groups: 'apps' })]
  const roles = test.client.of(Role)
  await roles.create(role('default/deployer', verbs('get list')))
  await test.client.of(RoleBinding).create(roleBinding('default/ci-deploys', 'Role deployer', 'ServiceAccount ci'))
  const stream = ask({ who, wish })
  const first = await pushThat(stream, () => true)
  expect(first.wish).toMatchObject({ group: 'apps', resource: 'deployments' })
  expect(first.verdict).toMatchObject({ allowed: false, isSuperuser: false })
  expect(first.verdict?.nearest[0]).toMatchObject({ role: { name: 'deployer' }, fits: { resource: true, verb: false } })
  expect(first.verdict?.reach.find(({ binding }) => binding.name === 'ci-deploys')?.rules).toEqual(verbs('get list'))
  const held = await roles.get({ namespace: 'default', name: 'deployer' })
  await roles.update({ ...held, rules: verbs('get list delete') })
  const second = await pushThat(stream, ({ verdict }) => verdict?.allowed === true)
  expect(second.verdict?.by).toMatchObject({ binding: { name: 'ci-deploys' }, rule: 0 })
  expect(second.holders.map(({ subject }) => subject)).toContainEqual({
    ...{ kind: 'ServiceAccount', name: 'ci', namespace: 'default' },
  })
})

it('tells of nobody in particular who may do it, and who there is to ask about', async () => {
  await test.client.of(ServiceAccount).create({ metadata: { name: 'idle', namespace: 'default' } })
  const push = await pushThat(ask({ wish }), () => true)
  expect(push).not.toHaveProperty('verdict')
  expect(push.holders.length).toBeGreaterThan(0)
  expect(push.subjects).toContainEqual({ kind: 'ServiceAccount', name: 'idle', namespace: 'default' })
  expect(push.bindingCount).toBeGreaterThan(20)
})

it('has the API server answer too, which asks more than RBAC', async () => {
  const { client } = test
  await client.of(ServiceAccount).create({ metadata: { name: 'default', namespace: 'default' } })
  const volumes = [{ name: 'v', secret: { secretName: 'files' } }]
  const spec = { nodeName: 'node-1', containers: [{ name: 'a', image: 'a:1' }], volumes }
  await client.of(Pod).create({ metadata: { name: 'web', namespace: 'default' }, spec })
  const node = { name: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] }
  const secret = (name: string) => ({ ...wish, verb: 'get', resource: 'secrets', name })
  const answerOf = async (name: string) => (await pushThat(ask({ who: node, wish: secret(name) }), () => true)).verdict
  expect(await answerOf('files')).toMatchObject({ allowed: false, server: { allowed: true, denied: false } })
  expect(await answerOf('others')).toMatchObject({
    allowed: false,
    server: { allowed: false, reason: "no relationship found between node 'node-1' and this object" },
  })
})

it('knows that superusers are let through before RBAC is asked', async () => {
  const { verdict } = await pushThat(ask({ who: { name: 'root', groups: ['system:masters'] }, wish }), () => true)
  expect(verdict).toMatchObject({ isSuperuser: true })
})

it('answers of an earlier moment by the roles and bindings of that moment, or says that it is forgotten', async () => {
  const roles = test.client.of(Role)
  await roles.create(role('default/deployer', [allow('delete', 'deployments', { groups: 'apps' })]))
  const bound = await test.client
    .of(RoleBinding)
    .create(roleBinding('default/ci-deploys', 'Role deployer', 'ServiceAccount ci'))
  const then = Number(bound.metadata?.resourceVersion)
  await roles.delete({ namespace: 'default', name: 'deployer' })
  const host = { stateAt: (_, query) => stateAt(test.store, query) } satisfies Partial<ClusterHost>
  const at = (revision: number) =>
    accessAt(host as unknown as ClusterHost, 'any', { revision, question: { who, wish } })
  const answers = [await at(then - 1), await at(then), await at(test.store.revision)]
  expect(answers.map((answer) => answer?.verdict?.allowed)).toEqual([false, true, false])
  await test.store.compact(test.store.revision)
  expect(await at(then)).toBeUndefined()
})
