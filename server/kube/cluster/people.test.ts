import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SelfSubjectAccessReview } from 'kubernetes-types/authorization/v1'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { question } from '../apiserver/authorization/testing/policies.ts'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../client/index.ts'
import { ClusterRole, ClusterRoleBinding, ConfigMap, RoleBinding } from '../kinds/index.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { LocalClusterHost } from './local-host.ts'
import { openPeople, type PeopleConfigs } from './people.ts'
import { openCertificates } from './pki.ts'

const name = 'people'
let stateDir: string
let host: LocalClusterHost
let people: PeopleConfigs
let server: string
let admin: Client

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'podium-people-'))
  host = new LocalClusterHost({
    stateDir,
    machines: () => Promise.reject(new Error('no machines in a test')),
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })
  const info = await host.createCluster({ name, nodes: 0, simulatedNodes: 0 })
  server = info.server
  const directory = join(stateDir, 'clusters', name, 'pki')
  people = await openPeople(await openCertificates({ directory, clock: systemClock }), name)
  admin = createClient(httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'kubectl' }))
  const gathered = async () => (await admin.of(ClusterRole).get({ name: 'edit' })).rules?.length ?? 0
  await vi.waitFor(async () => expect(await gathered()).toBeGreaterThan(10), { timeout: 60_000 })
})
afterAll(async () => {
  await host[Symbol.asyncDispose]()
  await rm(stateDir, { recursive: true, force: true })
})

function clientAs(context: string): Client {
  const text = people.learner(server).replace('current-context: admin', `current-context: ${context}`)
  return createClient(httpsTransport({ ...parseKubeconfig(text), userAgent: 'kubectl' }))
}

async function may(context: string, asks: string): Promise<boolean> {
  const { isResource, path, verb, ...attributes } = question(asks)
  const spec = isResource ? { resourceAttributes: { ...attributes, verb } } : { nonResourceAttributes: { path, verb } }
  const review = (await clientAs(context).transport.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: { spec },
  })) as SelfSubjectAccessReview
  return review.status?.allowed === true
}

describe('a learner’s contexts', () => {
  it('begin with the administrator, and are three people', async () => {
    expect(people.learner(server)).toMatch(/^current-context: admin$/m)
    const who = async (context: string) => {
      const answer = await clientAs(context).transport.request({
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        body: {},
      })
      const { userInfo } = (answer as { status: { userInfo: { username: string; groups: string[] } } }).status
      return [userInfo.username, userInfo.groups[0]]
    }
    expect(await who('admin')).toEqual(['kubernetes-admin', 'kubeadm:cluster-admins'])
    expect(await who('developer')).toEqual(['developer', 'developers'])
    expect(await who('auditor')).toEqual(['auditor', 'auditors'])
    const { namespace } = parseKubeconfig(people.learner(server).replace('context: admin', 'context: developer'))
    expect(namespace).toBe('default')
  })

  it.each<[who: string, asks: string, answer: boolean]>([
    ['admin', 'delete - nodes node-1', true],
    ['admin', 'get kube-system secrets a', true],
    ['developer', 'create default deployments.apps', true],
    ['developer', 'create default pods/exec web', true],
    ['developer', 'get default secrets a', true],
    ['developer', 'list kube-system pods', false],
    ['developer', 'list - namespaces', false],
    ['developer', 'create default rolebindings.rbac.authorization.k8s.io', false],
    ['developer', 'list - nodes', false],
    ['auditor', 'list - pods', true],
    ['auditor', 'get kube-system configmaps a', true],
    ['auditor', 'list - secrets', false],
    ['auditor', 'get default secrets a', false],
    ['auditor', 'delete default pods web', false],
    ['auditor', 'create default pods/exec web', false],
  ])('%s may %s: %s', async (who, asks, answer) => {
    expect(await may(who, asks)).toBe(answer)
  })
})

it('lets anybody read where the cluster is, and nothing else', async () => {
  const { caPem = '' } = parseKubeconfig(people.admin(server))
  const nobody = createClient(httpsTransport({ server, caPem, userAgent: 'kubeadm' }))
  const { data } = await nobody.of(ConfigMap).get({ namespace: 'kube-public', name: 'cluster-info' })
  const { clusters, users } = parse(data?.kubeconfig ?? '')
  const ca = Buffer.from(caPem).toString('base64')
  expect({ clusters, users }).toEqual({
    clusters: [{ name: '', cluster: { server, 'certificate-authority-data': ca } }],
    users: null,
  })
  await expect(nobody.of(ConfigMap).list({ namespace: 'kube-public' })).rejects.toThrow('system:anonymous')
})

it('keeps what an administrator has made of the bindings, and brings back what is missing', async () => {
  const binding = await admin.of(RoleBinding).get({ namespace: 'default', name: 'developers' })
  await admin.of(RoleBinding).update({ ...binding, subjects: [{ kind: 'User', name: 'otter' }] })
  await admin.of(ClusterRoleBinding).delete({ name: 'auditors' })
  await host.stopCluster(name)
  await host.startCluster(name)
  const { subjects } = await admin.of(RoleBinding).get({ namespace: 'default', name: 'developers' })
  expect(subjects).toMatchObject([{ kind: 'User', name: 'otter' }])
  await admin.of(ClusterRoleBinding).get({ name: 'auditors' })
})
