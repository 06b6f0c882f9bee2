// Modes beside Node and RBAC: policy files, a server outside, everything and nothing; and the flags that choose them.

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { FakeClock } from '../../../base/clock.ts'
import type { TraceEvent } from '../../../base/trace.ts'
import { writeKubeconfig } from '../../client/kubeconfig.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { testPki } from '../testing/test-pki.ts'
import { startTestServer } from '../testing/test-server.ts'
import { abacAuthorizer, readPolicyFile } from './abac.ts'
import { alwaysAllow, alwaysDeny } from './always.ts'
import { authorizeBy, rulesBy } from './authorizer.ts'
import { authorizationFile, readAuthorizationFlags } from './flags.ts'
import { question } from './testing/policies.ts'
import { type WebhookAuthorizerOptions, webhookAuthorizer } from './webhook-authorizer.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-modes-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const person = (name: string, ...groups: string[]): UserInfo => ({ name, groups: [...groups, 'system:authenticated'] })
const NOBODY: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

describe('a policy file', () => {
  const VERSION = 'abac.authorization.kubernetes.io/v1beta1'
  const policy = (spec: object) => JSON.stringify({ apiVersion: VERSION, kind: 'Policy', spec })
  /** Examples of Kubernetes' documentation, and the rows of upstream's abac_test.go that differ from them. */
  const lines = [
    '# comments and empty lines count for nothing',
    '',
    policy({ user: 'alice', namespace: '*', resource: '*', apiGroup: '*' }),
    policy({ user: 'bob', namespace: 'projectCaribou', resource: 'pods', readonly: true }),
    policy({ group: 'class-a', namespace: 'shop', resource: 'deployments', apiGroup: 'apps' }),
    policy({ user: '*', nonResourcePath: '/healthz*', readonly: true }),
    policy({ user: 'carol', group: 'admins', nonResourcePath: '*' }),
    policy({ resource: '*', namespace: '*', apiGroup: '*' }),
    '{"user":"dave","namespace":"old"}',
    '{"user":"erin","readonly":true}',
  ]
  const authorizer = abacAuthorizer(readPolicyFile(lines.join('\n'), 'policies.jsonl'))

  it.each([
    { who: person('alice'), asks: 'delete kube-system secrets a', may: true },
    { who: person('alice'), asks: 'get /metrics', may: false },
    { who: person('bob'), asks: 'list projectCaribou pods', may: true },
    { who: person('bob'), asks: 'create projectCaribou pods', may: false },
    { who: person('bob'), asks: 'get projectCaribou pods a', may: true },
    { who: person('bob'), asks: 'get shop pods a', may: false },
    { who: person('otter', 'class-a'), asks: 'patch shop deployments.apps web', may: true },
    { who: person('otter', 'class-a'), asks: 'patch shop statefulsets.apps web', may: false },
    { who: person('otter'), asks: 'patch shop deployments.apps web', may: false },
    { who: person('otter'), asks: 'get /healthz/ping', may: true },
    { who: NOBODY, asks: 'get /healthz', may: false },
    { who: person('carol', 'admins'), asks: 'post /anything', may: true },
    { who: person('carol'), asks: 'get /anything', may: false },
    { who: person('dave'), asks: 'create old pods', may: true },
    { who: person('dave'), asks: 'create new pods', may: false },
    { who: person('dave'), asks: 'get /version', may: false },
    { who: person('erin'), asks: 'get /version', may: true },
    { who: person('erin'), asks: 'list new pods', may: true },
    { who: person('erin'), asks: 'delete new pods a', may: false },
  ])('$who.name $who.groups may $asks: $may', ({ who, asks, may }) => {
    expect(authorizer.authorize(who, question(asks)).decision).toBe(may ? 'allow' : 'no opinion')
  })

  it('lists what somebody may do, here', () => {
    const mine = (user: UserInfo, namespace: string) => authorizer.rulesFor?.(user, namespace)
    expect(mine(person('bob'), 'projectCaribou')).toEqual({
      rules: [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] }],
    })
    expect(mine(person('bob'), 'shop')).toEqual({ rules: [] })
    expect(mine(person('alice'), 'shop')?.rules).toEqual([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }])
  })

  it('says which line is wrong', () => {
    expect(() => readPolicyFile('\n{"user":', 'p.jsonl')).toThrow('error reading policy file p.jsonl, line 2: {"user":')
    expect(() => readPolicyFile('{"apiVersion":"v1","kind":"Policy"}', 'p')).toThrow(`expected a Policy of ${VERSION}`)
  })
})

