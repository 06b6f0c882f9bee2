// Ports of the node that a pod asks for. One can be had once per node, address and protocol, which the scheduler sees to,
// and the kubelet for pods that come without it.

import type { Pod } from 'kubernetes-types/core/v1'

export interface HostPort {
  ip: string
  protocol: string
  port: number
}

const ANY = '0.0.0.0'

export function hostPorts(pod: Pod): HostPort[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  const sidecars = initContainers.filter((container) => container.restartPolicy === 'Always')
  return [...containers, ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter(({ hostPort }) => hostPort)
      .map(({ hostIP, protocol, hostPort }) => ({
        ip: hostIP || ANY,
        protocol: protocol ?? 'TCP',
        port: hostPort ?? 0,
      })),
  )
}

export const collide = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY || b.ip === ANY)

export const NO_FREE_PORTS = "node(s) didn't have free ports for the requested pod ports"
