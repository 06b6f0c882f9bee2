// A certificate authority of this installation, trusted by its machines only, and a certificate that lets the classroom's
// registry answer to the names of the public ones. So `docker pull nginx` finds the classroom's nginx, and an image that
// is not there is a plain "manifest unknown" instead of a time-out.
import { webcrypto } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const REGISTRY_NAMES = [
  'registry-1.docker.io',
  'docker.io',
  'index.docker.io',
  'registry.k8s.io',
  'k8s.gcr.io',
  'gcr.io',
  'ghcr.io',
  'quay.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
] as const

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Returns the directory with ca.crt, registry.crt and registry.key; made once per installation. */
export async function ensureRegistryCertificates(
  stateDir: string,
): Promise<{ directory: string; caCertificate: string }> {
  const directory = join(stateDir, 'registry-tls')
  const caFile = join(directory, 'ca.crt')
  if (!existsSync(caFile)) {
    const made = `${directory}.partial-${process.pid}`
    await mkdir(made, { recursive: true, mode: 0o700 })
    const files = await issue()
    for (const [name, content] of Object.entries(files)) await writeFile(join(made, name), content, { mode: 0o600 })
    await rename(made, directory).catch((err: NodeJS.ErrnoException) => {
      if (err.code !== 'ENOTEMPTY' && err.code !== 'EEXIST') throw err
    })
  }
  return { directory, caCertificate: await readFile(caFile, 'utf8') }
}

async function issue(): Promise<Record<'ca.crt' | 'registry.crt' | 'registry.key', string>> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509') // needed once per installation
  x509.cryptoProvider.set(webcrypto as Crypto)
  const notBefore = new Date(Date.now() - 24 * 3600_000)
  const notAfter = new Date(Date.now() + 10 * 365 * 24 * 3600_000)
  const authority = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair
  const server = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Podium classroom registry CA',
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=Podium classroom registry',
    issuer: ca.subject,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension(REGISTRY_NAMES.map((value) => ({ type: 'dns' as const, value }))),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64')
  const pem = `-----BEGIN PRIVATE KEY-----\n${(key.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`
  return {
    'ca.crt': `${ca.toString('pem')}\n`,
    'registry.crt': `${certificate.toString('pem')}\n`,
    'registry.key': pem,
  }
}
