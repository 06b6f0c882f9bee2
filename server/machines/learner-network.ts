// Docker bridge networks, one per cluster, each in a slot of the address pool with firewall rules of its own.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import type Docker from 'dockerode'
import type { MachineNetwork } from '../kube/cluster/machine-provider.ts'
import {
  addressesElsewhere,
  addressesOfSlot,
  bridgeOf,
  choosePool,
  hostRoutes,
  overlaps,
  POOL_CANDIDATES,
  type SlotAddresses,
  slotOfBridge,
  slotsIn,
} from './address-pool.ts'
import { statusOf } from './docker-error.ts'
import { closeFirewall, type FirewallRequest, openFirewall } from './firewall.ts'
import { nameOnEngine } from './installation.ts'
import { LABELS, labelFilter } from './labels.ts'
import { runCommand } from './run-command.ts'
import { closeTunnels } from './tunnel.ts'

const POOL_LABEL = 'podium.pool'
/** In its place on a network that is another host's: the gateway there. */
const ELSEWHERE_LABEL = 'podium.elsewhere'
/** The registry's network. */
export const SERVICES_SLOT = 0

export interface LearnerNetwork extends MachineNetwork {
  addresses: SlotAddresses
}

export interface NetworkContext {
  docker: Docker
  installation: string
  pool: string
}

/** The pool this host's Podium networks already use, or the first candidate that nothing on the host overlaps. */
export async function findPool(docker: Docker, candidates: readonly string[] = POOL_CANDIDATES): Promise<string> {
  const networks = await docker.listNetworks()
  const ours = networks.filter((network) => network.Labels?.[LABELS.owner])
  const inUse = ours.map((network) => network.Labels?.[POOL_LABEL]).find((pool) => pool !== undefined)
  if (inUse && candidates.includes(inUse)) return inUse
  const others = networks.filter((network) => !network.Labels?.[LABELS.owner])
  const subnets = others.flatMap((network) => network.IPAM?.Config ?? []).flatMap((config) => config.Subnet ?? [])
  const taken = [...subnets.filter((subnet) => subnet.includes('.')), ...(await hostRoutes())]
  return choosePool(candidates, taken)
}

export async function findNetwork(context: NetworkContext, cluster: string): Promise<LearnerNetwork | undefined> {
  const [found] = await context.docker.listNetworks({
    filters: JSON.stringify({
      label: labelFilter({ [LABELS.home]: context.installation, [LABELS.role]: 'network', [LABELS.cluster]: cluster }),
    }),
  })
  if (!found) return undefined
  const { [LABELS.slot]: slot, [POOL_LABEL]: pool = context.pool, [ELSEWHERE_LABEL]: gateway } = found.Labels ?? {}
  const addresses = gateway ? addressesElsewhere(gateway, Number(slot)) : addressesOfSlot(pool, Number(slot))
  return describe(cluster, found.Name, addresses)
}

/** Adopts the cluster's network or makes one in the lowest free slot. */
export async function ensureNetwork(
  context: NetworkContext,
  cluster: string,
  { name = nameOnEngine(context.installation, cluster), slot }: { name?: string; slot?: number } = {},
): Promise<LearnerNetwork> {
  const existing = await findNetwork(context, cluster)
  if (existing) return existing
  const used = new Set(await usedSlots(context.docker))
  for (let next = slot ?? SERVICES_SLOT + 1; next < slotsIn(context.pool); next++) {
    if (used.has(next)) continue
    const network = describe(cluster, name, addressesOfSlot(context.pool, next))
    const { subnet, gateway, dynamicRange } = network.addresses
    const range = { Subnet: subnet, Gateway: gateway, IPRange: dynamicRange }
    if (await create(context, network, range, { [POOL_LABEL]: context.pool })) return network
    if (slot !== undefined) break
  }
  throw new Error(`no free network slot in ${context.pool}`)
}

/** A bridge in the range of another host's network, with an address of its own there; the gateway is at the other end. */
export async function ensureFarEnd(
  context: NetworkContext,
  cluster: string,
  { gateway, address }: { gateway: string; address: string },
): Promise<LearnerNetwork> {
  const existing = await findNetwork(context, cluster)
  if (existing) return existing
  const networks = await context.docker.listNetworks()
  const subnets = networks.flatMap(({ IPAM }) => IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? [])
  const taken = [...subnets.filter((subnet) => subnet.includes('.')), ...(await hostRoutes())]
  const used = new Set(await usedSlots(context.docker))
  for (let slot = SERVICES_SLOT + 1; slot < slotsIn(context.pool); slot++) {
    if (used.has(slot)) continue
    const network = describe(cluster, nameOnEngine(context.installation, cluster), addressesElsewhere(gateway, slot))
    const { subnet } = network
    const inUse = taken.find((other) => overlaps(subnet, other))
    if (inUse) throw new Error(`the cluster's network is ${subnet}, and this host has ${inUse} for something else`)
    if (await create(context, network, { Subnet: subnet, Gateway: address }, { [ELSEWHERE_LABEL]: gateway }))
      return network
  }
  throw new Error(`no free network slot in ${context.pool}`)
}

