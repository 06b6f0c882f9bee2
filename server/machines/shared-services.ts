// What all clusters of an installation share while any of them runs: the registries, on a network of their own. Made when
// the first cluster asks, and taken away with its rules when nobody needs it; what the registries serve stays on disk.
import type { PresentImage } from './build-images.ts'
import type { SharedPort } from './firewall.ts'
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
import { startPushRegistry, stopPushRegistry } from './push-registry.ts'
import { startRegistry, stopRegistry } from './registry.ts'
import { PUSH_REGISTRY } from './registry-certificates.ts'
import type { ServiceContext } from './service-container.ts'

export interface SharedServices {
  /** Resolves with where the registries are, the read-only one first. */
  start(): Promise<readonly SharedPort[]>
  stop(): Promise<void>
}

export function sharedServices(options: {
  networks: NetworkContext
  registry: ServiceContext
  images: readonly PresentImage[]
  /** What the registry is to serve now. */
  directory: () => Promise<string>
}): SharedServices {
  const { networks, registry, images, directory } = options
  const cluster = `services-${networks.installation}`
  return {
    async start() {
      const network = (await findNetwork(networks, cluster)) ?? (await makeNetwork(networks, cluster))
      const [address, pushAddress] = [0, 1].map(network.addresses.machineAddress) as [string, string]
      const serves = [
        { address, tcpPort: 443 },
        { address: pushAddress, tcpPort: PUSH_REGISTRY.port },
      ]
      await applyFirewall(network, { openTcpPorts: [], openUdpPorts: [] }, { serves })
      await Promise.all([
        startRegistry(registry, { images, directory: await directory(), network: network.name, address }),
        startPushRegistry(registry, { images, network: network.name, address: pushAddress }),
      ])
      return serves
    },
    async stop() {
      await Promise.all([stopRegistry(registry), stopPushRegistry(registry)])
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
