// Machines that join a cluster which is there already, by a token (token-commands.ts), and go again. Upstream: kubeadm join.

import { systemClock } from '../base/clock.ts'
import { isNotFound } from '../kube/apimachinery/status-error.ts'
import type { Client } from '../kube/client/index.ts'
import {
  clusterDirectory,
  joiningNodeFiles,
  type MachineProvider,
  NETWORKING,
  readClusterRecord,
} from '../kube/cluster/index.ts'
import { CertificateSigningRequest, Node } from '../kube/kinds/index.ts'
import { discoverCluster, type JoinRequest } from '../kube/kubelet/bootstrap/discovery.ts'
import { createLinuxNodeOs } from '../kube/node-os/linux-node-os.ts'
import { type ClusterCommandContext, listClusters } from './cluster-commands.ts'
import { clientOf, runningCluster } from './running-cluster.ts'
import { UserError } from './user-error.ts'

export interface NodeCommandContext extends ClusterCommandContext {
  openMachines(): Promise<MachineProvider>
}

const JOIN_TIMEOUT_MS = 120_000
const LOOK_MS = 500

/** Makes a machine on this engine that knows nothing but the token, and waits until it is a node. */
export async function joinNode(context: NodeCommandContext, told: JoinRequest): Promise<void> {
  const cluster = (await listClusters(context)).find(
    ({ server, state }) => state === 'ready' && new URL(server).host === told.endpoint,
  )
  if (!cluster) {
    throw new UserError(
      `no cluster of this host listens at ${told.endpoint} (podium cluster list shows those there are), and machines join on the host of their cluster only: docs/decisions/0055`,
    )
  }
  if (cluster.machines.length === 0) {
    throw new UserError(`cluster "${cluster.name}" has simulated nodes only, and no network for machines`)
  }
  // The machine will look for itself; a mistake is told sooner, and before there is anything to take away again.
  await discoverCluster(told, createLinuxNodeOs()).catch((err: Error) => {
    throw new UserError(err.message)
  })
  const client = await clientOf(context, cluster.name)
  await using machines = await context.openMachines()
  const there = await machines.listMachines(cluster.name)
  const ordinal = 1 + Math.max(...there.map(({ name }) => Number(/^node-(\d+)$/.exec(name)?.[1] ?? 0)))
  const name = `node-${ordinal}`
  if (await isReady(client, name)) {
    throw new UserError(
      `a Node with name "${name}" and status "Ready" already exists in the cluster, and no machine here is it; delete it first: kubectl delete node ${name}`,
    )
  }
  const network = await machines.createNetwork({
    cluster: cluster.name,
    openTcpPorts: [NETWORKING.apiPort, NETWORKING.dnsPort],
    openUdpPorts: [NETWORKING.dnsPort],
  })
  const machine = await machines.createMachine({ cluster: cluster.name, name, ordinal, network })
  context.say(`machine "${name}" runs; it asks the cluster for a certificate`)
  // The same server as machines see it.
  const endpoint = `${network.gatewayAddress}:${NETWORKING.apiPort}`
  const {
    proxyMode = 'iptables',
    podNetwork = 'routes',
    containerRuntime = 'docker',
    ipFamily,
  } = (await readClusterRecord(clusterDirectory(context.stateDir, cluster.name)))?.spec ?? {}
  const files = joiningNodeFiles({
    machine,
    network,
    networking: NETWORKING,
    proxyMode,
    podNetwork,
    containerRuntime,
    ipFamily,
    join: { ...told, endpoint },
  })
  await machine.configure(files)
  try {
    await untilIn(client, name)
  } catch (err) {
    const { stdout } = await machine.exec(['tail', '-n', '5', '/var/log/podium/node-agent.log'])
    await machine.delete()
    throw new UserError(`${(err as Error).message}; the machine said:\n${stdout.trim()}`)
  }
  context.say(`node "${name}" has joined cluster "${cluster.name}"`)
}

/** Gone with its machine. Whoever wants its pods to move first drains it. */
export async function removeNode(context: NodeCommandContext, cluster: string, name: string): Promise<void> {
  const found = await runningCluster(context, cluster)
  if (found.machines.some((machine) => machine.name === name)) {
    throw new UserError(`"${name}" was made with the cluster and comes back with it; only what has joined is removed`)
  }
  await using machines = await context.openMachines()
  const machine = (await machines.listMachines(found.name)).find((one) => one.name === name)
  if (!machine) throw new UserError(`there is no machine "${name}" in cluster "${found.name}"`)
  const client = await clientOf(context, found.name)
  await machine.delete()
  await client
    .of(Node)
    .delete({ name })
    .catch((err: unknown) => {
      if (!isNotFound(err)) throw err
    })
  context.say(`node "${name}" is gone`)
}

/** Who made the machine knows that the names and the address in its requests are true. */
async function untilIn(client: Client, name: string): Promise<void> {
  const giveUpAt = systemClock.monotonic() + JOIN_TIMEOUT_MS
  for (;;) {
    await approve(client, name)
    if (await isReady(client, name)) return
    if (systemClock.monotonic() > giveUpAt) throw new Error(`machine "${name}" did not become a node in time`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** What a machine asks for as the node that it is, beyond a kubelet's own certificate. */
const OTHERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client']

async function approve(client: Client, name: string): Promise<void> {
  const requests = client.of(CertificateSigningRequest)
  for (const request of (await requests.list()).items) {
    const { spec, status } = request
    const isOurs = spec.username === `system:node:${name}` && OTHERS.includes(spec.signerName)
    if (!isOurs || status?.conditions?.length) continue
    const message = 'This machine was made by podium node join.'
    const conditions = [{ type: 'Approved', status: 'True', reason: 'PodiumNodeJoin', message }]
    await requests.update({ ...request, status: { ...status, conditions } }, { subresource: 'approval' })
  }
}

async function isReady(client: Client, name: string): Promise<boolean> {
  const { items } = await client.of(Node).list()
  const node = items.find(({ metadata }) => metadata?.name === name)
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
