// A certificate of one's own, asked of the cluster: a key that never leaves the machine, a request, and somebody's yes.
// Upstream: client-go/util/certificate/csr, kubernetes/pkg/kubelet/certificate/bootstrap.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { CertificateSigningRequest } from '../../kinds/certificate-signing-request.ts'
import type { NodeOs } from '../../node-os/node-os.ts'

export interface CertificateWish {
  signerName: `kubernetes.io/${'kube-apiserver-client' | 'kube-apiserver-client-kubelet' | 'kubelet-serving'}`
  commonName: string
  organization?: string
  usage: 'client auth' | 'server auth'
  /** `DNS:node-3`, `IP:10.0.0.3`. */
  alternativeNames?: readonly string[]
}

export interface CertificatePair {
  certPem: string
  keyPem: string
}

interface Ports {
  client: Client
  os: Pick<NodeOs, 'run'>
  clock: Clock
  /** Until when it waits. */
  signal?: AbortSignal
}

const LOOK_MS = 1_000

/** Waits as long as it may: whoever has to say yes may be a person. */
export async function requestCertificate(
  wish: CertificateWish,
  { client, os, clock, signal }: Ports,
): Promise<CertificatePair> {
  const { keyPem, requestPem } = await makeRequest(wish, os)
  const requests = client.of(CertificateSigningRequest)
  const name = `csr-${randomBytes(4).toString('hex')}`
  await requests.create({
    metadata: { name },
    spec: {
      signerName: wish.signerName,
      usages: ['digital signature', wish.usage],
      request: Buffer.from(requestPem).toString('base64'),
    },
  })
  for (;;) {
    const { status } = await requests.get({ name })
    const refused = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed')
    if (refused)
      throw new Error(`certificate signing request ${name} was not granted: ${refused.message ?? refused.type}`)
    if (status?.certificate) return { keyPem, certPem: Buffer.from(status.certificate, 'base64').toString() }
    await clock.sleep(LOOK_MS, signal)
  }
}

/** By the machine's own openssl: a library for this would be the largest part of the node agent. */
async function makeRequest(
  { commonName, organization, alternativeNames = [] }: CertificateWish,
  os: Pick<NodeOs, 'run'>,
) {
  const openssl = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await os.run('openssl', args)
    if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr.trim()}`)
    return stdout
  }
  const names = alternativeNames.length > 0 ? ['-addext', `subjectAltName=${alternativeNames}`] : []
  const subject = `${organization ? `/O=${organization}` : ''}/CN=${commonName}`
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', '-']
  const both = await openssl('req', '-new', ...key, '-subj', subject, ...names)
  const end = both.indexOf('-----BEGIN CERTIFICATE REQUEST-----')
  return { keyPem: both.slice(0, end), requestPem: both.slice(end) }
}
