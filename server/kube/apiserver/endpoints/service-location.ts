// Which of a service's endpoints a request of the server's own goes to, and by which machine.

import { randomInt } from 'node:crypto'
import type { Endpoints as EndpointsObject, Node, Service } from 'kubernetes-types/core/v1'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { ApiResources } from './api-resources.ts'
import { type KubeletAddress, kubeletOf } from './kubelet-address.ts'

/** Where a service is reached at one of its ports, by the machine of the pod that was picked. */
export function serviceLocation(
  resources: ApiResources,
  { namespace, name, port }: { namespace: string; name: string; port: number },
): { host: string; port: number; through: KubeletAddress } {
  const service = resources.core('services')?.peek(namespace, name) as Service | undefined
  if (!service) throw unavailable(`service "${name}" not found`)
  const endpoints = resources.core('endpoints')?.peek(namespace, name) as EndpointsObject | undefined
  const picked = pickEndpoint(service, endpoints, { name, port: String(port) })
  const nodes = resources.core('nodes')
  const node = picked.nodeName ? nodes?.peek('', picked.nodeName) : undefined
  return {
    host: picked.host,
    port: picked.port,
    through: kubeletOf((node ?? nodes?.cache.all()[0]?.object) as Node | undefined),
  }
}

/** One of the endpoints behind a port, which is told by number or by name. */
export function pickEndpoint(
  service: Service,
  endpoints: EndpointsObject | undefined,
  { name, port }: { name: string; port: string },
) {
  let portName = port
  if (/^\d+$/.test(port)) {
    const declared = service.spec?.ports?.find((one) => one.port === Number(port))
    if (!declared) throw unavailable(`no service port ${port} found for service "${name}"`)
    portName = declared.name ?? ''
  }
  const candidates = (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    const named = ports.find((one) => (one.name ?? '') === portName)
    return named ? addresses.map(({ ip, nodeName }) => ({ host: ip, port: named.port, nodeName })) : []
  })
  const chosen = candidates[randomInt(Math.max(1, candidates.length))]
  if (!chosen) throw unavailable(`no endpoints available for service "${name}"`)
  return chosen
}

const unavailable = (message: string) => new StatusError('ServiceUnavailable', message)
