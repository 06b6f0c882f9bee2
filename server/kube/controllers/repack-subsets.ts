// Subsets of Endpoints as they are told: each address once at each port, and ports together that have the same addresses.
// Pure. Upstream: kubernetes/pkg/api/v1/endpoints/util.go (RepackSubsets).

import type { EndpointAddress, EndpointPort, EndpointSubset } from 'kubernetes-types/core/v1'

interface AtPort {
  /** None for addresses without ports. */
  port: EndpointPort | undefined
  /** By address. */
  readiness: Map<string, boolean>
}

const keyOf = ({ ip, targetRef }: EndpointAddress) => JSON.stringify([ip, targetRef?.uid ?? ''])

export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const known = new Map<string, EndpointAddress>()
  const groups = Map.groupBy(addressesByPort(subsets, known), ({ readiness }) => JSON.stringify([...readiness].sort()))
  const repacked = [...groups.values()].map((atPorts): EndpointSubset => {
    const all = [...(atPorts[0]?.readiness ?? [])]
    const those = (wanted: boolean) =>
      all.flatMap(([key, isReady]) => (isReady === wanted ? (known.get(key) ?? []) : [])).sort(byAddress)
    const [addresses, notReadyAddresses] = [those(true), those(false)]
    const ports = atPorts.flatMap(({ port }) => port ?? [])
    return {
      ...(addresses.length > 0 ? { addresses } : {}),
      ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }
  })
  return repacked.sort((a, b) => compare(JSON.stringify(a.ports ?? []), JSON.stringify(b.ports ?? [])))
}

function addressesByPort(subsets: readonly EndpointSubset[], known: Map<string, EndpointAddress>): AtPort[] {
  const byPort = new Map<string, AtPort>()
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    for (const port of ports.length > 0 ? ports : [undefined]) {
      const key = JSON.stringify(
        port ? [port.name ?? '', port.port, port.protocol ?? '', port.appProtocol ?? null] : [],
      )
      const { readiness } = byPort.get(key) ?? { readiness: new Map<string, boolean>() }
      // Told to be both, it is not ready.
      for (const address of addresses) note(address, readiness.get(keyOf(address)) ?? true)
      for (const address of notReadyAddresses) note(address, false)
      if (readiness.size > 0) byPort.set(key, { port, readiness })

      function note(address: EndpointAddress, isReady: boolean) {
        const key = keyOf(address)
        if (!known.has(key)) known.set(key, address)
        readiness.set(key, isReady)
      }
    }
  }
  return [...byPort.values()]
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Of two of one address whoever stands for nobody comes first. */
const byAddress = (a: EndpointAddress, b: EndpointAddress) =>
  compare(a.ip, b.ip) || compare(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '')