describe('a webhook', () => {
  let server: https.Server
  let kubeconfig: string
  let asked: { apiVersion: string; spec: Record<string, unknown> }[] = []
  let answer: { code: number; status: object }
  const clock = new FakeClock()
  const otter = person('otter', 'class-a')
  const pods = question('get shop pods a')

  beforeAll(async () => {
    const pki = await testPki('authority of the webhook')
    const { certPem, keyPem } = await pki.issue('webhook')
    server = https.createServer({ cert: certPem, key: keyPem }, async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      asked.push(JSON.parse(body))
      response.writeHead(answer.code, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ kind: 'SubjectAccessReview', status: answer.status }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    kubeconfig = join(directory, 'webhook.conf')
    await writeFile(kubeconfig, writeKubeconfig({ server: `https://127.0.0.1:${port}/authorize`, caPem: pki.caPem }))
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  const told = (more: object = {}) => ({
    timeout: '3s',
    authorizedTTL: '5m',
    unauthorizedTTL: '30s',
    subjectAccessReviewVersion: 'v1',
    failurePolicy: 'NoOpinion',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: kubeconfig },
    ...more,
  })

  async function configured(more: object = {}): Promise<WebhookAuthorizerOptions> {
    const file = join(directory, 'authorization.yaml')
    await writeFile(file, configuration([{ type: 'Webhook', name: 'outside', webhook: told(more) }]))
    const [settings] = await readAuthorizationFlags({ 'authorization-config': file })
    if (settings?.type !== 'Webhook') throw new Error('no webhook was read')
    asked = []
    answer = { code: 200, status: { allowed: true, reason: 'of the class' } }
    return settings.webhook
  }

  it('is asked with what the request says of itself, once for a while', async () => {
    const webhook = webhookAuthorizer(await configured(), clock)
    const yes = { decision: 'allow', reason: 'of the class' }
    expect(await webhook.authorize(otter, { ...pods, version: 'v1' })).toEqual(yes)
    expect(await webhook.authorize(otter, { ...pods, version: 'v1' })).toEqual(yes)
    expect(asked).toEqual([
      {
        kind: 'SubjectAccessReview',
        apiVersion: 'authorization.k8s.io/v1',
        spec: {
          user: 'otter',
          groups: ['class-a', 'system:authenticated'],
          resourceAttributes: { namespace: 'shop', verb: 'get', version: 'v1', resource: 'pods', name: 'a' },
        },
      },
    ])
    await clock.advance(301_000)
    await webhook.authorize(otter, { ...pods, version: 'v1' })
    expect(asked).toHaveLength(2)
  })

  it('writes groups as the older version calls them', async () => {
    const webhook = webhookAuthorizer(await configured({ subjectAccessReviewVersion: 'v1beta1' }), clock)
    await webhook.authorize(otter, question('get /version'))
    expect(asked[0]?.spec).toEqual({
      user: 'otter',
      group: ['class-a', 'system:authenticated'],
      nonResourceAttributes: { path: '/version', verb: 'get' },
    })
  })

  it('denies for everybody after it, or leaves it to them', async () => {
    const chain = [webhookAuthorizer(await configured(), clock), abacAuthorizer(readPolicyFile('{}', 'all'))]
    answer = { code: 200, status: { allowed: false, denied: true, reason: 'not today' } }
    expect(await authorizeBy(chain, otter, pods)).toMatchObject({ decision: 'deny', reason: 'not today' })
    await clock.advance(31_000)
    answer = { code: 200, status: { allowed: false } }
    expect(await authorizeBy(chain, otter, pods)).toMatchObject({ decision: 'allow' })
  })

  it('counts as its failure policy says when it cannot answer', async () => {
    for (const [failurePolicy, decision] of [
      ['NoOpinion', 'no opinion'],
      ['Deny', 'deny'],
    ]) {
      const webhook = webhookAuthorizer(await configured({ failurePolicy }), clock)
      answer = { code: 500, status: {} }
      expect(await webhook.authorize(otter, pods)).toMatchObject({ decision })
      answer = { code: 200, status: { allowed: true } }
      expect(await webhook.authorize(otter, pods), 'a failure is not kept').toMatchObject({ decision: 'allow' })
    }
  })

  it('knows no list of rules, so that any list with it is not all', async () => {
    const outside = webhookAuthorizer(await configured(), clock)
    const problem = 'webhook authorizer does not support user rule resolution'
    expect(rulesBy([outside, alwaysAllow, outside], otter, 'shop')).toEqual({
      rules: [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ],
      incomplete: true,
      problem,
    })
    expect(rulesBy([alwaysDeny], otter, 'shop')).toEqual({ rules: [], incomplete: false })
  })

  it('comes and goes while the server runs, and a chain that is not allowed changes nothing', async () => {
    await configured()
    const outside = { type: 'Webhook', name: 'outside', webhook: told() }
    const rbac = { type: 'RBAC', name: 'rbac' }
    const file = join(directory, 'reloaded.yaml')
    // In one step: half a file would be a reload that failed as well.
    const write = async (...authorizers: object[]) => {
      await writeFile(`${file}.new`, configuration(authorizers))
      await rename(`${file}.new`, file)
    }
    await write(rbac)
    const flags = { 'authorization-config': file }
    const authorization = await readAuthorizationFlags(flags)
    const watched = await authorizationFile(flags)
    const options = { authorization, ...(watched ? { authorizationFile: watched } : {}) }
    await using test = await startTestServer({ options })
    const asks = () =>
      test.server
        .transportFor({ user: 'otter', groups: ['system:authenticated'], client: 'kubectl' })
        .request({ method: 'GET', path: '/api/v1/namespaces/default/configmaps' })
    const metrics = async () => String(await test.transport.request({ method: 'GET', path: '/metrics' }))
    const patience = { timeout: 60_000 }
    await expect(asks()).rejects.toMatchObject({ code: 403 })
    await write(rbac, outside)
    await vi.waitFor(async () => expect(await asks()).toMatchObject({ items: [] }), patience)
    await write(outside)
    const failed = /apiserver_authorization_config_controller_automatic_reloads_total\{.*status="failure"\} 1/
    await vi.waitFor(async () => expect(await metrics()).toMatch(failed), patience)
    expect(await asks(), 'what was good stays').toMatchObject({ items: [] })
    await write(rbac)
    await vi.waitFor(() => expect(asks()).rejects.toMatchObject({ code: 403 }), patience)
  })

  it('is asked only about requests that fit its conditions', async () => {
    const matchConditions = [
      { expression: "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'shop'" },
      { expression: "!('class-b' in request.groups)" },
    ]
    const matchConditionSubjectAccessReviewVersion = 'v1'
    const webhook = webhookAuthorizer(
      await configured({ matchConditions, matchConditionSubjectAccessReviewVersion }),
      clock,
    )
    expect(await webhook.authorize(otter, pods)).toMatchObject({ decision: 'allow' })
    expect(await webhook.authorize(otter, question('get /version'))).toMatchObject({ decision: 'no opinion' })
    expect(await webhook.authorize(person('seal', 'class-b'), pods)).toMatchObject({ decision: 'no opinion' })
    expect(asked).toHaveLength(1)
  })

  it.each([
    { change: { timeout: '31s' }, words: 'authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s' },
    { change: { timeout: undefined }, words: 'authorizers[0].timeout: Required value' },
    {
      change: { failurePolicy: 'Allow' },
      words: 'failurePolicy: Unsupported value: "Allow": supported values: "NoOpinion", "Deny"',
    },
    { change: { connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'a' } }, words: 'must be an absolute path' },
    { change: { matchConditions: [{ expression: 'true' }] }, words: 'required if match conditions are specified' },
    {
      change: { matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: [{ expression: 'request.name' }] },
      words: "undefined field 'name'",
    },
  ])('is refused with $words', async ({ change, words }) => {
    await expect(configured(change)).rejects.toThrow(words)
  })
})

const configuration = (authorizers: unknown[]) =>
  stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers })

