// What every way for a machine to join has in common, whichever host it is on.

import type { Client } from '../kube/client/index.ts'
import {
  type ClusterSpec,
  joiningNodeFiles,
  type MachineFile,
  type MachineNetwork,
  NETWORKING,
  networkingFor,
} from '../kube/cluster/index.ts'
import type { JoinRequest } from '../kube/kubelet/bootstrap/discovery.ts'
import type { DataCentre } from '../machines/index.ts'
import { isReady } from './admit-node.ts'
import type { ClusterCommandContext } from './cluster-commands.ts'
import { UserError } from './user-error.ts'

export interface NodeCommandContext extends ClusterCommandContext {
  openMachines(): Promise<DataCentre>
}

export const JOIN_TIMEOUT_MS = 120_000

/** As the cluster itself has it. */
export const networkOf = (machines: DataCentre, cluster: string) =>
  machines.createNetwork({
    cluster,
    openTcpPorts: [NETWORKING.apiPort, NETWORKING.dnsPort],
    openUdpPorts: [NETWORKING.dnsPort],
  })

/** Numbers of machines are not used twice at a time, wherever those are. */
export async function nextNode(
  client: Client,
  machines: DataCentre,
  cluster: string,
): Promise<{ name: string; ordinal: number }> {
  const here = (await machines.listMachines(cluster)).map(({ name }) => name)
  const away = (await machines.elsewhere.invited(cluster)).map(({ node }) => node)
  const numbers = [...here, ...away].map((name) => Number(/^node-(\d+)$/.exec(name)?.[1] ?? 0))
  const ordinal = 1 + Math.max(0, ...numbers)
  const name = `node-${ordinal}`
  if (await isReady(client, name)) {
    throw new UserError(
      `a Node with name "${name}" and status "Ready" already exists in the cluster, and no machine here is it; delete it first: kubectl delete node ${name}`,
    )
  }
  return { name, ordinal }
}

/** How the machines of a cluster differ from those of another. */
export type MachineChoices = Pick<ClusterSpec, 'proxyMode' | 'podNetwork' | 'containerRuntime' | 'ipFamily'> & {
  isElsewhere?: boolean
}

export function filesToJoin(
  machine: { name: string; address: string },
  network: MachineNetwork,
  choices: MachineChoices,
  told: Pick<JoinRequest, 'token' | 'caCertHash'>,
): MachineFile[] {
  const { proxyMode = 'iptables', podNetwork = 'routes', containerRuntime = 'docker', ipFamily, isElsewhere } = choices
  const join = { ...told, endpoint: `${network.gatewayAddress}:${NETWORKING.apiPort}` }
  const networking = networkingFor({ nodes: 1, simulatedNodes: 0, ...(ipFamily && { ipFamily }) })
  const how = { networking, proxyMode, podNetwork, containerRuntime, ipFamily, isElsewhere }
  return joiningNodeFiles({ machine, network, ...how, join })
}
