// How certificates and keys lie on the disk, under kubeadm's names. What cannot be made again, an authority and the key of
// service accounts, is there for good before anything is signed with it; and where a part of it is lost, that is said. A new
// one beside what the old one signed would be a cluster that believes nobody.

import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { writeAtOnce, writeDurably } from '../../base/durable-files.ts'

export interface KeyPairPem {
  certPem: string
  keyPem: string
}

/** Undefined when a part of it is missing. */
export async function readPair(directory: string, name: string): Promise<KeyPairPem | undefined> {
  const { certPem, keyPem } = await readHalves(directory, name)
  return certPem && keyPem ? { certPem, keyPem } : undefined
}

/** Those that are not kept for good: one that is spoilt is made anew. */
export async function writePair(directory: string, name: string, pair: KeyPairPem): Promise<void> {
  for (const file of filesOf(name, pair)) await writeAtOnce(directory, file)
}

/** Undefined when there is none. */
export async function readAuthority(directory: string, clock: Clock): Promise<KeyPairPem | undefined> {
  const { certPem, keyPem } = await readHalves(directory, 'ca')
  if (certPem === undefined && keyPem === undefined) return undefined
  const [certPath, keyPath] = [join(directory, 'ca.crt'), join(directory, 'ca.key')]
  const away =
    'put both halves of it back from a backup. Or remove both: a new authority is made, and believes nothing that this one signed'
  if (!certPem) throw new Error(`${certPath} is missing or empty, and ${keyPath} is there; ${away}`)
  if (!keyPem) throw new Error(`${keyPath} is missing or empty, and ${certPath} is there; ${away}`)
  const certificate = parsed(certPath, () => new X509Certificate(certPem), away)
  const key = parsed(keyPath, () => createPrivateKey(keyPem), away)
  if (!certificate.checkPrivateKey(key)) throw new Error(`${keyPath} is not the key of ${certPath}; ${away}`)
  if (certificate.validFromDate.getTime() > clock.now()) {
    throw new Error(
      `${certPath} is not valid before ${certificate.validFromDate.toISOString()}, and the clock says ${new Date(clock.now()).toISOString()}: put the clock right. If it was wrong when the cluster was made, ${away}`,
    )
  }
  return { certPem, keyPem }
}

export const writeAuthority = (directory: string, pair: KeyPairPem) => writeDurably(directory, filesOf('ca', pair))

/** Undefined when there is none. */
export async function readServiceAccountKey(directory: string): Promise<ServiceAccountKeyPem | undefined> {
  const path = join(directory, 'sa.key')
  const privateKeyPem = await readIfThere(path)
  if (privateKeyPem === undefined) return undefined
  const publicKeyPem = parsed(
    path,
    () => publicPemOf(privateKeyPem),
    'put it back from a backup. Or remove it: a new one is made, and tokens of service accounts that were signed with this one are refused',
  )
  return { privateKeyPem, publicKeyPem }
}

export const publicPemOf = (privateKeyPem: string) =>
  createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString()

export interface ServiceAccountKeyPem {
  privateKeyPem: string
  publicKeyPem: string
}

export const writeServiceAccountKey = (directory: string, { privateKeyPem, publicKeyPem }: ServiceAccountKeyPem) =>
  writeDurably(directory, [
    { name: 'sa.pub', content: publicKeyPem, mode: 0o644 },
    { name: 'sa.key', content: privateKeyPem, mode: 0o600 },
  ])

const filesOf = (name: string, { certPem, keyPem }: KeyPairPem) => [
  { name: `${name}.key`, content: keyPem, mode: 0o600 },
  { name: `${name}.crt`, content: certPem, mode: 0o644 },
]

function parsed<T>(path: string, parse: () => T, away: string): T {
  try {
    return parse()
  } catch (cause) {
    throw new Error(`${path} cannot be read (${(cause as Error).message}); ${away}`, { cause })
  }
}

async function readHalves(directory: string, name: string) {
  const [certPem, keyPem] = await Promise.all([
    readIfThere(join(directory, `${name}.crt`)),
    readIfThere(join(directory, `${name}.key`)),
  ])
  return { certPem, keyPem }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw err
  }
}
