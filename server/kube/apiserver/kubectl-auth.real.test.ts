// Who may do what, as people ask and tell it with kubectl: create role, auth can-i, auth reconcile, whoami, --as.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeKubeconfig } from '../client/kubeconfig.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const run = promisify(execFile)
const ROBOT = 'system:serviceaccount:shop:robot'

describe.each(['1.36', '1.32', '1.20'])('kubectl %s', (version) => {
  let test: TestServer
  let directory: string
  let port: number

  beforeAll(async () => {
    test = await startTestServer()
    directory = await mkdtemp(join(tmpdir(), 'podium-kubectl-auth-'))
    port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
    await kubeconfig('admin', await test.pki.issue('kubernetes-admin', ['system:masters']))
    await kubeconfig('otter', await test.pki.issue('otter', ['class-a']))
    await kubectl('admin', 'create', 'namespace', 'shop')
  })
  afterAll(async () => {
    await test[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  async function kubeconfig(name: string, user: { certPem: string; keyPem: string } | { token: string }) {
    const config = { server: `https://127.0.0.1:${port}`, caPem: test.pki.caPem, ...user }
    await writeFile(join(directory, name), writeKubeconfig(config, { cluster: 'test', user: name }))
  }

  async function kubectl(user: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(`.cache/bin/kubectl-${version}`, args, {
      env: { ...process.env, KUBECONFIG: join(directory, user), HOME: directory },
    }).catch((err: { stdout: string; stderr: string }) => ({ stdout: err.stdout, stderr: err.stderr }))
    return stdout + stderr
  }

  it('makes roles and bindings, and shows them', async () => {
    expect(
      await kubectl(
        'admin',
        'create',
        'role',
        'deployer',
        '-n',
        'shop',
        '--verb=get,list,patch',
        '--resource=deployments.apps,pods/log',
      ),
    ).toMatch(/role.rbac.authorization.k8s.io\/deployer created/)
    await kubectl('admin', 'create', 'serviceaccount', 'robot', '-n', 'shop')
    expect(
      await kubectl(
        'admin',
        'create',
        'rolebinding',
        'deploys',
        '-n',
        'shop',
        '--role=deployer',
        '--serviceaccount=shop:robot',
        '--user=otter',
      ),
    ).toMatch(/rolebinding.rbac.authorization.k8s.io\/deploys created/)
    expect(await kubectl('admin', 'create', 'clusterrole', 'nodes', '--verb=get', '--resource=nodes')).toMatch(
      /created/,
    )
    expect(
      await kubectl('admin', 'create', 'clusterrolebinding', 'nodes', '--clusterrole=nodes', '--group=class-a'),
    ).toMatch(/created/)
    expect(await kubectl('admin', 'get', 'role', '-n', 'shop')).toMatch(/^NAME +CREATED AT\ndeployer +\d{4}-\d\d-\d\dT/)
    expect(await kubectl('admin', 'get', 'rolebinding', '-n', 'shop', '-o', 'wide')).toMatch(
      /^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\ndeploys +Role\/deployer +\d+s +otter +shop\/robot\n/,
    )
    expect(await kubectl('admin', 'describe', 'role', 'deployer', '-n', 'shop')).toMatch(
      /Resources +Non-Resource URLs +Resource Names +Verbs/,
    )
    expect(await kubectl('admin', 'get', 'clusterrolebinding', 'cluster-admin', '-o', 'wide')).toMatch(
      /ClusterRole\/cluster-admin +\d+s +system:masters/,
    )
  })

  it('says yes and no', async () => {
    const canI = (user: string, ...args: string[]) => kubectl(user, 'auth', 'can-i', ...args)
    expect(await canI('otter', 'patch', 'deployments.apps', '-n', 'shop')).toBe('yes\n')
    expect(await canI('otter', 'delete', 'deployments.apps', '-n', 'shop')).toMatch(/^no\b/)
    expect(await canI('otter', 'get', 'pods', '--subresource=log', '-n', 'shop')).toBe('yes\n')
    expect(await canI('otter', 'get', 'nodes')).toMatch(/^yes\n/)
    expect(await canI('otter', 'get', '/healthz')).toBe('yes\n')
    expect(await canI('admin', 'patch', 'deployments', '-n', 'shop', `--as=${ROBOT}`)).toBe('yes\n')
    expect(await canI('admin', 'delete', 'deployments', '-n', 'shop', `--as=${ROBOT}`)).toMatch(/^no\b/)
    expect(await canI('admin', '*', '*')).toBe('yes\n')
  })

  it('lists what one may do', async () => {
    const list = await kubectl('otter', 'auth', 'can-i', '--list', '-n', 'shop')
    expect(list).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs\n/)
    expect(list).toMatch(/deployments.apps +\[\] +\[\] +\[get list patch\]/)
    expect(list).toMatch(/selfsubjectaccessreviews.authorization.k8s.io +\[\] +\[\] +\[create\]/)
    expect(list).toMatch(/\[\/healthz\] +\[\] +\[get\]/)
    expect(await kubectl('admin', 'auth', 'can-i', '--list', '-n', 'shop', `--as=${ROBOT}`)).toMatch(/pods\/log/)
  })

  it('acts as another, whom it may be', async () => {
    const web = ['get', 'deployments', '-n', 'shop']
    expect(await kubectl('admin', ...web, `--as=${ROBOT}`)).toMatch(/No resources found/)
    expect(await kubectl('admin', 'delete', 'deployment', 'web', '-n', 'shop', `--as=${ROBOT}`)).toMatch(
      /Error from server \(Forbidden\): deployments.apps "web" is forbidden: User "system:serviceaccount:shop:robot" cannot delete resource "deployments" in API group "apps" in the namespace "shop"/,
    )
    expect(await kubectl('otter', ...web, `--as=${ROBOT}`)).toMatch(
      /User "otter" cannot impersonate-on:serviceaccount:(list|get) /,
    )
    expect(await kubectl('admin', 'get', 'nodes', '--as=heron', '--as-group=class-a', '-o', 'name')).toMatch(
      /User "heron" cannot list resource "nodes"/,
    )
  })

  // The oldest kubectl cannot ask yet.
  const newIt = version === '1.20' ? () => undefined : it
  newIt('says who one is', async () => {
    expect(await kubectl('otter', 'auth', 'whoami')).toMatch(
      /Username +otter\nGroups +\[class-a system:authenticated\]/,
    )
    expect(await kubectl('admin', 'auth', 'whoami', '--as=heron', '--as-uid=7')).toMatch(
      /Username +heron\nUID +7\nGroups +\[system:authenticated\]/,
    )
    const token = (await kubectl('admin', 'create', 'token', 'robot', '-n', 'shop')).trim()
    await kubeconfig('robot', { token })
    expect(await kubectl('robot', 'auth', 'whoami')).toMatch(/Username +system:serviceaccount:shop:robot/)
    expect(await kubectl('robot', 'get', 'deployments', '-n', 'shop')).toMatch(/No resources found/)
    expect(await kubectl('robot', 'get', 'secrets', '-n', 'shop')).toMatch(/cannot list resource "secrets"/)
  })

  it('answers reviews that come as files', async () => {
    const review = async (kind: string, spec: string, namespace = '') => {
      const file = join(directory, 'review.yaml')
      const where = namespace && `metadata: {namespace: ${namespace}}\n`
      await writeFile(file, `apiVersion: authorization.k8s.io/v1\nkind: ${kind}\n${where}spec: ${spec}\n`)
      return kubectl('admin', 'create', '-f', file, '-o', 'yaml')
    }
    const about = `resourceAttributes: {group: apps, resource: deployments, verb: patch, namespace: shop}`
    expect(await review('SelfSubjectAccessReview', `{${about}}`)).toMatch(/status:\n {2}allowed: true/)
    expect(await review('SubjectAccessReview', `{user: otter, ${about}}`)).toMatch(
      /allowed: true\n {2}reason: .*RoleBinding "deploys\/shop" of Role "deployer"\s+to\s+User\s+"otter"/,
    )
    expect(await review('LocalSubjectAccessReview', `{user: nobody, ${about}}`, 'shop')).toMatch(/allowed: false/)
    expect(await review('SelfSubjectRulesReview', '{namespace: shop}')).toMatch(/incomplete: false/)
  })

  it('reconciles a file with what is there', async () => {
    const file = join(directory, 'policy.yaml')
    await writeFile(
      file,
      `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploys, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
- {kind: User, name: heron, apiGroup: rbac.authorization.k8s.io}
`,
    )
    expect(await kubectl('admin', 'auth', 'reconcile', '-f', file)).toMatch(
      /role.rbac.authorization.k8s.io\/deployer reconciled/,
    )
    const canI = (verb: string, user: string) =>
      kubectl('admin', 'auth', 'can-i', verb, 'deployments.apps', '-n', 'shop', `--as=${user}`)
    expect(await canI('delete', 'heron')).toBe('yes\n')
    expect(await canI('patch', 'otter'), 'what was there stays').toBe('yes\n')
  })

  it('names roles as people do', async () => {
    for (const name of ['Team_Blue:lead', 'grüße', '役割', '🦦']) {
      expect(await kubectl('admin', 'create', 'role', name, '-n', 'shop', '--verb=get', '--resource=pods')).toMatch(
        /created/,
      )
      expect(await kubectl('admin', 'get', 'role', name, '-n', 'shop', '-o', 'jsonpath={.metadata.name}')).toBe(name)
    }
    expect((await kubectl('admin', 'get', 'roles', '-n', 'shop', '-o', 'name')).split('\n')).toContain(
      'role.rbac.authorization.k8s.io/役割',
    )
    expect(await kubectl('admin', 'create', 'role', 'a%b', '-n', 'shop', '--verb=get', '--resource=pods')).toMatch(
      /may not contain '%'/,
    )
  })

  it('refuses to give away what one does not have', async () => {
    await kubectl(
      'admin',
      'create',
      'rolebinding',
      'admins',
      '-n',
      'shop',
      '--clusterrole=system:aggregate-to-admin',
      '--user=heron',
    )
    expect(
      await kubectl('admin', 'create', 'role', 'keys', '-n', 'shop', '--verb=get', '--resource=secrets', '--as=heron'),
    ).toMatch(
      /is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["get"\]\}/,
    )
    expect(
      await kubectl(
        'admin',
        'create',
        'rolebinding',
        'up',
        '-n',
        'shop',
        '--clusterrole=cluster-admin',
        '--user=heron',
        '--as=heron',
      ),
    ).toMatch(/rolebindings.rbac.authorization.k8s.io "up" is forbidden/)
    expect(
      await kubectl(
        'admin',
        'patch',
        'rolebinding',
        'deploys',
        '-n',
        'shop',
        '--type=merge',
        '-p',
        '{"roleRef":{"name":"other"}}',
      ),
    ).toMatch(/roleRef: Invalid value: .*cannot change roleRef/)
  })
})
