// `podium node join … --tunnel`: a machine of this host for a cluster whose home is another, which has invited it
// (invite-commands.ts). Here the cluster has a name of our own, for one of ours may have the same.

import { isIPv4 } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { StatusError } from '../kube/apimachinery/status-error.ts'
import { createClient, httpsTransport } from '../kube/client/index.ts'
import { type Machine, VERSION } from '../kube/cluster/index.ts'
import { type DiscoveredCluster, discoverCluster, type JoinRequest } from '../kube/kubelet/bootstrap/discovery.ts'
import { createLinuxNodeOs } from '../kube/node-os/linux-node-os.ts'
import type { Tunnel } from '../machines/index.ts'
import { type Invitation, readInvitation } from './invitation.ts'
import { filesToJoin, JOIN_TIMEOUT_MS, type NodeCommandContext } from './joining.ts'
import { nameElsewhere, removeCommand } from './names-elsewhere.ts'
import { UserError } from './user-error.ts'

export interface LendRequest extends JoinRequest {
  /** Where the cluster's home is found: `192.0.2.2:14901`. */
  tunnel: string
  /** Of this host in the cluster's network. */
  address: string
}

export async function lendMachine(context: NodeCommandContext, told: LendRequest): Promise<void> {
  const { gateway, tunnel } = endsOf(told)
  const cluster = nameElsewhere(gateway)
  await using machines = await context.openMachines()
  const [before] = await machines.listMachines(cluster)
  if (before && !isDeepStrictEqual(await machines.elsewhere.reached(cluster), tunnel)) {
    throw new UserError(
      `machine "${before.name}" is here by another invitation to this cluster; first: ${removeCommand(before.name, gateway)}`,
    )
  }
  if (!before) await machines.deleteCluster(cluster) // of a join that was cut off
  try {
    const network = await machines.elsewhere.reach(cluster, { gateway, tunnel })
    if (before) {
      await before.start()
      return context.say(`machine "${before.name}" runs, as it did before`)
    }
    const found = await discover(told, tunnel)
    const invitation = await askIn(found, told.token)
    const { node: name, ordinal, registry, choices } = invitation
    const machine = await machines.createMachine({ cluster, name, ordinal, network, registry })
    context.say(`machine "${name}" runs; it asks the cluster for a certificate`)
    await machine.configure(filesToJoin(machine, network, choices, told))
    await untilItIsKnown(machine)
    context.say(`machine "${name}" has its certificates and becomes a node; \`kubectl get nodes\` shows it`)
    context.say(`  the same line once more starts it after a restart of this host; ${removeCommand(name, gateway)}`)
  } catch (err) {
    // What was there before is whole, whoever asks for it with a line that is over.
    if (!before) await machines.deleteCluster(cluster)
    throw new UserError((err as Error).message)
  }
}

/** Its node is taken away at the cluster's home. */
export async function removeLentMachine(context: NodeCommandContext, cluster: string, name: string): Promise<void> {
  await using machines = await context.openMachines()
  const there = await machines.listMachines(cluster)
  if (!there.some((machine) => machine.name === name)) {
    throw new UserError(`there is no machine "${name}" of cluster "${cluster}" on this host`)
  }
  await machines.deleteCluster(cluster)
  context.say(`machine "${name}" and its end of the tunnel are gone`)
}

/** As they are in the line that `podium node invite` has printed. */
export function endsOf({ endpoint, tunnel, address }: Pick<LendRequest, 'endpoint' | 'tunnel' | 'address'>): {
  gateway: string
  tunnel: Tunnel
} {
  const gateway = endpoint.replace(/:\d+$/, '')
  const [peer = '', port = ''] = tunnel.split(':')
  const range = (one: string) => one.slice(0, one.lastIndexOf('.'))
  if (!isIPv4(gateway) || !isIPv4(address) || range(gateway) !== range(address)) {
    throw new UserError(
      `${endpoint} and --address ${address} are not of one network; the line of the invitation has both`,
    )
  }
  if (!isIPv4(peer) || !/^\d{4,5}$/.test(port)) {
    throw new UserError(`--tunnel ${tunnel}: address and port are needed, as in 192.0.2.2:14901`)
  }
  return { gateway, tunnel: { peer, port: Number(port), address } }
}

async function discover(told: LendRequest, { peer, port }: Tunnel): Promise<DiscoveredCluster> {
  return discoverCluster(told, createLinuxNodeOs()).catch((err: Error) => {
    if (!/^(dial|context deadline|EOF)/.test(err.message)) throw err
    throw new Error(
      `nothing comes through the tunnel from ${peer} (${err.message}): either the invitation is over, or it was for another address than this host's, or UDP ${port} does not pass between the two hosts`,
    )
  })
}

async function askIn({ server, caPem }: DiscoveredCluster, token: string): Promise<Invitation> {
  using transport = httpsTransport({ server, caPem, token, userAgent: 'podium' })
  const invitation = await readInvitation(createClient(transport), token).catch((err: Error) => {
    const isOver = err instanceof StatusError && [401, 403, 404].includes(err.code)
    throw isOver ? new Error('this token is of no invitation, or of one that is over') : err
  })
  if (minorOf(invitation.version) !== minorOf(VERSION.gitVersion)) {
    throw new Error(
      `the cluster's Podium is of Kubernetes ${invitation.version}, this one of ${VERSION.gitVersion}; bring both to the same`,
    )
  }
  return invitation
}

/** `v1.36` */
const minorOf = (version: string) => version.split('.').slice(0, 2).join('.')

const LAST_CERTIFICATES = [
  '/etc/kubernetes/kube-proxy.conf',
  '/etc/kubernetes/network-policy.conf',
  '/var/lib/kubelet/pki/kubelet.crt',
]
const LOOK_MS = 500

/** Somebody at home has said yes to all. */
async function untilItIsKnown(machine: Machine): Promise<void> {
  const giveUpAt = performance.now() + JOIN_TIMEOUT_MS
  for (;;) {
    const { exitCode } = await machine.exec([
      'sh',
      '-c',
      LAST_CERTIFICATES.map((path) => `test -s ${path}`).join(' && '),
    ])
    if (exitCode === 0) return
    if (performance.now() > giveUpAt) {
      const { stdout } = await machine.exec(['tail', '-n', '5', '/var/log/podium/node-agent.log'])
      throw new Error(`machine "${machine.name}" got no certificates in time; it said:\n${stdout.trim()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
