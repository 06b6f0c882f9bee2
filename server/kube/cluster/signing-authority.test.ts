import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { certificateRequestFor } from '../apiserver/testing/certificate-request.ts'
import { signerOf } from './signing-authority.ts'

const openssl = async (...args: string[]) => (await promisify(execFile)('openssl', args, { cwd: directory })).stdout
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-signing-'))
})
afterAll(() => rm(directory, { recursive: true }))
const file = (name: string) => join(directory, name)

const derOf = (base64: string) => {
  const pem = Buffer.from(base64, 'base64').toString()
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return new Uint8Array(der).buffer
}

describe('an authority from files', () => {
  it.each([
    ['rsa', (key: string) => openssl('genrsa', '-traditional', '-out', key, '2048')],
    ['p256', (key: string) => openssl('ecparam', '-genkey', '-noout', '-name', 'prime256v1', '-out', key)],
    ['p384', (key: string) => openssl('ecparam', '-genkey', '-noout', '-name', 'secp384r1', '-out', key)],
  ])('signs with a key of kind %s as openssl wrote it', async (name, makeKey) => {
    await makeKey(`${name}.key`)
    await openssl('req', '-x509', '-new', '-key', `${name}.key`, '-subj', '/CN=own', '-out', `${name}.crt`)
    const sign = await signerOf(
      {
        clusterSigningCertFile: file(`${name}.crt`),
        clusterSigningKeyFile: file(`${name}.key`),
        clusterSigningDuration: '2h',
      },
      systemClock,
    )
    const request = derOf(await certificateRequestFor('otter', ['class-a']))
    const pem = await sign?.({ request, usages: ['client auth'], seconds: 1_000_000 })
    await writeFile(file('leaf.crt'), pem ?? '')
    expect(await openssl('verify', '-CAfile', `${name}.crt`, 'leaf.crt')).toBe('leaf.crt: OK\n')
    const { validToDate, subject } = new X509Certificate(pem ?? '')
    expect(subject).toBe('O=class-a\nCN=otter')
    expect(validToDate.getTime() - systemClock.now()).toBeLessThanOrEqual(2 * 3600_000)
  })

  it('is nobody when none is named, and says what is wrong with one that is', async () => {
    expect(await signerOf({}, systemClock)).toBeUndefined()
    const pair = (cert: string, key: string) => ({
      clusterSigningCertFile: file(cert),
      clusterSigningKeyFile: file(key),
    })
    const told = (flags: object) => expect(signerOf(flags, systemClock)).rejects
    await told({ clusterSigningCertFile: file('rsa.crt') }).toThrow('go together')
    await told(pair('rsa.crt', 'p256.key')).toThrow('the key is not the certificate’s')
    await told({ ...pair('rsa.crt', 'rsa.key'), clusterSigningDuration: 'long' }).toThrow('"long" is no time')
  })
})
