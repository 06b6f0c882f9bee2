// A certificate authority of this installation, trusted by its machines only, and a certificate that lets the classroom's
// registry answer to the names of the public ones; and the same for the registry that learners push to. So `docker pull nginx` finds the classroom's nginx, and an image that
// is not there is a plain "manifest unknown" instead of a time-out.
import { randomBytes, webcrypto } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renameDurably, writeDurably } from '../base/durable-files.ts'

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

/** Where learners push to; a port beside the one that answers to all the names above. */
export const PUSH_REGISTRY = { host: 'registry.podium', port: 5000 } as const

export interface RegistryCertificates {
  /** With ca.crt, registry.crt and registry.key, of the registry that answers to public names. */
  directory: string
  /** The same of the registry that learners push to, and the secret that their passwords follow from. */
  pushDirectory: string
  /** Both authorities. */
  caCertificate: string
}

/** Made once per installation: the disks of machines trust the first. */
export async function ensureRegistryCertificates(stateDir: string): Promise<RegistryCertificates> {
  const { directory, pushDirectory } = directoriesIn(stateDir)
  await ensure(directory, () => issue('registry', REGISTRY_NAMES))
  await ensure(pushDirectory, async () => ({
    ...(await issue('push registry', [PUSH_REGISTRY.host])),
    secret: randomBytes(32).toString('base64url'),
  }))
  return { directory, pushDirectory, caCertificate: (await authoritiesOf(stateDir)) ?? '' }
}

/** Undefined where they have not been made. */
export async function authoritiesOf(stateDir: string): Promise<string | undefined> {
  const files = Object.values(directoriesIn(stateDir)).map((directory) => join(directory, 'ca.crt'))
  if (!files.every(existsSync)) return undefined
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('')
}

function directoriesIn(stateDir: string) {
  const directory = join(stateDir, 'registry-tls')
  return { directory, pushDirectory: join(directory, 'push') }
}

/** Whole or not there, and whoever is first has made it. */
async function ensure(directory: string, make: () => Promise<Record<string, string>>): Promise<void> {
  if (existsSync(join(directory, 'ca.crt'))) return
  const made = `${directory}.partial-${process.pid}`
  await mkdir(made, { recursive: true, mode: 0o700 })
  const files = await make()
  const named = Object.entries(files).map(([name, content]) => ({ name, content, mode: 0o600 }))
  await writeDurably(made, named)
  await renameDurably(made, directory).catch((err: NodeJS.ErrnoException) => {
    if (err.code !== 'ENOTEMPTY' && err.code !== 'EEXIST') throw err
  })
}

async function issue(
  what: string,
  names: readonly string[],
): Promise<Record<'ca.crt' | 'registry.crt' | 'registry.key', string>> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509') // needed once per installation
  x509.cryptoProvider.set(webcrypto as Crypto)
  const notBefore = new Date(Date.now() - 24 * 3600_000)
  const notAfter = new Date(Date.now() + 10 * 365 * 24 * 3600_000)
  const authority = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair
  const server = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=Podium classroom ${what} CA`,
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
    subject: `CN=Podium classroom ${what}`,
    issuer: ca.subject,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
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
