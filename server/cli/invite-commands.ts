// `podium node invite`: at a cluster's home, opens its network to one other host and waits for the machine that joins from there.
// Whoever is away longer than the invitation lasts finds nothing of it. The other end: lend-machine.ts.

import { isIPv4 } from 'node:net'
import { clusterDirectory, NETWORKING, readClusterRecord, VERSION } from '../kube/cluster/index.ts'
import { admitNode } from './admit-node.ts'
import { type Invitation, publishInvitation, withdrawInvitation } from './invitation.ts'
import { type NodeCommandContext, networkOf, nextNode } from './joining.ts'
import { clientOf, configOf, runningCluster } from './running-cluster.ts'
import { joinCommand, makeToken } from './token-commands.ts'
import { UserError } from './user-error.ts'

export interface InviteRequest {
  cluster: string
  /** The other host's address. */
  from: string
  ttlMs: number
  /** Ends the invitation early. */
  signal: AbortSignal
}

export async function inviteMachine(context: NodeCommandContext, request: InviteRequest): Promise<void> {
  const { cluster, from, ttlMs, signal } = request
  if (!isIPv4(from)) throw new UserError(`--from ${from}: the other host's IPv4 address is needed, as in 198.51.100.7`)
  const found = await runningCluster(context, cluster)
  if (found.machines.length === 0) {
    throw new UserError(`cluster "${cluster}" has simulated nodes only, and no network for machines`)
  }
  const client = await clientOf(context, cluster)
  await using machines = await context.openMachines()
  const network = await networkOf(machines, cluster)
  const { gatewayAddress } = network
  const { name, ordinal } = await nextNode(client, machines, cluster)
  const { tunnel, here } = await machines.elsewhere
    .invite(cluster, { node: name, ordinal, peer: from })
    .catch((err: Error) => {
      throw new UserError(err.message)
    })
  const record = await readClusterRecord(clusterDirectory(context.stateDir, cluster))
  const { proxyMode, podNetwork, containerRuntime, ipFamily } = record?.spec ?? {}
  let isIn = false
  let token = ''
  try {
    token = await makeToken(client, ttlMs)
    const invitation: Invitation = {
      version: VERSION.gitVersion,
      node: name,
      ordinal,
      choices: { proxyMode, podNetwork, containerRuntime, ipFamily, isElsewhere: true },
      registry: await machines.registryAccess(cluster),
    }
    await publishInvitation(client, token, invitation)
    const join = joinCommand(`${gatewayAddress}:${NETWORKING.apiPort}`, token, await configOf(context, cluster))
    context.say(
      `on ${from}, where Podium is installed and UDP ${tunnel.port} of this host is reached, and the other way:`,
    )
    context.say(`  ${join} --tunnel ${here}:${tunnel.port} --address ${tunnel.address}`)
    context.say(
      `what goes through the tunnel is not encrypted; waiting for "${name}" (Ctrl-C takes the invitation back)`,
    )
    const timeoutMs = ttlMs || Number.POSITIVE_INFINITY
    await admitNode(client, { name, address: network.addresses.machineAddress(ordinal) }, { timeoutMs, signal })
    isIn = true
    context.say(`node "${name}" has joined cluster "${cluster}" from ${from}`)
  } catch (err) {
    throw new UserError(`${(err as Error).message}: the invitation of ${from} is over`)
  } finally {
    if (!isIn) await machines.elsewhere.disinvite(cluster, name)
    if (token) await withdrawInvitation(client, token)
  }
}