export async function applyFirewall(
  network: LearnerNetwork,
  ports: { openTcpPorts: readonly number[]; openUdpPorts: readonly number[] },
  reach: Pick<FirewallRequest, 'registries' | 'serves'>,
): Promise<void> {
  const { cluster, bridge, subnet, gatewayAddress, addresses } = network
  await openFirewall({ cluster, slot: addresses.slot, bridge, subnet, gateway: gatewayAddress, ...ports, ...reach })
}

export function removeNetwork(context: NetworkContext, network: LearnerNetwork): Promise<void> {
  return takeDown(context.docker, network.name, network.addresses.slot)
}

/**
 * The network with its bridge and rules. An engine that was started anew takes the bridges it finds for somebody else's
 * and leaves them; this one is known by its number in the kernel, for another process may have made the next meanwhile.
 */
export async function takeDown(docker: Docker, name: string, slot: number): Promise<void> {
  const bridge = bridgeOf(slot)
  await closeTunnels(slot)
  const before = await linkNumber(bridge)
  const isGone = await docker
    .getNetwork(name)
    .remove()
    .then(
      () => true,
      (err: unknown) => {
        if (statusOf(err) !== 404) throw err
        return false
      },
    )
  if (isGone && before && (await linkNumber(bridge)) === before) await runCommand('ip', ['link', 'delete', bridge])
  await closeFirewall({ slot })
}

/** Undefined where there is no such link. */
const linkNumber = (link: string) => readFile(`/sys/class/net/${link}/ifindex`, 'utf8').catch(() => undefined)

/**
 * Of networks, and of bridges without one: that may be what another process is making just now, or what a removal that
 * was cut off has left.
 */
async function usedSlots(docker: Docker): Promise<number[]> {
  const networks = await docker.listNetworks({
    filters: JSON.stringify({ label: labelFilter({ [LABELS.role]: 'network' }) }),
  })
  const links = await readdir('/sys/class/net')
  return [
    ...networks.map((network) => Number(network.Labels?.[LABELS.slot])),
    ...links.map(slotOfBridge).filter((slot) => slot !== undefined),
  ]
}

function describe(cluster: string, name: string, addresses: SlotAddresses): LearnerNetwork {
  return {
    cluster,
    name,
    bridge: bridgeOf(addresses.slot),
    subnet: addresses.subnet,
    gatewayAddress: addresses.gateway,
    loadBalancerRange: addresses.loadBalancerRange,
    addresses,
  }
}

/** False when somebody else took the slot in the meantime. */
async function create(
  context: NetworkContext,
  network: LearnerNetwork,
  range: { Subnet: string; Gateway: string; IPRange?: string },
  label: Record<string, string>,
): Promise<boolean> {
  const { addresses } = network
  try {
    await context.docker.createNetwork({
      Name: network.name,
      CheckDuplicate: true,
      Driver: 'bridge',
      IPAM: {
        Driver: 'default',
        Config: [range],
      },
      Options: {
        'com.docker.network.bridge.name': network.bridge,
        // Nothing goes out to the world, so nothing needs the host's address.
        'com.docker.network.bridge.enable_ip_masquerade': 'false',
      },
      Labels: {
        [LABELS.owner]: '1',
        [LABELS.home]: context.installation,
        [LABELS.role]: 'network',
        [LABELS.cluster]: network.cluster,
        [LABELS.slot]: String(addresses.slot),
        ...label,
      },
    })
  } catch (err) {
    const message = err instanceof Error ? err.message : ''
    // Another process of this installation was faster.
    if (/name .* already exists/.test(message) && (await findNetwork(context, network.cluster))) return true
    if (/overlap|conflicts|already in use|same bridge name/i.test(message)) return false
    throw err
  }
  // The host's end of the bridge must not be reachable by IPv6 either, where the rules above say nothing.
  await writeFile(`/proc/sys/net/ipv6/conf/${network.bridge}/disable_ipv6`, '1').catch(() => {})
  return true
}
