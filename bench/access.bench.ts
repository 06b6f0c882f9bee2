// What it costs to know who asks and to decide whether they may: one decision over a policy of 1,000 roles and 5,000
// bindings, one token, and a whole request with everything on against the same with everything off.

import { randomBytes } from 'node:crypto'
import { systemClock } from '../server/base/clock.ts'
import { ServiceAccountTokens } from '../server/kube/apiserver/authentication/service-account-tokens.ts'
import { type Attributes, authorizeBy } from '../server/kube/apiserver/authorization/authorizer.ts'
import { nodeAuthorizer } from '../server/kube/apiserver/authorization/node-authorizer.ts'
import { NodeGraph } from '../server/kube/apiserver/authorization/node-graph.ts'
import { nearestRules } from '../server/kube/apiserver/authorization/rbac/explain.ts'
import { type PolicyObject, policyOf } from '../server/kube/apiserver/authorization/rbac/policy.ts'
import { rbacAuthorizer } from '../server/kube/apiserver/authorization/rbac/rbac-authorizer.ts'
import { superusers } from '../server/kube/apiserver/authorization/superusers.ts'
import {
  allow,
  clusterRole,
  clusterRoleBinding,
  question,
  role,
  roleBinding,
} from '../server/kube/apiserver/authorization/testing/policies.ts'
import { METADATA_OF_ALL } from '../server/kube/apiserver/index.ts'
import { serviceAccountKeys } from '../server/kube/apiserver/testing/test-pki.ts'
import { startTestServer } from '../server/kube/apiserver/testing/test-server.ts'
import { createClient } from '../server/kube/client/client.ts'
import { httpsTransport } from '../server/kube/client/https-transport.ts'
import { ConfigMap } from '../server/kube/kinds/index.ts'
import { seededRandom } from '../server/kube/store/testing/seeded-random.ts'
import { percentile, table } from './table.ts'

const NAMESPACES = 50
const PEOPLE = 500
const GROUPS = 50
const DECISIONS = 100_000
const TOKENS = 2_000
const REQUESTS = 5_000

const random = seededRandom(1)
const below = (count: number) => Math.floor(random() * count)
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']
const RESOURCES = ['pods', 'services', 'configmaps', 'secrets', 'deployments', 'jobs', 'endpoints', 'events']

/** Every tenth role and binding is the cluster's; most others are one group's or one person's in one namespace. */
function policyObjects(): PolicyObject[] {
  const rules = () =>
    Array.from({ length: 1 + below(4) }, () =>
      allow(VERBS.filter(() => random() < 0.5).join(' '), RESOURCES.filter(() => random() < 0.3).join(' '), {
        groups: '*',
      }),
    )
  const roles = Array.from({ length: 1000 }, (_, nth) =>
    nth % 10 === 0 ? clusterRole(`role-${nth}`, rules()) : role(`ns-${nth % NAMESPACES}/role-${nth}`, rules()),
  )
  const subject = () => (random() < 0.5 ? `User person-${below(PEOPLE)}` : `Group group-${below(GROUPS)}`)
  const bindings = Array.from({ length: 5000 }, (_, nth) => {
    if (nth % 50 === 0) return clusterRoleBinding(`binding-${nth}`, `role-${10 * below(100)}`, subject())
    const of = below(1000)
    const place = `ns-${of % NAMESPACES}/binding-${nth}`
    return roleBinding(place, `${of % 10 === 0 ? 'ClusterRole' : 'Role'} role-${of}`, subject(), subject())
  })
  return [...roles, ...bindings]
}

const micros = (times: readonly number[]) => [percentile(times, 0.5), percentile(times, 0.99)].map((ms) => ms * 1000)

async function decisions(): Promise<(string | number)[][]> {
  const policy = policyOf(policyObjects())
  const chain = [superusers, nodeAuthorizer(new NodeGraph()), rbacAuthorizer(policy)]
  const [allowed, refused, explained]: number[][] = [[], [], []]
  for (let nth = 0; nth < DECISIONS; nth++) {
    const groups = ['system:authenticated', `group-${below(GROUPS)}`, `group-${below(GROUPS)}`]
    const user = { name: `person-${below(PEOPLE)}`, groups }
    const verb = VERBS[below(VERBS.length)] ?? ''
    const asked: Attributes = question(`${verb} ns-${below(NAMESPACES)} ${RESOURCES[below(RESOURCES.length)]} one`)
    const from = performance.now()
    const { decision } = await authorizeBy(chain, user, asked)
    const took = performance.now() - from
    if (decision === 'allow') allowed?.push(took)
    else {
      refused?.push(took)
      nearestRules(policy, user, asked)
      explained?.push(performance.now() - from)
    }
  }
  const row = (what: string, times: number[] = []) => [what, times.length, ...micros(times), 200]
  return [row('allowed', allowed), row('refused', refused), row('refused, and the nearest rules found', explained)]
}

