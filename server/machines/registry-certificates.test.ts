import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  authoritiesOf,
  ensureRegistryCertificates,
  REGISTRY_NAMES,
  type RegistryCertificates,
} from './registry-certificates.ts'

let stateDir: string
let made: RegistryCertificates
const read = (name: string) => readFile(join(made.directory, name), 'utf8')

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'podium-tls-'))
  made = await ensureRegistryCertificates(stateDir)
})
afterAll(() => rm(stateDir, { recursive: true, force: true }))

it('lets the registry answer to every public name, on the word of an authority of its own', async () => {
  const ca = new X509Certificate(made.caCertificate)
  const certificate = new X509Certificate(await read('registry.crt'))
  expect(certificate.verify(ca.publicKey)).toBe(true)
  expect(certificate.checkPrivateKey(createPrivateKey(await read('registry.key')))).toBe(true)
  for (const name of REGISTRY_NAMES) expect(certificate.checkHost(name)).toBe(name)
  expect(certificate.checkHost('example.com')).toBeUndefined()
  expect(certificate.ca).toBe(false)
})

it('has machines believe the registry that learners push to as well, on the word of another', async () => {
  const certificate = new X509Certificate(await readFile(join(made.pushDirectory, 'registry.crt')))
  expect(certificate.checkHost('registry.podium')).toBe('registry.podium')
  expect(certificate.checkHost('docker.io')).toBeUndefined()
  const authorities = made.caCertificate.split(/(?=-----BEGIN)/).map((pem) => new X509Certificate(pem))
  expect(authorities.map(({ publicKey }) => certificate.verify(publicKey))).toEqual([false, true])
  expect(await authoritiesOf(stateDir)).toBe(made.caCertificate)
  expect(await authoritiesOf(join(stateDir, 'elsewhere'))).toBeUndefined()
})

it('keeps its key to root', async () => {
  expect((await stat(join(made.directory, 'registry.key'))).mode & 0o077).toBe(0)
})

it('is made once, because machines trust the first', async () => {
  expect((await ensureRegistryCertificates(stateDir)).caCertificate).toBe(made.caCertificate)
})