describe('the flags', () => {
  const types = async (flags: Record<string, string>) => (await readAuthorizationFlags(flags)).map(({ type }) => type)

  it('choose the chain and its order', async () => {
    expect(await types({})).toEqual(['Node', 'RBAC'])
    expect(await types({ 'authorization-mode': 'RBAC,AlwaysDeny' })).toEqual(['RBAC', 'AlwaysDeny'])
    const file = join(directory, 'chain.yaml')
    await writeFile(
      file,
      configuration([
        { type: 'RBAC', name: 'rbac' },
        { type: 'Node', name: 'node' },
      ]),
    )
    expect(await types({ 'authorization-config': file })).toEqual(['RBAC', 'Node'])
    await expect(types({ 'authorization-config': file, 'authorization-mode': 'RBAC' })).rejects.toThrow(
      '--authorization-config can not be specified when --authorization-mode is',
    )
  })

  it.each([
    { flags: { 'authorization-mode': 'Roles' }, words: 'authorization-mode "Roles" is not a valid mode' },
    { flags: { 'authorization-mode': 'RBAC,RBAC' }, words: 'more than once' },
    { flags: { 'authorization-mode': 'ABAC' }, words: "ABAC's authorization config file not passed" },
    {
      flags: { 'authorization-policy-file': '/x' },
      words: 'cannot specify --authorization-policy-file without mode ABAC',
    },
  ] as { flags: Record<string, string>; words: string }[])('are refused: $words', async ({ flags, words }) => {
    await expect(types(flags)).rejects.toThrow(words)
  })

  it.each([
    { authorizers: [], words: 'authorizers: Required value: at least one authorization mode must be defined' },
    { authorizers: [{ type: 'ABAC', name: 'a' }], words: 'authorizers[0].type: Unsupported value: "ABAC"' },
    { authorizers: [{ type: 'RBAC' }], words: 'authorizers[0].name: Required value' },
    { authorizers: [{ type: 'RBAC', name: 'A_b' }], words: 'authorizer name is invalid' },
    {
      authorizers: [
        { type: 'RBAC', name: 'a' },
        { type: 'RBAC', name: 'b' },
      ],
      words: 'authorizers[1].type: Duplicate value: "RBAC"',
    },
    { authorizers: [{ type: 'RBAC', name: 'a', webhook: {} }], words: 'may only be specified when type=Webhook' },
    { authorizers: [{ type: 'Webhook', name: 'a' }], words: 'required when type=Webhook' },
  ])('refuse a configuration: $words', async ({ authorizers, words }) => {
    const file = join(directory, 'wrong.yaml')
    await writeFile(file, configuration(authorizers))
    await expect(types({ 'authorization-config': file })).rejects.toThrow(words)
  })
})

