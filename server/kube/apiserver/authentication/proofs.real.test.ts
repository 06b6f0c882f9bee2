// Proofs as people make them: openssl for a certificate signed by hand with the cluster's authority, kubectl for the rest.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { readAuthenticationFlags } from './index.ts'

const run = promisify(execFile)
let test: TestServer
let directory: string
let port: number

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-proofs-'))
  await writeFile(join(directory, 'tokens.csv'), 'a-listed-token,otter,1,"class-a"\n')
  await writeFile(join(directory, 'passwords.csv'), 'a-password,seal,2,"class-b"\n')
  const flags = {
    'token-auth-file': join(directory, 'tokens.csv'),
    'basic-auth-file': join(directory, 'passwords.csv'),
  }
  const authentication = await readAuthenticationFlags(flags, 'https://kubernetes.default.svc.cluster.local')
  test = await startTestServer({ options: { authentication } })
  port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
  await writeFile(join(directory, 'ca.pem'), test.pki.caPem)
  await writeFile(join(directory, 'ca-key.pem'), test.pki.caKeyPem)
})
afterAll(async () => {
  await test[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })

async function whoAmI(...proof: string[]): Promise<string> {
  const server = [`--server=https://127.0.0.1:${port}`, `--certificate-authority=${join(directory, 'ca.pem')}`]
  const { stdout, stderr } = await run('.cache/bin/kubectl-1.36', ['auth', 'whoami', ...server, ...proof], {
    env: { ...process.env, KUBECONFIG: join(directory, 'none'), HOME: directory },
  }).catch((err: { stdout: string; stderr: string }) => err)
  return stdout + stderr
}

it('knows who holds a certificate that openssl made and the authority signed by hand', async () => {
  await openssl('genrsa', '-out', 'heron.key', '2048')
  await openssl('req', '-new', '-key', 'heron.key', '-out', 'heron.csr', '-subj', '/CN=heron/O=birds/O=waders')
  await openssl(
    ...['x509', '-req', '-in', 'heron.csr', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial'],
    ...['-out', 'heron.crt', '-days', '1'],
  )
  const shown = await whoAmI(
    `--client-certificate=${join(directory, 'heron.crt')}`,
    `--client-key=${join(directory, 'heron.key')}`,
  )
  expect(shown).toMatch(/Username +heron\nGroups +\[birds waders system:authenticated\]/)
})

it('refuses one that nobody of ours has signed', async () => {
  await openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'self.key', '-out', 'self.crt'],
    ...['-subj', '/CN=root/O=system:masters', '-days', '1'],
  )
  const shown = await whoAmI(
    `--client-certificate=${join(directory, 'self.crt')}`,
    `--client-key=${join(directory, 'self.key')}`,
  )
  expect(shown).toMatch(/Unauthorized|must be logged in/)
})

it('knows who holds a listed token, and who has a password', async () => {
  expect(await whoAmI('--token=a-listed-token')).toMatch(/Username +otter\nUID +1\nGroups +\[class-a /)
  expect(await whoAmI('--token=another-token')).toMatch(/Unauthorized|must be logged in/)
  const shown = await whoAmI('--username=seal', '--password=a-password')
  expect(shown).toMatch(/Username +seal/)
  expect(shown).toMatch(/Warning: basic authentication was removed from Kubernetes in v1\.19/)
})
