// Whether a private key is that of a certificate, in the words of Go's crypto/tls, X509KeyPair. Upstream warns of Secrets whose
// two do not belong together: whoever serves with them is told much later.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

// Nothing within is a dash: else each beginning without an end would be looked through to the end of the text.
const BLOCK = /-----BEGIN ([^\n-]*)-----[^-]*-----END \1-----/g
const KEY_FORMS = ['pkcs1', 'pkcs8', 'sec1'] as const

interface Block {
  type: string
  der: Buffer
}

export function tlsPairProblem(certificates: string, keys: string): string | undefined {
  const found = blocksOf(certificates)
  const certificate = found.find(({ type }) => type === 'CERTIFICATE')
  if (!certificate) return noCertificate(found)
  const others = blocksOf(keys)
  const key = others.find(({ type }) => isKey(type))
  if (!key) return noKey(others)
  const read = readCertificate(certificate)
  if (!read) return 'x509: malformed certificate'
  const secret = readKey(key)
  if (!secret) return 'tls: failed to parse private key'
  if (read.publicKey.asymmetricKeyType !== secret.asymmetricKeyType) {
    return 'tls: private key type does not match public key type'
  }
  return read.checkPrivateKey(secret) ? undefined : 'tls: private key does not match public key'
}

const isKey = (type: string) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY')

const blocksOf = (pem: string): Block[] =>
  [...pem.matchAll(BLOCK)].map(([block, type = '']) => {
    const lines = block.split('\n').slice(1, -1)
    return { type, der: Buffer.from(lines.filter((line) => !line.includes(':')).join(''), 'base64') }
  })

const typesOf = (blocks: readonly Block[]) => `[${blocks.map(({ type }) => type).join(' ')}]`

function noCertificate(skipped: readonly Block[]): string {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in certificate input'
  if (skipped.length === 1 && skipped[0]?.type.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  }
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${typesOf(skipped)}`
}

function noKey(skipped: readonly Block[]): string {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in key input'
  if (skipped.length === 1 && skipped[0]?.type === 'CERTIFICATE') {
    return 'tls: found a certificate rather than a key in the PEM for the private key'
  }
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${typesOf(skipped)}`
}

function readCertificate({ der }: Block): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

/** What stands above it does not always tell its form. */
function readKey({ der }: Block): KeyObject | undefined {
  for (const type of KEY_FORMS) {
    try {
      return createPrivateKey({ key: der, format: 'der', type })
    } catch {
      // Perhaps it is of the next form.
    }
  }
  return undefined
}