async function tokens(): Promise<(string | number)[][]> {
  const account = { namespace: 'shop', name: 'robot', uid: 'u' }
  const found = { metadata: account }
  const verifier = await ServiceAccountTokens.open({
    ...serviceAccountKeys(),
    issuer: 'https://own',
    clock: systemClock,
    find: () => found,
    onLegacyUse: () => undefined,
  })
  const issued: string[] = []
  for (let nth = 0; nth < TOKENS; nth++) {
    issued.push(
      (await verifier.issue(account, { audiences: ['a', randomBytes(4).toString('hex')], seconds: 3600 })).token,
    )
  }
  const timed = async (all: readonly string[]) => {
    const times: number[] = []
    for (const token of all) {
      const from = performance.now()
      await verifier.authenticate(token, ['a'])
      times.push(performance.now() - from)
    }
    return times
  }
  // What the first hundred cost is not yet what it costs.
  const fresh = (await timed(issued)).slice(100)
  const last = issued.at(-1) ?? ''
  const known = (await timed(Array.from({ length: 20_000 }, () => last))).slice(1000)
  return [
    ['a token seen for the first time', fresh.length, ...micros(fresh), 200],
    ['one that is known', known.length, ...micros(known), 10],
  ]
}

/** One at a time: what each costs its sender. */
async function wholePath(): Promise<(string | number)[][]> {
  const rows: (string | number)[][] = []
  for (const isOn of [true, false]) {
    await using test = await startTestServer({
      options: isOn
        ? { audit: { policy: METADATA_OF_ALL, write: () => undefined } }
        : { authorization: [{ type: 'AlwaysAllow' }] },
    })
    await createClient(test.transport)
      .of(ConfigMap)
      .create({ metadata: { namespace: 'default', name: 'a' }, data: { a: 'b' } })
    const post = (path: string, body: object) => test.transport.request({ method: 'POST', path, body })
    if (isOn) {
      const rbac = '/apis/rbac.authorization.k8s.io/v1'
      await post(`${rbac}/namespaces/default/roles`, role('default/maps', [allow('get', 'configmaps')]))
      const subject = 'ServiceAccount default/robot'
      await post(`${rbac}/namespaces/default/rolebindings`, roleBinding('default/maps', 'Role maps', subject))
    }
    const accounts = '/api/v1/namespaces/default/serviceaccounts'
    await post(accounts, { metadata: { name: 'robot' } })
    const { status } = (await post(`${accounts}/robot/token`, { spec: {} })) as { status: { token: string } }
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const told = { server: `https://127.0.0.1:${port}`, caPem: test.pki.caPem, userAgent: 'bench' }
    using outside = httpsTransport({ ...told, ...(isOn ? { token: status.token } : {}) })
    const robot = { user: 'system:serviceaccount:default:robot', groups: ['system:authenticated'], client: 'bench' }
    for (const [way, transport] of [
      ['in process', test.server.transportFor(robot)],
      ['HTTPS', outside],
    ] as const) {
      const times: number[] = []
      for (let nth = 0; nth < REQUESTS; nth++) {
        const from = performance.now()
        await transport.request({ method: 'GET', path: '/api/v1/namespaces/default/configmaps/a' })
        times.push(performance.now() - from)
      }
      const what = isOn ? 'token, Node and RBAC, audit' : 'anonymous, AlwaysAllow, no audit'
      rows.push([`GET ${way}: ${what}`, times.length, ...micros(times.slice(500)), ''])
    }
  }
  return rows.sort(([a], [b]) => String(a).localeCompare(String(b)))
}

const rows = [...(await decisions()), ...(await tokens()), ...(await wholePath())]
process.stdout.write(`${table(['what', 'times', 'p50 µs', 'p99 µs', 'meant p99 µs'], rows)}\n`)
