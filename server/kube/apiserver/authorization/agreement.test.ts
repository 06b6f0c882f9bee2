// What is said of rights and what is done by them, compared on random policies, through the whole path of a request:
// *can I* with what the request then gets, *who can* with *can I* of everybody, *what can I* with both.
// PODIUM_SEED has a failure again.

import type { SelfSubjectAccessReview, SelfSubjectRulesReview } from 'kubernetes-types/authorization/v1'
import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { TransportRequest } from '../../client/transport.ts'
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../kinds/index.ts'
import { seededRandom } from '../../store/testing/seeded-random.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import type { Attributes } from './authorizer.ts'
import { whoCan } from './rbac/explain.ts'
import { type PolicyObject, policyOf } from './rbac/policy.ts'
import { ruleAllows } from './rbac/rule-match.ts'
import { allow, allowPaths, clusterRole, clusterRoleBinding, robot, role, roleBinding } from './testing/policies.ts'

const SEED = Number(process.env.PODIUM_SEED ?? 20261127)
const ROUNDS = Number(process.env.PODIUM_FUZZ_ROUNDS ?? 150)

const NAMESPACES = ['shop', 'bank']
const known = (name: string, ...groups: string[]) => ({ name, groups: [...groups, 'system:authenticated'] })
const PEOPLE = [
  known('otter'),
  known('heron', 'class-a'),
  known('wren', 'class-a', 'class-b'),
  known('system:node:node-1', 'system:nodes'),
  robot('shop', 'robot'),
  robot('bank', 'robot'),
  known('boss', 'system:masters'),
]
const SUBJECTS = [
  'User otter',
  'User heron',
  'Group class-a',
  'Group class-b',
  'ServiceAccount shop/robot',
  'Group system:serviceaccounts:bank',
]
const NAMES = ['a', 'b']

/** Where objects are found, and what may be asked of them there. */
const RESOURCES = [
  { group: '', plural: 'configmaps', namespaced: true, kind: 'ConfigMap', subresources: [] },
  { group: '', plural: 'secrets', namespaced: true, kind: 'Secret', subresources: [] },
  { group: '', plural: 'pods', namespaced: true, kind: 'Pod', subresources: ['status', 'log'] },
  { group: 'apps', plural: 'deployments', namespaced: true, kind: 'Deployment', subresources: ['status', 'scale'] },
  { group: '', plural: 'nodes', namespaced: false, kind: 'Node', subresources: ['status'] },
  { group: 'storage.k8s.io', plural: 'storageclasses', namespaced: false, kind: 'StorageClass', subresources: [] },
] as const
const PATHS = ['/api', '/apis', '/version', '/healthz', '/metrics', '/logs', '/openapi/v2']

let test: TestServer
beforeAll(async () => {
  test = await startTestServer()
  for (const name of NAMESPACES) {
    await test.transport.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
  }
})
afterAll(() => test[Symbol.asyncDispose]())

const transportOf = ({ name, groups }: { name: string; groups: readonly string[] }) =>
  test.server.transportFor({ user: name, groups: [...groups], client: 'kubectl' })

