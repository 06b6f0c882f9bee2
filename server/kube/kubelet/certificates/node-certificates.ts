// The certificates of a whole machine, none of which outlives its year by itself: the kubelet's own, which a loop grants to the
// node that has it, what the kubelet serves with, and those of kube-proxy and of the network policies, which each of them asks
// for as itself (controllers/certificates/renewals.ts says who gets what).

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Metrics } from '../../../base/metrics.ts'
import { createClient } from '../../client/client.ts'
import type { HttpsTransport } from '../../client/https-transport.ts'
import { parseKubeconfig, writeKubeconfig } from '../../client/kubeconfig.ts'
import { patient } from '../../client/patient-transport.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { type CertificatePair, type CertificateWish, requestCertificate } from '../bootstrap/request-certificate.ts'
import { CertificateCounts } from './certificate-counts.ts'
import { CLIENT_PAIR, keepClientPair, namesIn } from './client-pair.ts'
import { keepRenewed, type RenewedCertificate } from './keep-renewed.ts'

export interface NodeCertificatesOptions {
  nodeName: string
  nodeIP: string
  /** Whether the kubelet's own is renewed: rotateCertificates of its settings. */
  rotateCertificates: boolean
  kubeletServing: { cert: string; key: string }
  kubelet: HttpsTransport
  /** By the kubeconfig in which their certificate stands, who uses it. */
  components: { kubeconfig: string; transports: readonly HttpsTransport[] }[]
  /** Shows another one to whoever calls the kubelet. */
  serve(pair: CertificatePair): void
  os: NodeOs
  clock: Clock
  random: () => number
  logger: Logger
  metrics: Metrics
}

export async function keepNodeCertificates(options: NodeCertificatesOptions): Promise<AsyncDisposable> {
  const { rotateCertificates, components } = options
  const all = [
    ...(rotateCertificates ? [ownOf(options)] : []),
    servingOf(options),
    ...components.map((component) => componentOf(component, options)),
  ]
  const stack = new AsyncDisposableStack()
  for (const certificate of await Promise.all(all)) if (certificate) stack.use(keepRenewed(certificate, options))
  return stack
}

/** Undefined where the machine has none: somebody has taken it away. */
type Found = Promise<RenewedCertificate | undefined>

const node = (name: string) => ({ organization: 'system:nodes', commonName: `system:node:${name}` })

async function ownOf({ nodeName, kubelet, os, clock, metrics }: NodeCertificatesOptions): Found {
  const certPem = await os.readFile(CLIENT_PAIR)
  const wish: CertificateWish = {
    ...node(nodeName),
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usage: 'client auth',
  }
  if (!certPem) return undefined
  return {
    name: "the kubelet's own",
    certPem,
    counts: new CertificateCounts('client', { clock, metrics }),
    ask: asks(wish, kubelet, { os, clock }),
    take: async (pair) => {
      await keepClientPair(os, pair, new Date(clock.now()))
      kubelet.renew(pair)
    },
  }
}

async function servingOf({
  nodeName,
  nodeIP,
  kubeletServing,
  kubelet,
  serve,
  os,
  clock,
  metrics,
}: NodeCertificatesOptions): Found {
  const certPem = await os.readFile(kubeletServing.cert)
  const wish: CertificateWish = {
    ...node(nodeName),
    signerName: 'kubernetes.io/kubelet-serving',
    usage: 'server auth',
    alternativeNames: [`DNS:${nodeName}`, `IP:${nodeIP}`],
  }
  if (!certPem) return undefined
  return {
    name: 'what the kubelet serves with',
    certPem,
    counts: new CertificateCounts('server', { clock, metrics }),
    ask: asks(wish, kubelet, { os, clock }),
    take: async (pair) => {
      await os.writeFile(kubeletServing.key, pair.keyPem, { mode: 0o600 })
      await os.writeFile(kubeletServing.cert, pair.certPem)
      serve(pair)
    },
  }
}

async function componentOf(
  { kubeconfig, transports }: NodeCertificatesOptions['components'][number],
  { os, clock }: NodeCertificatesOptions,
): Found {
  const text = (await os.readFile(kubeconfig)) ?? ''
  const { certPem, ...rest } = text ? parseKubeconfig(text) : {}
  const [first] = transports
  if (!certPem || !first) return undefined
  const names = namesIn(text)
  const commonName = names.user
  const wish: CertificateWish = { commonName, signerName: 'kubernetes.io/kube-apiserver-client', usage: 'client auth' }
  return {
    name: commonName,
    certPem,
    ask: asks(wish, first, { os, clock }),
    take: async (pair) => {
      await os.writeFile(kubeconfig, writeKubeconfig({ server: '', ...rest, ...pair }, names), { mode: 0o600 })
      for (const transport of transports) transport.renew(pair)
    },
  }
}

const asks =
  (wish: CertificateWish, transport: HttpsTransport, ports: { os: NodeOs; clock: Clock }) => (signal: AbortSignal) =>
    requestCertificate(wish, { ...ports, client: createClient(patient(transport, ports.clock)), signal })
