// Each way in which somebody could give themselves more than they have, tried: what upstream refuses is refused, in its
// words. And the few that upstream lets through, since its documentation warns of them instead.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Transport } from '../../../client/transport.ts'
import { certificateRequestFor } from '../../testing/certificate-request.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'
import { allow, allowPaths, clusterRole, clusterRoleBinding, role, roleBinding } from '../testing/policies.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const GROUP = { groups: 'rbac.authorization.k8s.io' }
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const in_ = (namespace: string, plural: string) => `${RBAC}/namespaces/${namespace}/${plural}`
const core = (plural: string) => `/api/v1/namespaces/shop/${plural}`

let test: TestServer
const as = (user: string): Transport => {
  const group = user.startsWith('system:node:') ? ['system:nodes'] : []
  return test.server.transportFor({ user, groups: [...group, 'system:authenticated'], client: 'kubectl' })
}

const pod = (name: string, more: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'a', image: 'a:1' }], ...more },
})
/** Its uid is known when it is there. */
const NODE = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: '', controller: true }
const mirror = (...ownerReferences: object[]) => ({
  annotations: { 'kubernetes.io/config.mirror': 'x' },
  ownerReferences,
})
const MIRROR = mirror(NODE)
const notItself = 'node "node-1" can only create pods with an owner reference set to itself'
let uidOfTheirs = ''
let uidOfMine = ''

beforeAll(async () => {
  test = await startTestServer()
  const post = (path: string, body: object) => test.transport.request({ method: 'POST', path, body })
  await post('/api/v1/namespaces', { metadata: { name: 'shop' } })
  await post('/api/v1/namespaces', { metadata: { name: 'bank' } })
  await post(core('serviceaccounts'), { metadata: { name: 'default' } })
  await post(core('serviceaccounts'), { metadata: { name: 'strong' } })
  await post(core('secrets'), { metadata: { name: 'crown' } })
  await post('/api/v1/nodes', { metadata: { name: 'node-2', labels: { 'node-role.kubernetes.io/vault': '' } } })
  const uid = (made: unknown) => (made as { metadata: { uid: string } }).metadata.uid
  NODE.uid = uid(await post('/api/v1/nodes', { metadata: { name: 'node-1' } }))
  uidOfTheirs = uid(await post(core('pods'), pod('theirs', { nodeName: 'node-2', serviceAccountName: 'strong' })))
  const storage = { accessModes: ['ReadWriteOnce'], storageClassName: '' }
  const bucket = { driver: 'bucket.example.com', volumeHandle: 'a' }
  await post('/apis/storage.k8s.io/v1/csidrivers', {
    metadata: { name: bucket.driver },
    spec: { tokenRequests: [{ audience: 'bucket' }] },
  })
  await post('/api/v1/persistentvolumes', {
    metadata: { name: 'bucket' },
    spec: { accessModes: storage.accessModes, storageClassName: '', capacity: { storage: '1Gi' }, csi: bucket },
  })
  await post(core('persistentvolumeclaims'), {
    metadata: { name: 'bucket' },
    spec: { ...storage, volumeName: 'bucket', resources: { requests: { storage: '1Gi' } } },
  })
  const volumes = [
    { name: 'vault', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] } },
    { name: 'bucket', persistentVolumeClaim: { claimName: 'bucket' } },
  ]
  const here = { nodeName: 'node-1', serviceAccountName: 'strong', volumes }
  uidOfMine = uid(
    await post(
      core('pods'),
      pod('mine', { ...here, resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpus' }] }),
    ),
  )
  const puller = clusterRole('registry-audience', [allow('request-serviceaccounts-token-audience', 'registry')])
  await post(`${RBAC}/clusterroles`, puller)
  const pullers = clusterRoleBinding('registry-audience', 'registry-audience', 'Group system:nodes')
  await post(`${RBAC}/clusterrolebindings`, pullers)
  await post(core('pods'), pod('leaves', { nodeName: 'node-1' }))
  // boss: all of the roles of shop, and pods to look at. What admin has, without waiting for it to be gathered.
  const ofRoles = allow('create get list update patch delete', 'roles rolebindings', GROUP)
  await post(
    in_('shop', 'roles'),
    role('shop/boss', [ofRoles, allow('get list', 'pods'), allow('get', 'configmaps', { names: 'a' })]),
  )
  await post(in_('shop', 'rolebindings'), roleBinding('shop/boss', 'Role boss', 'User boss'))
  await post(in_('shop', 'roles'), role('shop/strong', [allow('*', 'secrets')]))
  await post(in_('shop', 'rolebindings'), roleBinding('shop/strong', 'Role strong', 'ServiceAccount strong'))
  // clerk: roles of the cluster, and requests for certificates; nothing that may be given away.
  const everything = clusterRole('clerk', [
    allow('create get update patch', 'clusterroles clusterrolebindings', GROUP),
    allow(
      'create get update patch',
      'certificatesigningrequests certificatesigningrequests/approval certificatesigningrequests/status',
      { groups: 'certificates.k8s.io' },
    ),
    allow('escalate', 'clusterroles', { ...GROUP, names: 'may-grow' }),
    allow('bind', 'clusterroles', { ...GROUP, names: 'view' }),
    allow('get', '*', { groups: '*' }),
  ])
  await post(`${RBAC}/clusterroles`, everything)
  await post(`${RBAC}/clusterrolebindings`, clusterRoleBinding('clerk', 'clerk', 'User clerk'))
  await post(`${RBAC}/clusterroles`, clusterRole('may-grow', []))
  await post(`${RBAC}/clusterroles`, clusterRole('may-not-grow', []))
  // eve: what edit has of accounts.
  const edit = [allow('create', 'pods serviceaccounts/token secrets'), allow('impersonate', 'serviceaccounts')]
  await post(in_('shop', 'roles'), role('shop/eve', edit))
  await post(in_('shop', 'rolebindings'), roleBinding('shop/eve', 'Role eve', 'User eve'))
  await post(
    CSRS,
    csr('asked', 'kubernetes.io/kube-apiserver-client', await certificateRequestFor('otter', ['class-a'])),
  )
})
afterAll(() => test[Symbol.asyncDispose]())