describe(`random policies and requests (PODIUM_SEED=${SEED})`, () => {
  const random = seededRandom(SEED)
  const below = (count: number) => Math.floor(random() * count)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T
  const some = <T>(from: readonly T[]): T[] => {
    const chosen = from.filter(() => random() < 0.4)
    return chosen.length > 0 ? chosen : [pick(from)]
  }
  const words = (from: readonly string[]) => some(from).join(' ')

  function randomRule(): PolicyRule {
    const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*']
    const resources = [
      'configmaps',
      'secrets',
      'pods',
      'pods/log',
      'deployments',
      '*/scale',
      '*/status',
      'nodes',
      'storageclasses',
      '*',
    ]
    const names = random() < 0.3 ? { names: words(NAMES) } : {}
    return allow(words(verbs), words(resources), {
      groups: pick(['*', ' ', ' apps', 'apps', 'storage.k8s.io']).trim(),
      ...names,
    })
  }

  /** One change of the policy, told to the server. */
  async function changePolicy(): Promise<void> {
    const name = `random-${below(4)}`
    const place = pick(NAMESPACES)
    const rules = Array.from({ length: 1 + below(2) }, randomRule)
    const isWide = random() < 0.4
    const paths = random() < 0.5 ? [allowPaths('get', words(['/metrics', '/logs', '/healthz*', '*']))] : []
    await replace(isWide ? clusterRole(name, [...rules, ...paths]) : role(`${place}/${name}`, rules))
    const to = some(SUBJECTS)
    const ref = `${pick(['Role', 'ClusterRole'])} random-${below(4)}`
    await replace(
      random() < 0.3
        ? clusterRoleBinding(name, `random-${below(4)}`, ...to)
        : roleBinding(`${place}/${name}`, ref, ...to),
    )
  }

  async function replace(object: PolicyObject): Promise<void> {
    const kind = { Role, ClusterRole, RoleBinding, ClusterRoleBinding }[object.kind as 'Role']
    const { namespace, name = '' } = object.metadata ?? {}
    const of = test.client.of(kind)
    await of.delete({ name, ...(namespace ? { namespace } : {}) }).catch(() => undefined)
    if (random() < 0.9) await of.create(object as never)
  }

  interface Question {
    asks: Attributes
    request: TransportRequest
    isWatch?: boolean
  }

  function randomQuestion(): Question {
    const none = { group: '', namespace: '', resource: '', subresource: '', name: '', path: '' }
    if (random() < 0.15) {
      const path = pick(PATHS)
      return { asks: { ...none, isResource: false, verb: 'get', path }, request: { method: 'GET', path } }
    }
    const { group, plural, namespaced, kind, subresources } = pick(RESOURCES)
    const namespace = namespaced ? pick(NAMESPACES) : ''
    const apiVersion = group ? `${group}/v1` : 'v1'
    const root = `/${group ? 'apis' : 'api'}/${apiVersion}${namespace && `/namespaces/${namespace}`}/${plural}`
    const about = { ...none, isResource: true, group, namespace, resource: plural }
    const name = pick(NAMES)
    const subresource = random() < 0.3 && subresources.length > 0 ? pick<string>(subresources) : ''
    const body = { kind, apiVersion, metadata: { name } }
    const query = { dryRun: 'All' }
    const one = `${root}/${name}${subresource && `/${subresource}`}`
    const merge = { contentType: 'application/merge-patch+json' }
    const ofOne = { ...about, name, subresource }
    const list = random() < 0.3 ? { fieldSelector: `metadata.name=${name}` } : undefined
    const listed = { ...about, name: list ? name : '' }
    return pick<Question>([
      { asks: { ...ofOne, verb: 'get' }, request: { method: 'GET', path: one } },
      { asks: { ...ofOne, verb: 'update' }, request: { method: 'PUT', path: one, body, query } },
      { asks: { ...ofOne, verb: 'patch' }, request: { method: 'PATCH', path: one, body: {}, query, ...merge } },
      { asks: { ...ofOne, verb: 'delete' }, request: { method: 'DELETE', path: one, query } },
      { asks: { ...listed, verb: 'list' }, request: { method: 'GET', path: root, query: { ...list } } },
      { asks: { ...listed, verb: 'watch' }, request: { method: 'GET', path: root, query: { ...list } }, isWatch: true },
      { asks: { ...about, verb: 'create' }, request: { method: 'POST', path: root, body, query } },
      { asks: { ...about, verb: 'deletecollection' }, request: { method: 'DELETE', path: root, query } },
    ])
  }

  async function canI(person: (typeof PEOPLE)[number], { isResource, path, verb, ...attributes }: Attributes) {
    const spec = isResource
      ? { resourceAttributes: { ...attributes, verb } }
      : { nonResourceAttributes: { path, verb } }
    const review = (await transportOf(person).request({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { spec },
    })) as SelfSubjectAccessReview
    return review.status?.allowed === true
  }

  /** Refused for want of rights; whatever else becomes of it is another question. */
  async function isLetThrough(person: (typeof PEOPLE)[number], { request, isWatch }: Question): Promise<boolean> {
    const transport = transportOf(person)
    const stop = new AbortController()
    try {
      if (isWatch) await transport.watch({ ...request, signal: stop.signal })
      else await transport.request(request)
      return true
    } catch (err) {
      if (!(err instanceof StatusError)) throw err
      return !(err.code === 403 && err.message.includes(`User ${JSON.stringify(person.name)} cannot`))
    } finally {
      stop.abort()
    }
  }

  it('answer as the request is answered', async () => {
    const answers = { yes: 0, no: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 4 === 0) await changePolicy()
      const person = pick(PEOPLE)
      const question = randomQuestion()
      const can = await canI(person, question.asks)
      const told = `round ${round}: ${person.name} ${JSON.stringify(question.asks)}`
      expect(await isLetThrough(person, question), told).toBe(can)
      answers[can ? 'yes' : 'no']++
    }
    expect(Math.min(answers.yes, answers.no)).toBeGreaterThan(ROUNDS / 5)
  })

  it('tell of everybody who can, and of what each of them can', async () => {
    for (let round = 0; round < ROUNDS / 20; round++) {
      await changePolicy()
      const policy = policyOf(await allPolicy())
      const { asks } = randomQuestion()
      const holders = whoCan(policy, asks).map(({ subject }) =>
        subject.kind === 'ServiceAccount' ? `system:serviceaccount:${subject.namespace}:${subject.name}` : subject.name,
      )
      // A node has rights that no role gives; of everybody else the roles are all.
      for (const person of PEOPLE.filter(({ groups }) => !groups.includes('system:nodes'))) {
        const told = `round ${round}: ${person.name} ${JSON.stringify(asks)}`
        const can = await canI(person, asks)
        expect(
          [person.name, ...person.groups].some((name) => holders.includes(name)),
          `who can; ${told}`,
        ).toBe(can)
        const { rules, incomplete } = await whatCanI(person, asks.namespace || pick(NAMESPACES))
        expect(incomplete).toBe(false)
        const isListed = rules.some((rule) => ruleAllows(rule, asks))
        // What is bound in a namespace is listed, and says nothing of paths and of what is in no namespace.
        if (asks.namespace) expect(isListed, `what can I; ${told}`).toBe(can)
        else if (can) expect(isListed, `what can I; ${told}`).toBe(true)
      }
    }
  })

  async function whatCanI(person: (typeof PEOPLE)[number], namespace: string) {
    const { status } = (await transportOf(person).request({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      body: { spec: { namespace } },
    })) as SelfSubjectRulesReview
    return {
      rules: [...(status?.resourceRules ?? []), ...(status?.nonResourceRules ?? [])] as PolicyRule[],
      incomplete: status?.incomplete,
    }
  }

  async function allPolicy(): Promise<PolicyObject[]> {
    const lists = await Promise.all(
      [Role, ClusterRole, RoleBinding, ClusterRoleBinding].map(async (kind) => {
        const { items } = await test.client.of(kind as typeof Role).list()
        return items.map((item) => ({ ...item, kind: kind.kind }) as PolicyObject)
      }),
    )
    return lists.flat()
  }
})
