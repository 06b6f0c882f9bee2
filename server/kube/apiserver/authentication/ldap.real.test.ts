// People of a real LDAP directory (Debian's slapd) in kubectl, by the webhook of deploy/examples.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../../../e2e/support/until.ts'
import { writeKubeconfig } from '../../client/kubeconfig.ts'
import { testPki } from '../testing/test-pki.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { readAuthenticationFlags } from './index.ts'

const run = promisify(execFile)
const BASE = 'dc=school,dc=example'
const WEBHOOK = join(import.meta.dirname, '..', '..', '..', '..', 'deploy', 'examples', 'ldap-webhook.mjs')

let directory: string
let test: TestServer
let ldap: string
const children: ChildProcess[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-ldap-'))
  ldap = `ldap://127.0.0.1:${await freePort()}`
  await startDirectory()
  const { port, caPem } = await startWebhook()
  const file = join(directory, 'webhook.conf')
  await writeFile(file, writeKubeconfig({ server: `https://127.0.0.1:${port}`, caPem }))
  const flags = {
    'authentication-token-webhook-config-file': file,
    'authentication-token-webhook-version': 'v1',
    'authentication-token-webhook-cache-ttl': '0s',
  }
  const authentication = await readAuthenticationFlags(flags, 'https://kubernetes.default.svc.cluster.local')
  test = await startTestServer({ options: { authentication } })
  await writeFile(join(directory, 'ca.pem'), test.pki.caPem)
})
afterAll(async () => {
  await test?.[Symbol.asyncDispose]()
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  for (const child of running) child.kill()
  await Promise.all(running.map((child) => once(child, 'exit')))
  await rm(directory, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  await new Promise((closed) => server.close(closed))
  return port
}

async function startDirectory(): Promise<void> {
  const conf = join(directory, 'slapd.conf')
  const schemas = ['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`)
  await mkdir(join(directory, 'db'))
  await writeFile(
    conf,
    [
      ...schemas,
      'modulepath /usr/lib/ldap',
      'moduleload back_mdb',
      `pidfile ${join(directory, 'slapd.pid')}`,
      'database mdb',
      `suffix "${BASE}"`,
      `rootdn "cn=admin,${BASE}"`,
      'rootpw of-the-admin',
      `directory ${join(directory, 'db')}`,
      '',
    ].join('\n'),
  )
  const entry = (dn: string, lines: string[]) => [`dn: ${dn}${BASE}`, ...lines, ''].join('\n')
  const person = (uid: string, password: string) =>
    entry(`uid=${uid},ou=people,`, [
      'objectClass: inetOrgPerson',
      `cn: ${uid}`,
      `sn: ${uid}`,
      `userPassword: ${password}`,
    ])
  const group = (name: string, ...members: string[]) =>
    entry(`cn=${name},ou=groups,`, [
      'objectClass: groupOfNames',
      ...members.map((uid) => `member: uid=${uid},ou=people,${BASE}`),
    ])
  const unit = (name: string) => entry(`ou=${name},`, ['objectClass: organizationalUnit'])
  const school = entry('', ['objectClass: dcObject', 'objectClass: organization', 'o: School'])
  const entries = [school, unit('people'), unit('groups'), person('otter', 'fish'), person('heron', 'frog')]
  await writeFile(
    join(directory, 'school.ldif'),
    [...entries, group('class-a', 'otter', 'heron'), group('swimmers', 'otter')].join('\n'),
  )
  await run('/usr/sbin/slapadd', ['-f', conf, '-l', join(directory, 'school.ldif')])
  children.push(spawn('/usr/sbin/slapd', ['-f', conf, '-h', ldap, '-d', '0'], { stdio: 'ignore' }))
  await until('the directory answers', () => run('ldapsearch', ['-x', '-H', ldap, '-b', BASE, '-s', 'base']))
}

async function startWebhook(): Promise<{ port: number; caPem: string }> {
  const pki = await testPki('authority of the webhook')
  const { certPem, keyPem } = await pki.issue('ldap-webhook')
  const [cert, key] = [join(directory, 'webhook.crt'), join(directory, 'webhook.key')]
  await writeFile(cert, certPem)
  await writeFile(key, keyPem)
  const child = spawn(process.execPath, [WEBHOOK, ldap, BASE, cert, key, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  return { port: Number(/port (\d+)/.exec(String(line))?.[1]), caPem: pki.caPem }
}

let port: number | undefined
async function whoAmI(token: string): Promise<string> {
  port ??= (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
  const server = [`--server=https://127.0.0.1:${port}`, `--certificate-authority=${join(directory, 'ca.pem')}`]
  const { stdout, stderr } = await run('.cache/bin/kubectl-1.36', ['auth', 'whoami', ...server, `--token=${token}`], {
    env: { ...process.env, KUBECONFIG: join(directory, 'none'), HOME: directory },
  }).catch((err: { stdout: string; stderr: string }) => err)
  return stdout + stderr
}
const REFUSED = /Unauthorized|must be logged in/

it('lets people of the directory in with their passwords, in their groups', async () => {
  expect(await whoAmI('otter:fish')).toMatch(/Username +otter\nGroups +\[class-a swimmers system:authenticated\]/)
  expect(await whoAmI('heron:frog')).toMatch(/Username +heron\nGroups +\[class-a system:authenticated\]/)
})

it.each(['otter:frog', 'otter:', 'nobody:fish', 'otter,ou=people:fish', '*:fish', 'otter', ':'])(
  'lets nobody in by %s',
  async (token) => {
    expect(await whoAmI(token)).toMatch(REFUSED)
  },
)

it('asks the directory, so that a new password counts and the old one no longer does', async () => {
  const admin = ['-x', '-H', ldap, '-D', `cn=admin,${BASE}`, '-w', 'of-the-admin']
  await run('ldappasswd', [...admin, '-s', 'eel', `uid=heron,ou=people,${BASE}`])
  expect(await whoAmI('heron:eel')).toMatch(/Username +heron/)
  expect(await whoAmI('heron:frog')).toMatch(REFUSED)
})

it('binds their groups to roles like any other', async () => {
  const rbac = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }
  const subjects = [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'swimmers' }]
  await test.transport.request({
    method: 'POST',
    path: rbac,
    body: { metadata: { name: 'swimmers' }, roleRef, subjects },
  })
  const server = [`--server=https://127.0.0.1:${port}`, `--certificate-authority=${join(directory, 'ca.pem')}`]
  const list = (token: string) =>
    run('.cache/bin/kubectl-1.36', ['get', 'namespaces', '-o', 'name', ...server, `--token=${token}`], {
      env: { ...process.env, KUBECONFIG: join(directory, 'none'), HOME: directory },
    })
  expect((await list('otter:fish')).stdout).toContain('namespace/kube-system')
  await expect(list('heron:eel')).rejects.toThrow('User "heron" cannot list resource "namespaces"')
})
