// Which cluster this is: what anybody may read there is believed because it is signed with the token, and because the
// authority in it is the one that was named. Upstream: kubernetes/cmd/kubeadm/app/discovery/token/token.go.

import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto'
import { parse } from 'yaml'
import { detachedSignature } from '../../apimachinery/detached-signature.ts'
import type { NodeOs } from '../../node-os/node-os.ts'

export interface JoinRequest {
  /** `10.160.1.1:6443`. */
  endpoint: string
  /** `abcdef.0123456789abcdef`. */
  token: string
  /** `sha256:<hex>`, of the public key of the cluster's authority. */
  caCertHash: string
}

export interface DiscoveredCluster {
  server: string
  caPem: string
}

const PATH = '/api/v1/namespaces/kube-public/configmaps/cluster-info'
const TIMEOUT_MS = 10_000

export async function discoverCluster(join: JoinRequest, os: Pick<NodeOs, 'httpGet'>): Promise<DiscoveredCluster> {
  const [, id, secret] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(join.token) ?? []
  if (!id || !secret) throw new Error('the bootstrap token is not of the form "[a-z0-9]{6}.[a-z0-9]{16}"')
  const { hostname: host, port } = new URL(`https://${join.endpoint}`)
  // Nobody is believed yet: the connection proves nothing, the signature does.
  const asked = { scheme: 'HTTPS' as const, host, port: Number(port || 443), path: PATH, headers: [] }
  const { status, body } = await os.httpGet({ ...asked, timeoutMs: TIMEOUT_MS })
  if (status !== 200) throw new Error(`could not read kube-public/cluster-info at ${join.endpoint}: HTTP ${status}`)
  const data = (JSON.parse(body) as { data?: Record<string, string> }).data ?? {}
  const kubeconfig = data.kubeconfig
  if (!kubeconfig) throw new Error('there is no kubeconfig in the cluster-info ConfigMap')
  const signature = data[`jws-kubeconfig-${id}`]
  if (!signature) throw new Error(`token id "${id}" is invalid for this cluster or it has expired`)
  if (!isSame(signature, detachedSignature(kubeconfig, id, secret))) {
    throw new Error('failed to verify JWS signature of received cluster info object, cannot trust this API Server')
  }
  const { clusters = [] } = parse(kubeconfig) as {
    clusters?: { cluster: { server: string; 'certificate-authority-data': string } }[]
  }
  const cluster = clusters[0]?.cluster
  if (!cluster) throw new Error('there is no cluster in the kubeconfig of the cluster-info ConfigMap')
  const caPem = Buffer.from(cluster['certificate-authority-data'], 'base64').toString()
  const hash = caCertHashOf(caPem)
  if (hash !== join.caCertHash.toLowerCase()) {
    throw new Error(`cluster CA found in cluster-info ConfigMap is invalid: public key ${hash} not pinned`)
  }
  return { server: cluster.server, caPem }
}

/** As `--discovery-token-ca-cert-hash` has it. */
export function caCertHashOf(caPem: string): string {
  const key = new X509Certificate(caPem).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

const isSame = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