it('lets a server run by a policy file, and says by whom it was let in', async () => {
  const file = join(directory, 'server.jsonl')
  await writeFile(file, '{"user":"otter","namespace":"default","readonly":true}\n')
  const authorization = await readAuthorizationFlags({
    'authorization-mode': 'ABAC',
    'authorization-policy-file': file,
  })
  const traces: TraceEvent[] = []
  await using test = await startTestServer({
    options: { authorization },
    trace: { emit: (event) => traces.push(event) },
  })
  const otter = test.server.transportFor({ user: 'otter', groups: ['system:authenticated'], client: 'kubectl' })
  expect(await otter.request({ method: 'GET', path: '/api/v1/namespaces/default/pods' })).toMatchObject({ items: [] })
  const told = traces.findLast((event) => event.type === 'request' && event.user === 'otter')
  expect(told).toMatchObject({
    decision: { asked: [{}, { authorizer: 'ABAC', verdict: 'allow', reason: `line 1 of ${file}` }] },
  })
  const body = { metadata: { name: 'a' } }
  await expect(otter.request({ method: 'POST', path: '/api/v1/namespaces/default/configmaps', body })).rejects.toThrow(
    'configmaps is forbidden: User "otter" cannot create resource "configmaps" in API group "" in the namespace "default": No policy matched.',
  )
})
