// What a kubelet shows to the API server, where kubeadm's would have it: one file with certificate and key for each time that
// it got one, and a link to the one that counts. kubelet.conf names the link, so whoever reads it finds the newest.
//
//   kubelet-client-2026-11-29-09-15-02.pem
//   kubelet-client-current.pem → /var/lib/kubelet/pki/kubelet-client-2026-11-29-09-15-02.pem
//
// Upstream: client-go/util/certificate/certificate_store.go.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { type ClientConfig, parseKubeconfig, writeKubeconfig } from '../../client/kubeconfig.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { CertificatePair } from '../bootstrap/request-certificate.ts'

const DIRECTORY = '/var/lib/kubelet/pki'
export const CLIENT_PAIR = `${DIRECTORY}/kubelet-client-current.pem`
const PAIR_FILE = /^kubelet-client-\d[\d-]*\.pem$/

type Files = Pick<NodeOs, 'readFile' | 'writeFile' | 'list' | 'link'>

export const clientPairFile = (at: Date): string =>
  `${DIRECTORY}/kubelet-client-${at.toISOString().slice(0, 19).replace(/[T:]/g, '-')}.pem`

export const inOneFile = ({ certPem, keyPem }: CertificatePair): string => `${certPem.trim()}\n${keyPem.trim()}\n`

export async function keepClientPair(os: Files, pair: CertificatePair, at: Date): Promise<void> {
  const path = clientPairFile(at)
  await os.writeFile(path, inOneFile(pair), { mode: 0o600 })
  await os.link(path, CLIENT_PAIR)
}

/** A kubeconfig in which the pair stands by its name, as kubeadm writes it for a node. */
export function kubeletKubeconfig(
  { server, caPem }: Pick<ClientConfig, 'server' | 'caPem'>,
  names: { cluster: string; user: string },
): string {
  return writeKubeconfig({ server, ...(caPem && { caPem }), certFile: CLIENT_PAIR, keyFile: CLIENT_PAIR }, names)
}

/**
 * Links the pair that lasts longest, whether the cluster brought it or the machine has asked for it since; one that stands in
 * the kubeconfig itself, as this machine's did before, is taken out of it.
 */
export async function settleClientPair(os: Files, kubeconfig: string): Promise<void> {
  const text = (await os.readFile(kubeconfig)) ?? ''
  const within = text.includes('client-certificate-data:') ? parseKubeconfig(text, dirname(kubeconfig)) : undefined
  if (within?.certPem && within.keyPem) {
    const pair = { certPem: within.certPem, keyPem: within.keyPem }
    await os.writeFile(clientPairFile(new X509Certificate(pair.certPem).validFromDate), inOneFile(pair), {
      mode: 0o600,
    })
  }
  const names = (await os.list(DIRECTORY)).filter((name) => PAIR_FILE.test(name))
  const pairs = await Promise.all(
    names.map(async (name) => ({ name, ends: endOf(await os.readFile(join(DIRECTORY, name))) })),
  )
  const [best] = pairs.filter(({ ends }) => ends > 0).sort((one, other) => other.ends - one.ends)
  if (!best) return
  await os.link(join(DIRECTORY, best.name), CLIENT_PAIR)
  if (!within) return
  await os.writeFile(kubeconfig, kubeletKubeconfig(within, namesIn(text)), { mode: 0o600 })
}

/** As `writeKubeconfig` has put them together. */
export function namesIn(kubeconfig: string): { user: string; cluster: string } {
  const context = String((parse(kubeconfig) as { 'current-context'?: unknown })['current-context'])
  const [user = '', cluster = ''] = context.split('@')
  return { user, cluster }
}

/** Zero where it is none, or half of one. */
function endOf(pem = ''): number {
  try {
    const certificate = new X509Certificate(pem)
    return certificate.checkPrivateKey(createPrivateKey(pem)) ? certificate.validToDate.getTime() : 0
  } catch {
    return 0
  }
}
