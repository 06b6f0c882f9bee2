// What all clusters of an installation share while any of them runs: the registry, on a network of its own. Made when the
// first cluster asks, and taken away with its rules when nobody needs it; what the registry serves stays on disk.
import type { BuiltImage } from './build-images.ts'
import { nameOnEngine } from './installation.ts'
import {
  applyFirewall,
  ensureNetwork,
  findNetwork,
  type LearnerNetwork,
  type NetworkContext,
  removeNetwork,
  SERVICES_SLOT,
} from './learner-network.ts'
import { type RegistryContext, startRegistry, stopRegistry } from './registry.ts'

export interface SharedServices {
  /** Resolves with the registry's address. */
  start(): Promise<string>
  stop(): Promise<void>
}

export function sharedServices(options: {
  networks: NetworkContext
  registry: RegistryContext
  images: readonly BuiltImage[]
  /** What the registry serves. */
  directory: string
}): SharedServices {
  const { networks, registry, images, directory } = options
  const cluster = `services-${networks.installation}`
  return {
    async start() {
      const network = (await findNetwork(networks, cluster)) ?? (await makeNetwork(networks, cluster))
      const address = network.addresses.machineAddress(0)
      const reach = { serves: { address, tcpPort: 443 } }
      await applyFirewall(network, { openTcpPorts: [], openUdpPorts: [] }, reach)
      await startRegistry(registry, { images, directory, network: network.name, address })
      return address
    },
    async stop() {
      await stopRegistry(registry)
      const network = await findNetwork(networks, cluster)
      if (network) await removeNetwork(networks, network)
    },
  }
}

async function makeNetwork(networks: NetworkContext, cluster: string): Promise<LearnerNetwork> {
  const name = nameOnEngine(networks.installation, 'services')
  // Another installation on this host may have slot 0; any free one serves.
  return ensureNetwork(networks, cluster, { name, slot: SERVICES_SLOT }).catch(() =>
    ensureNetwork(networks, cluster, { name }),
  )
}
