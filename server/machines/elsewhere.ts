// Machines of a cluster on another host. At home, where its control plane is, the network gets an end of a tunnel for each
// such host; there, a bridge of the same range at the tunnel's other end, and machines as any. Either side remembers its ends.
import { randomInt } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../base/durable-files.ts'
import { ADDRESSES_ELSEWHERE } from './address-pool.ts'
import { withFileLock } from './file-lock.ts'
import {
  applyFirewall,
  ensureFarEnd,
  findNetwork,
  type LearnerNetwork,
  type NetworkContext,
} from './learner-network.ts'
import { addressTowards, applyTunnels, portsInUse, type Tunnel } from './tunnel.ts'

/** The end at home. */
export interface Invited extends Tunnel {
  /** The machine there; a host lends a cluster one. */
  node: string
  ordinal: number
}

export interface Elsewhere {
  /** At home: whom its network reaches. */
  invited(cluster: string): Promise<Invited[]>
  /** At home: opens an end for a machine on another host. `here` is where that host finds it. */
  invite(
    cluster: string,
    machine: Pick<Invited, 'node' | 'ordinal' | 'peer'>,
  ): Promise<{ tunnel: Tunnel; here: string }>
  /** At home: closes the end again. Safe to repeat. */
  disinvite(cluster: string, node: string): Promise<void>
  /** There: by which tunnel, if at all. */
  reached(cluster: string): Promise<Tunnel | undefined>
  /** There: the cluster's network, under a name of this host's for it. `gateway` is the one at home. */
  reach(cluster: string, request: { gateway: string; tunnel: Tunnel }): Promise<LearnerNetwork>
  /** After a restart, for a network whose bridge is there. */
  reopen(network: LearnerNetwork): Promise<void>
  forget(cluster: string): Promise<void>
}

/** A thousand to choose from, so that two homes of one host do not meet. */
const FIRST_PORT = 14_000
const PORTS = 1_000

export function elsewhere({ networks, stateDir }: { networks: NetworkContext; stateDir: string }): Elsewhere {
  const read = <T extends Tunnel>(cluster: string) => readEnds<T>(stateDir, cluster)

  /** Two hosts may be invited at once. */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    await mkdir(tunnelsOf(stateDir), { recursive: true, mode: 0o700 })
    return withFileLock(join(tunnelsOf(stateDir), 'lock'), work)
  }

  /** Written first: what is half made is found again. */
  async function become(network: LearnerNetwork, tunnels: readonly Tunnel[]): Promise<void> {
    const content = JSON.stringify(tunnels, null, 2)
    await writeDurably(tunnelsOf(stateDir), [{ name: fileName(network.cluster), content, mode: 0o600 }])
    await applyTunnels(network, tunnels)
  }

  async function networkOf(cluster: string): Promise<LearnerNetwork> {
    const network = await findNetwork(networks, cluster)
    if (!network) throw new Error(`cluster ${cluster} has no network`)
    return network
  }

  return {
    invited: (cluster) => read(cluster),
    invite: (cluster, { peer, node, ordinal }) =>
      alone(async () => {
        const network = await networkOf(cluster)
        const here = await addressTowards(peer)
        const others = await read<Invited>(cluster)
        const twice = others.find((other) => other.peer === peer || other.node === node)
        if (twice)
          throw new Error(
            `${twice.peer} has machine "${twice.node}" of this cluster already; a host lends a cluster one`,
          )
        const address = ADDRESSES_ELSEWHERE.map(network.addresses.address).find(
          (one) => !others.some((other) => other.address === one),
        )
        if (!address) throw new Error(`the cluster's network reaches ${others.length} hosts, and no more`)
        const tunnel = { peer, port: await freePort(), address }
        await become(network, [...others, { ...tunnel, node, ordinal }]).catch(async (err) => {
          await become(network, others)
          throw err
        })
        return { tunnel, here }
      }),
    disinvite: (cluster, node) =>
      alone(async () => {
        const there = await read<Invited>(cluster)
        const left = there.filter((one) => one.node !== node)
        if (left.length < there.length) await become(await networkOf(cluster), left)
      }),
    reached: async (cluster) => (await read(cluster))[0],
    reach: (cluster, { gateway, tunnel }) =>
      alone(async () => {
        await addressTowards(tunnel.peer)
        const [before] = await read(cluster)
        if (before?.port !== tunnel.port && (await portsInUse()).has(tunnel.port)) {
          throw new Error(`another tunnel ends at UDP port ${tunnel.port} of this host; ask for another invitation`)
        }
        const network = await ensureFarEnd(networks, cluster, { gateway, address: tunnel.address })
        await applyFirewall(network, { openTcpPorts: [], openUdpPorts: [] }, {})
        await become(network, [tunnel])
        return network
      }),
    async reopen(network) {
      const tunnels = await read(network.cluster)
      if (tunnels.length > 0) await applyTunnels(network, tunnels)
    },
    forget: (cluster) => rm(fileOf(stateDir, cluster), { force: true }),
  }
}

/** For whoever has no data centre open. */
export const invitedBy = (stateDir: string, cluster: string): Promise<Invited[]> => readEnds(stateDir, cluster)

const tunnelsOf = (stateDir: string) => join(stateDir, 'tunnels')
const fileName = (cluster: string) => `${cluster}.json`
const fileOf = (stateDir: string, cluster: string) => join(tunnelsOf(stateDir), fileName(cluster))

const readEnds = async <T extends Tunnel>(stateDir: string, cluster: string): Promise<T[]> =>
  JSON.parse(await readFile(fileOf(stateDir, cluster), 'utf8').catch(() => '[]')) as T[]

async function freePort(): Promise<number> {
  const taken = await portsInUse()
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS)
    if (!taken.has(port)) return port
  }
}
