// From a token to a node: finds the cluster, asks for the certificate of a node as a bootstrapper, and as that node for the
// others that a machine needs; all are written down where kubeadm would. What is there already is not asked for again.
//
//   cluster-info, signed with the token ─► CSR by the token ─► approved by a loop ─► kubelet.conf
//                                     as the node, three more ─► approved by a person ─► what it serves with, kube-proxy,
//                                                                                       network policies
//
// Upstream: kubernetes/cmd/kubeadm/app/cmd/join.go, kubernetes/pkg/kubelet/certificate/bootstrap/bootstrap.go.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import { type Client, createClient } from '../../client/client.ts'
import { httpsTransport, transportFromKubeconfig } from '../../client/https-transport.ts'
import { writeKubeconfig } from '../../client/kubeconfig.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { keepClientPair, kubeletKubeconfig } from '../certificates/client-pair.ts'
import { type DiscoveredCluster, discoverCluster, type JoinRequest } from './discovery.ts'
import { type CertificatePair, type CertificateWish, requestCertificate } from './request-certificate.ts'

export interface JoinOptions {
  join: JoinRequest
  nodeName: string
  nodeIP: string
  kubeconfig: string
  proxyKubeconfig: string
  networkKubeconfig: string
  kubeletServing: { cert: string; key: string; clientCa: string }
  os: NodeOs
  clock: Clock
  logger: Logger
}

const RETRY_MS = 2_000

/** Tries until it is in. */
export async function joinCluster(options: JoinOptions): Promise<void> {
  const { clock, logger } = options
  for (;;) {
    try {
      return await joinOnce(options)
    } catch (err) {
      logger.warn('the machine has not joined yet, will try again', { err })
      await clock.sleep(RETRY_MS)
    }
  }
}

async function joinOnce(options: JoinOptions): Promise<void> {
  const { join, nodeName, nodeIP, kubeconfig, proxyKubeconfig, networkKubeconfig, kubeletServing } = options
  const { os, clock, logger } = options
  const isMissing = async (path: string) => (await os.readFile(path)) === undefined
  const paths = [kubeconfig, proxyKubeconfig, networkKubeconfig, kubeletServing.cert]
  if (!(await Promise.all(paths.map(isMissing))).includes(true)) return

  const cluster = await discoverCluster(join, os)
  await os.writeFile(kubeletServing.clientCa, cluster.caPem)
  logger.info('the cluster is the one that was meant; the machine asks to be a node', { server: cluster.server })
  /** Asked once; the machine keeps what it gets. */
  const obtain = async (path: string, client: Client, wish: CertificateWish, write: Written) => {
    if (await isMissing(path)) await write(await requestCertificate(wish, { client, os, clock }))
  }
  const asKubeconfig =
    (path: string, user: string): Written =>
    (pair) =>
      os.writeFile(path, confOf(cluster, pair, user), { mode: 0o600 })

  const node = { organization: 'system:nodes', commonName: `system:node:${nodeName}` }
  const userAgent = `kubelet-bootstrap/${nodeName}`
  using stranger = httpsTransport({ ...cluster, token: join.token, userAgent })
  await obtain(
    kubeconfig,
    createClient(stranger),
    { ...node, signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usage: 'client auth' },
    async (pair) => {
      await keepClientPair(os, pair, new Date(clock.now()))
      const names = { cluster: CLUSTER, user: node.commonName }
      await os.writeFile(kubeconfig, kubeletKubeconfig(cluster, names), { mode: 0o600 })
    },
  )
  logger.info('the machine is known as a node; somebody has to approve what else it asks for', { node: nodeName })
  using known = transportFromKubeconfig(kubeconfig, userAgent)
  const client = createClient(known)
  const component = (commonName: string) =>
    ({ commonName, signerName: 'kubernetes.io/kube-apiserver-client', usage: 'client auth' }) as const
  await Promise.all([
    obtain(
      kubeletServing.cert,
      client,
      {
        ...node,
        signerName: 'kubernetes.io/kubelet-serving',
        usage: 'server auth',
        alternativeNames: [`DNS:${nodeName}`, `IP:${nodeIP}`],
      },
      async ({ keyPem, certPem }) => {
        await os.writeFile(kubeletServing.key, keyPem, { mode: 0o600 })
        await os.writeFile(kubeletServing.cert, certPem)
      },
    ),
    obtain(proxyKubeconfig, client, component(PROXY), asKubeconfig(proxyKubeconfig, PROXY)),
    obtain(networkKubeconfig, client, component(POLICIES), asKubeconfig(networkKubeconfig, POLICIES)),
  ])
  logger.info('the machine has joined the cluster', { server: cluster.server, node: nodeName })
}

type Written = (pair: CertificatePair) => Promise<void>

const PROXY = 'system:kube-proxy'
const POLICIES = 'podium:network-policy'

/** As kubeadm calls it. */
const CLUSTER = 'default-cluster'

const confOf = (cluster: DiscoveredCluster, pair: CertificatePair, user: string) =>
  writeKubeconfig({ ...cluster, ...pair }, { cluster: CLUSTER, user })