const csr = (name: string, signerName: string, request: string) => ({
  metadata: { name },
  spec: { request, signerName, usages: ['digital signature', 'client auth'] },
})
const approval = (type: string) => ({
  conditions: [{ type, status: 'True', reason: 'ByHand', message: '' }],
})

const tokenOfMine = (...audiences: string[]) => ({
  spec: { audiences, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: uidOfMine } },
})

interface Attempt {
  name: string
  who: string
  method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  body?: object | (() => object | Promise<object>)
  /** Undefined: upstream lets it through. */
  refused?: string
  code?: number
}

const NOT_HELD = 'is attempting to grant RBAC permissions not currently held'

describe('who tries to get more than they have', () => {
  it.each<Attempt>([
    // Roles: every rule must be held where the role is.
    {
      name: 'a role of what is held',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/ok', [allow('get', 'pods')]),
    },
    {
      name: 'a role with another verb',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('delete', 'pods')]),
      refused: `${NOT_HELD}:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}`,
    },
    {
      name: 'a role with a subresource',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('get', 'pods/log')]),
      refused: NOT_HELD,
    },
    {
      name: 'a role with all resources',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('get', '*')]),
      refused: NOT_HELD,
    },
    {
      name: 'a role with all verbs',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('*', 'pods')]),
      refused: NOT_HELD,
    },
    {
      name: 'a role with all groups',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('get', 'pods', { groups: '*' })]),
      refused: NOT_HELD,
    },
    {
      name: 'a role with one name of what is held by name',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/ok-name', [allow('get', 'configmaps', { names: 'a' })]),
    },
    {
      name: 'a role without the name',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('get', 'configmaps')]),
      refused: NOT_HELD,
    },
    {
      name: 'a role with another name',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('get', 'configmaps', { names: 'a b' })]),
      refused: 'ResourceNames:["b"]',
    },
    {
      name: 'a role that lets escalate',
      who: 'boss',
      path: in_('shop', 'roles'),
      body: role('shop/a', [allow('escalate bind', 'roles', GROUP)]),
      refused: 'Verbs:["escalate" "bind"]',
    },
    {
      name: 'a role elsewhere',
      who: 'boss',
      path: in_('bank', 'roles'),
      body: role('bank/a', [allow('get', 'pods')]),
      refused: 'cannot create resource "roles"',
    },
    {
      name: 'a wider role',
      who: 'boss',
      method: 'PATCH',
      path: `${in_('shop', 'roles')}/boss`,
      body: { rules: [allow('*', '*', { groups: '*' })] },
      refused: NOT_HELD,
    },
    {
      name: 'a wider role of somebody else',
      who: 'boss',
      method: 'PATCH',
      path: `${in_('shop', 'roles')}/eve`,
      body: { rules: [allow('delete', 'pods')] },
      refused: NOT_HELD,
    },
    {
      name: 'a role of the cluster',
      who: 'boss',
      path: `${RBAC}/clusterroles`,
      body: clusterRole('a', []),
      refused: 'cannot create resource "clusterroles"',
    },
    {
      name: 'a role of the cluster with paths',
      who: 'clerk',
      path: `${RBAC}/clusterroles`,
      body: clusterRole('a', [allowPaths('get', '/metrics')]),
      refused: 'NonResourceURLs:["/metrics"]',
    },
    {
      name: 'a role of the cluster that reads',
      who: 'clerk',
      path: `${RBAC}/clusterroles`,
      body: clusterRole('reads', [allow('get', 'secrets')]),
    },
    {
      name: 'a role of the cluster that joins admin with more',
      who: 'clerk',
      path: `${RBAC}/clusterroles`,
      body: {
        ...clusterRole('joins', [allow('create', 'nodes')]),
        metadata: { name: 'joins', labels: { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' } },
      },
      refused: NOT_HELD,
    },
    {
      name: 'a role that gathers all others',
      who: 'clerk',
      path: `${RBAC}/clusterroles`,
      body: { metadata: { name: 'all' }, aggregationRule: { clusterRoleSelectors: [{}] } },
      refused: 'must have cluster-admin privileges to use the aggregationRule',
    },
    {
      name: 'a role that begins to gather',
      who: 'clerk',
      method: 'PATCH',
      path: `${RBAC}/clusterroles/may-not-grow`,
      body: { aggregationRule: { clusterRoleSelectors: [{}] } },
      refused: 'must have cluster-admin privileges to use the aggregationRule',
    },
    {
      name: 'to let a role grow that may',
      who: 'clerk',
      method: 'PATCH',
      path: `${RBAC}/clusterroles/may-grow`,
      body: { rules: [allow('delete', 'nodes')] },
    },
    {
      name: 'to let a role grow that may not',
      who: 'clerk',
      method: 'PATCH',
      path: `${RBAC}/clusterroles/may-not-grow`,
      body: { rules: [allow('delete', 'nodes')] },
      refused: NOT_HELD,
    },
    {
      name: 'more for cluster-admin itself',
      who: 'clerk',
      method: 'PATCH',
      path: `${RBAC}/clusterroles/clerk`,
      body: { rules: [allow('*', '*', { groups: '*' })] },
      refused: NOT_HELD,
    },
    // Bindings: every rule of the role must be held, or its binding allowed.
    {
      name: 'a binding of a role whose rules are held',
      who: 'boss',
      path: in_('shop', 'rolebindings'),
      body: roleBinding('shop/ok', 'Role boss', 'User friend'),
    },
    {
      name: 'a binding of a stronger role',
      who: 'boss',
      path: in_('shop', 'rolebindings'),
      body: roleBinding('shop/a', 'Role strong', 'User boss'),
      refused: NOT_HELD,
    },
    {
      name: 'a binding of cluster-admin',
      who: 'boss',
      path: in_('shop', 'rolebindings'),
      body: roleBinding('shop/a', 'ClusterRole cluster-admin', 'User boss'),
      refused: NOT_HELD,
    },
    {
      name: 'a binding of a role that is not there',
      who: 'boss',
      path: in_('shop', 'rolebindings'),
      body: roleBinding('shop/a', 'Role to-come', 'User boss'),
      refused: 'roles.rbac.authorization.k8s.io "to-come" not found',
      code: 404,
    },
    {
      name: 'a further subject of a stronger binding',
      who: 'boss',
      method: 'PATCH',
      path: `${in_('shop', 'rolebindings')}/strong`,
      body: { subjects: [{ kind: 'User', apiGroup: GROUP.groups, name: 'boss' }] },
      refused: NOT_HELD,
    },
    {
      name: 'another role of a binding that is there',
      who: 'boss',
      method: 'PATCH',
      path: `${in_('shop', 'rolebindings')}/boss`,
      body: { roleRef: { apiGroup: GROUP.groups, kind: 'ClusterRole', name: 'cluster-admin' } },
      refused: 'cannot change roleRef',
      code: 422,
    },
    {
      name: 'a binding elsewhere',
      who: 'boss',
      path: in_('bank', 'rolebindings'),
      body: roleBinding('bank/a', 'ClusterRole view', 'User boss'),
      refused: 'cannot create resource "rolebindings"',
    },
    {
      name: 'a binding for the cluster',
      who: 'boss',
      path: `${RBAC}/clusterrolebindings`,
      body: clusterRoleBinding('a', 'view', 'User boss'),
      refused: 'cannot create resource "clusterrolebindings"',
    },
    {
      name: 'a binding for the cluster of what is held',
      who: 'clerk',
      path: `${RBAC}/clusterrolebindings`,
      body: clusterRoleBinding('ok', 'clerk', 'User friend'),
    },
    {
      name: 'a binding for the cluster of what may be bound',
      who: 'clerk',
      path: `${RBAC}/clusterrolebindings`,
      body: clusterRoleBinding('ok-view', 'view', 'User friend'),
    },
    {
      name: 'cluster-admin for oneself',
      who: 'clerk',
      path: `${RBAC}/clusterrolebindings`,
      body: clusterRoleBinding('a', 'cluster-admin', 'User clerk'),
      refused: NOT_HELD,
    },
    {
      name: 'oneself into the binding of cluster-admin',
      who: 'clerk',
      method: 'PATCH',
      path: `${RBAC}/clusterrolebindings/cluster-admin`,
      body: { subjects: [{ kind: 'User', apiGroup: GROUP.groups, name: 'clerk' }] },
      refused: NOT_HELD,
    },
    // Certificates: asking is no getting.
    {
      name: 'a certificate of the superusers’ group',
      who: 'clerk',
      path: CSRS,
      body: async () =>
        csr('a', 'kubernetes.io/kube-apiserver-client', await certificateRequestFor('clerk', ['system:masters'])),
      refused: 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    },
    {
      name: 'to approve without the right for the signer',
      who: 'clerk',
      method: 'PATCH',
      path: `${CSRS}/asked/approval`,
      body: { status: approval('Approved') },
      refused: 'user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    },
    {
      name: 'to sign without the right for the signer',
      who: 'clerk',
      method: 'PATCH',
      path: `${CSRS}/asked/status`,
      body: { status: approval('Failed') },
      refused: 'user not permitted to sign requests with signerName "kubernetes.io/kube-apiserver-client"',
    },
    // Questions about others, and acting as them.
    {
      name: 'to ask what others may',
      who: 'eve',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: { spec: { user: 'boss', nonResourceAttributes: { path: '/', verb: 'get' } } },
      refused: 'cannot create resource "subjectaccessreviews"',
    },
    {
      name: 'to ask whose a token is',
      who: 'eve',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      body: { spec: { token: 'a' } },
      refused: 'cannot create resource "tokenreviews"',
    },
    {
      name: 'a token of an account elsewhere',
      who: 'eve',
      path: '/api/v1/namespaces/bank/serviceaccounts/default/token',
      body: { spec: {} },
      refused: 'cannot create resource "serviceaccounts/token"',
    },
    // Whoever may make pods or tokens in a namespace has what its accounts have: documented, and let through.
    {
      name: 'a pod with a stronger account of the namespace',
      who: 'eve',
      path: core('pods'),
      body: pod('as-strong', { serviceAccountName: 'strong' }),
    },
    {
      name: 'a token of a stronger account of the namespace',
      who: 'eve',
      path: core('serviceaccounts/strong/token'),
      body: { spec: {} },
    },
    // Nodes: nothing but themselves and what runs on them.
    {
      name: 'a pod of a node’s own',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('plain', { nodeName: 'node-1' }),
      refused: 'can only create mirror pods',
    },
    {
      name: 'a mirror pod',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('mirror', { nodeName: 'node-1' }, MIRROR),
    },
    {
      name: 'a mirror pod without an owner',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1' }, mirror()),
      refused: notItself,
    },
    {
      name: 'a mirror pod that a set is to count as its own',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1' }, mirror({ ...NODE, apiVersion: 'apps/v1', kind: 'ReplicaSet', uid: 'a' })),
      refused: notItself,
    },
    {
      name: 'a mirror pod of two',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1' }, mirror(NODE, { ...NODE, controller: false, name: 'b', uid: 'b' })),
      refused: 'node "node-1" can only create pods with a single owner reference set to itself',
    },
    {
      name: 'a mirror pod that nobody controls',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1' }, mirror({ ...NODE, controller: false, uid: 'a' })),
      refused: 'node "node-1" can only create pods with a controller owner reference set to itself',
    },
    {
      name: 'a mirror pod that keeps its node',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1' }, mirror({ ...NODE, blockOwnerDeletion: true, uid: 'a' })),
      refused: 'node "node-1" must not set blockOwnerDeletion on an owner reference',
    },
    {
      name: 'a mirror pod of an earlier node',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1' }, mirror({ ...NODE, uid: 'earlier' })),
      refused: 'node node-1 UID mismatch: expected earlier got ',
    },
    {
      name: 'a mirror pod with a bundle of certificates',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod(
        'm',
        {
          nodeName: 'node-1',
          volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { name: 'a', path: 'b' } }] } }],
        },
        MIRROR,
      ),
      refused: 'node "node-1" can not create pods that reference clustertrustbundles',
    },
    {
      name: 'an owner of its own node',
      who: 'system:node:node-1',
      method: 'PATCH',
      path: '/api/v1/nodes/node-1',
      body: { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-2', uid: 'a' }] } },
      refused: 'node "node-1" is not allowed to modify ownerReferences',
    },
    {
      name: 'the claims of a pod on it',
      who: 'system:node:node-1',
      method: 'PATCH',
      path: `${core('pods')}/mine/status`,
      body: { status: { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'theirs' }] } },
      refused: 'node "node-1" cannot update resource claim statues',
    },
    {
      name: 'a mirror pod elsewhere',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-2' }, MIRROR),
      refused: 'node "node-1" can only create pods with spec.nodeName set to itself',
    },
    {
      name: 'a mirror pod with a secret',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1', volumes: [{ name: 'v', secret: { secretName: 'crown' } }] }, MIRROR),
      refused: 'node "node-1" can not create pods that reference secrets',
    },
    {
      name: 'a mirror pod with a config map',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1', volumes: [{ name: 'v', configMap: { name: 'a' } }] }, MIRROR),
      refused: 'node "node-1" can not create pods that reference configmaps',
    },
    {
      name: 'a mirror pod with a claim',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod(
        'm',
        { nodeName: 'node-1', volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'a' } }] },
        MIRROR,
      ),
      refused: 'node "node-1" can not create pods that reference persistentvolumeclaims',
    },
    {
      name: 'a mirror pod with an account',
      who: 'system:node:node-1',
      path: core('pods'),
      body: pod('m', { nodeName: 'node-1', serviceAccountName: 'strong' }, MIRROR),
      refused: 'a mirror pod may not reference service accounts',
    },
    {
      name: 'to delete a pod elsewhere',
      who: 'system:node:node-1',
      method: 'DELETE',
      path: `${core('pods')}/theirs`,
      refused: 'node "node-1" can only delete pods with spec.nodeName set to itself',
    },
    {
      name: 'to evict a pod elsewhere',
      who: 'system:node:node-1',
      path: `${core('pods')}/theirs/eviction`,
      body: { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'theirs', namespace: 'shop' } },
      refused: 'can only evict pods with spec.nodeName set to itself',
    },
    {
      name: 'the status of a pod elsewhere',
      who: 'system:node:node-1',
      method: 'PATCH',
      path: `${core('pods')}/theirs/status`,
      body: { status: { phase: 'Failed' } },
      refused: 'node "node-1" can only update pod status for pods with spec.nodeName set to itself',
    },
    {
      name: 'labels by the status of a pod on it',
      who: 'system:node:node-1',
      method: 'PATCH',
      path: `${core('pods')}/mine/status`,
      body: { metadata: { labels: { app: 'bank' } }, status: {} },
      refused: 'node "node-1" cannot update labels through pod status',
    },
    {
      name: 'the status of a pod on it',
      who: 'system:node:node-1',
      method: 'PATCH',
      path: `${core('pods')}/mine/status`,
      body: { status: { phase: 'Running' } },
    },
    {
      name: 'to evict a pod on it',
      who: 'system:node:node-1',
      path: `${core('pods')}/leaves/eviction`,
      body: { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'leaves', namespace: 'shop' } },
    },
    {
      name: 'another node',
      who: 'system:node:node-1',
      method: 'PATCH',
      path: '/api/v1/nodes/node-2/status',
      body: { status: {} },
      refused: 'node "node-1" is not allowed to modify node "node-2"',
    },
    {
      name: 'a role for its node',
      who: 'system:node:node-1',
      method: 'PATCH',
      path: '/api/v1/nodes/node-1',
      body: { metadata: { labels: { 'node-role.kubernetes.io/vault': '' } } },
      refused: 'is not allowed to modify labels: node-role.kubernetes.io/vault',
    },
    {
      name: 'a lease of another node',
      who: 'system:node:node-1',
      path: '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
      body: { metadata: { name: 'node-2' }, spec: {} },
      refused: 'can only access node lease with the same name as the requesting node',
    },
    {
      name: 'the CSINode of another node',
      who: 'system:node:node-1',
      path: '/apis/storage.k8s.io/v1/csinodes',
      body: { metadata: { name: 'node-2' }, spec: { drivers: [] } },
      refused: 'can only access CSINode with the same name as the requesting node',
    },
    {
      name: 'devices of another node',
      who: 'system:node:node-1',
      path: '/apis/resource.k8s.io/v1/resourceslices',
      body: {
        metadata: { name: 's' },
        spec: {
          driver: 'gpu.example.com',
          nodeName: 'node-2',
          pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        },
      },
      refused: 'can only create ResourceSlice with the same NodeName as the requesting node',
    },
    {
      name: 'a certificate of another node',
      who: 'system:node:node-1',
      path: CSRS,
      body: async () =>
        csr(
          'n',
          'kubernetes.io/kube-apiserver-client-kubelet',
          await certificateRequestFor('system:node:node-2', ['system:nodes']),
        ),
      refused: 'can only create a node CSR with CN=system:node:node-1',
    },
    {
      name: 'a certificate of its own',
      who: 'system:node:node-1',
      path: CSRS,
      body: async () =>
        csr(
          'own',
          'kubernetes.io/kube-apiserver-client-kubelet',
          await certificateRequestFor('system:node:node-1', ['system:nodes']),
        ),
    },
    {
      name: 'a token of no pod',
      who: 'system:node:node-1',
      path: core('serviceaccounts/strong/token'),
      body: { spec: {} },
      refused: 'node requested token not bound to a pod',
    },
    {
      name: 'a token of a pod that it does not know',
      who: 'system:node:node-1',
      path: core('serviceaccounts/strong/token'),
      body: { spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'mine' } } },
      refused: 'node requested token with a pod binding without a uid',
    },
    {
      name: 'a token of a pod elsewhere',
      who: 'system:node:node-1',
      path: core('serviceaccounts/strong/token'),
      body: () => ({ spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'theirs', uid: uidOfTheirs } } }),
      refused: 'node requested token bound to a pod scheduled on a different node',
    },
    {
      name: 'a token of a pod on it',
      who: 'system:node:node-1',
      path: core('serviceaccounts/strong/token'),
      body: () => tokenOfMine(),
    },
    ...['vault', 'bucket', 'registry'].map((audience) => ({
      name: `a token of a pod on it for ${audience}, as a volume, a driver or a role says`,
      who: 'system:node:node-1',
      path: core('serviceaccounts/strong/token'),
      body: () => tokenOfMine(audience),
    })),
    {
      name: 'a token for whom no pod on it has one',
      who: 'system:node:node-1',
      path: core('serviceaccounts/strong/token'),
      body: () => tokenOfMine('bank'),
      refused:
        'audience "bank" not found in pod spec volume, system:node:node-1 is not authorized to request tokens for this audience',
    },
    {
      name: 'a token for several',
      who: 'system:node:node-1',
      path: core('serviceaccounts/strong/token'),
      body: () => tokenOfMine('vault', 'bucket'),
      refused: 'node may only request 0 or 1 audiences',
    },
  ])('$who tries $name', async ({ who, method = 'POST', path, body, refused, code = 403 }) => {
    const asked = as(who).request({
      method,
      path,
      ...(body ? { body: typeof body === 'function' ? await body() : body } : {}),
      ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
    })
    if (refused === undefined) await asked
    else await expect(asked).rejects.toMatchObject({ code, message: expect.stringContaining(refused) })
  })
})
