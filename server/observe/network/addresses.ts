// Whose an address is, as the cluster's objects say at this moment. What no object knows stays an address.

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import type { ObjectName, Place } from './network-push.ts'
import { addressesOfPod, clusterIPsOf, nextTo, podRangesOf } from './object-addresses.ts'

export interface ClusterObjects {
  readonly nodes: readonly Node[]
  readonly pods: readonly Pod[]
  readonly services: readonly Service[]
  readonly endpointSlices: readonly EndpointSlice[]
}

export class Addresses {
  readonly #pods = new Map<string, Pod>()
  readonly #machines = new Map<string, string>()
  readonly #services = new Map<string, ObjectName>()
  readonly #nodePorts = new Map<string, ObjectName>()
  readonly #servedBy = new Map<string, ObjectName>()

  constructor({ nodes, pods, services, endpointSlices }: ClusterObjects) {
    for (const pod of pods) {
      const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
      // Pods on the host's network have the machine's address, which says nothing of them.
      if (isOver || pod.spec?.hostNetwork) continue
      for (const ip of addressesOfPod(pod)) this.#pods.set(ip, pod)
    }
    for (const node of nodes) {
      for (const address of ownAddresses(node)) this.#machines.set(address, node.metadata?.name ?? '')
    }
    for (const { metadata, spec, status } of services) {
      const name = nameOf({ metadata })
      const external = [
        ...(spec?.externalIPs ?? []),
        ...(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? ''),
      ]
      for (const { port, protocol = 'TCP', nodePort } of spec?.ports ?? []) {
        for (const ip of [...clusterIPsOf({ spec }), ...external]) this.#services.set(keyOf(ip, port, protocol), name)
        if (nodePort) this.#nodePorts.set(keyOf('', nodePort, protocol), name)
      }
    }
    for (const { metadata, endpoints, ports } of endpointSlices) {
      const service = metadata?.labels?.['kubernetes.io/service-name']
      if (!service) continue
      for (const ip of (endpoints ?? []).flatMap(({ addresses }) => addresses)) {
        for (const { port, protocol = 'TCP' } of ports ?? []) {
          this.#servedBy.set(keyOf(ip, port ?? 0, protocol), { namespace: metadata?.namespace ?? '', name: service })
        }
      }
    }
  }

  /** `isAsked`: somebody called this address, so it may be a Service's. */
  placeOf(ip: string, port: number, { protocol, isAsked }: { protocol: string; isAsked: boolean }): Place {
    const pod = this.#pods.get(ip)
    if (pod) return { ip, port, pod: nameOf(pod), ...(pod.spec?.nodeName ? { machine: pod.spec.nodeName } : {}) }
    const machine = this.#machines.get(ip)
    const key = keyOf(machine && isAsked ? '' : ip, port, protocol)
    const service = machine && isAsked ? this.#nodePorts.get(key) : isAsked ? this.#services.get(key) : undefined
    return { ip, port, ...(machine ? { machine } : {}), ...(service ? { service } : {}) }
  }

  /** The Service that this address is an endpoint of: so are known those that are no Pods. */
  servedBy({ ip, port }: Place, protocol: string): ObjectName | undefined {
    return this.#servedBy.get(keyOf(ip, port, protocol))
  }

  /** Does the kubelet ask this Pod, on this port, how it is? */
  isProbed({ ip, port }: Place): boolean {
    const pod = this.#pods.get(ip)
    const containers = [...(pod?.spec?.containers ?? []), ...(pod?.spec?.initContainers ?? [])]
    return containers.some(({ livenessProbe, readinessProbe, startupProbe, ports = [] }) =>
      [livenessProbe, readinessProbe, startupProbe].some((probe) => {
        const asked = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port
        if (asked === undefined) return false
        return port === (ports.find(({ name }) => name === asked)?.containerPort ?? Number(asked))
      }),
    )
  }
}

/** Its address on the classroom's network, and that of the bridge its Pods hang on: the first of their range. */
function ownAddresses(node: Node): string[] {
  const internal = (node.status?.addresses ?? []).flatMap(({ type, address }) =>
    type === 'InternalIP' ? [address] : [],
  )
  return [...internal, ...podRangesOf(node).map((own) => nextTo(own))]
}

const nameOf = ({ metadata }: { metadata?: { namespace?: string; name?: string } }): ObjectName => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
})

const keyOf = (ip: string, port: number, protocol: string) => `${ip}:${port}/${protocol.toLowerCase()}`
