// Machines that join a cluster of this host, by a token (token-commands.ts), and go again. Upstream: kubeadm join.

import { isNotFound } from '../kube/apimachinery/status-error.ts'
import { clusterDirectory, readClusterRecord } from '../kube/cluster/index.ts'
import { Node } from '../kube/kinds/index.ts'
import { discoverCluster, type JoinRequest } from '../kube/kubelet/bootstrap/discovery.ts'
import { createLinuxNodeOs } from '../kube/node-os/linux-node-os.ts'
import { admitNode } from './admit-node.ts'
import { listClusters } from './cluster-commands.ts'
import { filesToJoin, JOIN_TIMEOUT_MS, type NodeCommandContext, networkOf, nextNode } from './joining.ts'
import { removeCommand } from './names-elsewhere.ts'
import { clientOf, runningCluster } from './running-cluster.ts'
import { UserError } from './user-error.ts'

/** Makes a machine on this engine that knows nothing but the token, and waits until it is a node. */
export async function joinNode(context: NodeCommandContext, told: JoinRequest): Promise<void> {
  const cluster = (await listClusters(context)).find(
    ({ server, state }) => state === 'ready' && new URL(server).host === told.endpoint,
  )
  if (!cluster) {
    throw new UserError(
      `no cluster of this host listens at ${told.endpoint} (podium cluster list shows those there are); for a cluster of another host, say there: podium node invite`,
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
  const { name, ordinal } = await nextNode(client, machines, cluster.name)
  const network = await networkOf(machines, cluster.name)
  const machine = await machines.createMachine({ cluster: cluster.name, name, ordinal, network })
  context.say(`machine "${name}" runs; it asks the cluster for a certificate`)
  const record = await readClusterRecord(clusterDirectory(context.stateDir, cluster.name))
  await machine.configure(filesToJoin(machine, network, record?.spec ?? {}, told))
  try {
    await admitNode(client, machine, { timeoutMs: JOIN_TIMEOUT_MS })
  } catch (err) {
    const { stdout } = await machine.exec(['tail', '-n', '5', '/var/log/podium/node-agent.log'])
    await machine.delete()
    throw new UserError(`${(err as Error).message}; the machine said:\n${stdout.trim()}`)
  }
  context.say(`node "${name}" has joined cluster "${cluster.name}"`)
}

/** Gone with its machine, or with the tunnel to it. Whoever wants its pods to move first drains it. */
export async function removeNode(context: NodeCommandContext, cluster: string, name: string): Promise<void> {
  const found = await runningCluster(context, cluster)
  if (found.machines.some((machine) => machine.name === name)) {
    throw new UserError(`"${name}" was made with the cluster and comes back with it; only what has joined is removed`)
  }
  if (found.machines.length === 0) throw new UserError(`cluster "${cluster}" has simulated nodes only, and no machines`)
  await using machines = await context.openMachines()
  const machine = (await machines.listMachines(found.name)).find((one) => one.name === name)
  const away = (await machines.elsewhere.invited(found.name)).find(({ node }) => node === name)
  if (!machine && !away) throw new UserError(`there is no machine "${name}" in cluster "${found.name}"`)
  const client = await clientOf(context, found.name)
  await machine?.delete()
  if (away) await machines.elsewhere.disinvite(found.name, name)
  await client
    .of(Node)
    .delete({ name })
    .catch((err: unknown) => {
      if (!isNotFound(err)) throw err
    })
  context.say(`node "${name}" is gone`)
  if (away) context.say(`its machine is still on ${away.peer}; say there: ${removeCommand(name, away.address)}`)
}
