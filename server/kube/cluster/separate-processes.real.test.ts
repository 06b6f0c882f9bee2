// The shape the textbooks draw: API server with its store, controllers, scheduler and a kubelet as processes that know
// nothing of each other but kubeconfigs.

import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { kubectl } from '../../../e2e/support/commands.ts'
import { until } from '../../../e2e/support/until.ts'
import { systemClock } from '../../base/clock.ts'
import { certificateRequestFor } from '../apiserver/testing/certificate-request.ts'
import { rawRequest } from '../apiserver/testing/raw-request.ts'
import { writeKubeconfig } from '../client/kubeconfig.ts'
import { openPki } from './pki.ts'

const CLI = join(import.meta.dirname, '..', '..', 'cli.ts')
let directory: string
let children: ChildProcess[]
const output: string[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-processes-'))
  children = []
})
afterEach(async () => {
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  for (const child of running) child.kill('SIGTERM')
  await Promise.all(running.map((child) => new Promise((gone) => child.once('exit', gone))))
  await rm(directory, { recursive: true, force: true })
})

function component(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk) => output.push(`${args[0]}: ${chunk}`))
  child.stderr.on('data', (chunk) => output.push(`${args[0]}: ${chunk}`))
  children.push(child)
  return child
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  await new Promise((closed) => server.close(closed))
  return port
}

it('runs a Deployment through five processes, and goes on after one of them was killed', {
  timeout: 120_000,
}, async () => {
  const pki = await openPki({ directory: join(directory, 'pki'), clock: systemClock })
  const file = (name: string) => join(directory, 'pki', name)
  await pki.keep('apiserver', { commonName: 'kube-apiserver', usages: ['server'], ipAddresses: ['127.0.0.1'] })
  const port = await freePort()
  const kubeconfig = async (name: string, user: string, organizations: string[]) => {
    const pair = await pki.issue({ commonName: user, organizations, usages: ['client'] })
    const path = join(directory, `${name}.conf`)
    await writeFile(
      path,
      writeKubeconfig(
        { server: `https://127.0.0.1:${port}`, caPem: pki.caPem, ...pair },
        { cluster: 'hard-way', user },
      ),
    )
    return path
  }
  const admin = await kubeconfig('admin', 'kubernetes-admin', ['system:masters'])
  const kube = kubectl('1.36', admin)

  const apiServer = () =>
    component(
      'kube-apiserver',
      ...['--data-dir', join(directory, 'store'), '--secure-port', String(port), '--client-ca-file', file('ca.crt')],
      ...['--tls-cert-file', file('apiserver.crt'), '--tls-private-key-file', file('apiserver.key')],
      ...['--service-account-signing-key-file', file('sa.key'), '--service-account-key-file', file('sa.pub')],
    )
  const first = apiServer()
  const managerPort = await freePort()
  await writeFile(
    file('policy.yaml'),
    `apiVersion: descheduler/v1alpha2
kind: DeschedulerPolicy
profiles:
- name: taints
  plugins: {deschedule: {enabled: [RemovePodsViolatingNodeTaints]}}
`,
  )
  component(
    'kube-controller-manager',
    ...['--kubeconfig', await kubeconfig('controllers', 'system:kube-controller-manager', [])],
    ...['--root-ca-file', file('ca.crt'), '--secure-port', String(managerPort)],
    ...['--controllers', '*,descheduler', '--descheduler-policy-file', file('policy.yaml')],
    ...['--cluster-signing-cert-file', file('ca.crt'), '--cluster-signing-key-file', file('ca.key')],
    ...['--tls-cert-file', file('apiserver.crt'), '--tls-private-key-file', file('apiserver.key')],
  )
  component('kube-scheduler', '--kubeconfig', await kubeconfig('scheduler', 'system:kube-scheduler', []))
  component(
    'kubelet',
    '--kubeconfig',
    await kubeconfig('kubelet', 'system:node:sim-1', ['system:nodes']),
    '--hostname-override',
    'sim-1',
  )

  const ready = async (replicas: number) =>
    until(`${replicas} ready replicas; ${output.join('').slice(-2000)}`, async () => {
      const { stdout } = await kube(`get deploy web -o jsonpath='{.status.readyReplicas}'`)
      return stdout === String(replicas)
    })
  await until('the API server answers', async () => (await kube('get --raw /readyz')).stdout === 'ok')
  expect(await kube('create deployment web --image=nginx --replicas=3')).toMatchObject({ code: 0 })
  await ready(3)
  await kube('create serviceaccount scraper -n kube-system')
  await kube('create clusterrole scraper --verb=get --non-resource-url=/metrics')
  await kube('create clusterrolebinding scraper --clusterrole=scraper --serviceaccount=kube-system:scraper')
  const { stdout: token } = await kube('create token scraper -n kube-system')
  const { text } = await rawRequest({
    port: managerPort,
    caPem: pki.caPem,
    path: '/metrics',
    headers: { authorization: `Bearer ${token.trim()}` },
  })
  expect(text).toContain('leader_election_master_status{name="kube-controller-manager"} 1\n')
  expect(text).toMatch(/^workqueue_work_duration_seconds_count\{name="replicaset"\} [1-9]/m)
  expect(text).toMatch(/^workqueue_work_duration_seconds_count\{name="descheduler"\} 1$/m)
  // Whoever has a certificate of the cluster is known at a component's port as well.
  const operator = await pki.issue({ commonName: 'ops', organizations: ['system:monitoring'], usages: ['client'] })
  const told = { port: managerPort, caPem: pki.caPem, path: '/metrics', ...operator }
  await until('the certificate is believed', async () => (await rawRequest(told)).code === 200)

  first.kill('SIGKILL')
  await new Promise((gone) => first.once('exit', gone))
  apiServer()
  await until('the API server answers again', async () => (await kube('get --raw /readyz')).stdout === 'ok')
  expect(await kube('scale deploy web --replicas=5')).toMatchObject({ code: 0 })
  await ready(5)

  const request = await certificateRequestFor('otter', ['class-a'])
  const manifest = join(directory, 'otter.json')
  const spec = { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] }
  const [apiVersion, kind] = ['certificates.k8s.io/v1', 'CertificateSigningRequest']
  await writeFile(manifest, JSON.stringify({ apiVersion, kind, metadata: { name: 'otter' }, spec }))
  expect(await kube(`create -f ${manifest}`)).toMatchObject({ code: 0 })
  expect(await kube('certificate approve otter')).toMatchObject({ code: 0 })
  const certificate = await until(
    'its certificate is signed',
    async () => (await kube(`get csr otter -o jsonpath='{.status.certificate}'`)).stdout || undefined,
  )
  expect(new X509Certificate(Buffer.from(certificate, 'base64')).subject).toBe('O=class-a\nCN=otter')
})
