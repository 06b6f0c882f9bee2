// Where the kubelet of a node is: by the addresses that the node itself has told.

import type { Node } from 'kubernetes-types/core/v1'
import { StatusError } from '../../apimachinery/status-error.ts'

const KUBELET_PORT = 10250

export interface KubeletAddress {
  host: string
  port: number
}

export function kubeletOf(node: Node | undefined, name = node?.metadata?.name ?? ''): KubeletAddress {
  const addresses = node?.status?.addresses ?? []
  for (const type of ['InternalIP', 'Hostname', 'ExternalIP']) {
    const found = addresses.find((address) => address.type === type)
    if (found)
      return { host: found.address, port: node?.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? KUBELET_PORT }
  }
  throw new StatusError(
    'InternalError',
    `Internal error occurred: error getting node address: no address of node ${name} is known`,
  )
}
