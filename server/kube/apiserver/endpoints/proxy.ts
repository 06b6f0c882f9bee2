// The `proxy` subresource: plain HTTP to a pod, a service or a node, through the API server.
//
//   /api/v1/namespaces/default/services/http:web:80/proxy/some/path
//                                       scheme name port
//
// Here it is decided where a request goes; http-front/reverse-proxy.ts takes it there.
// Upstream: pkg/registry/core/{pod,service,node}: ResourceLocation; pkg/registry/core/service/storage/storage.go.

import { isIP } from 'node:net'
import type { Endpoints as EndpointsObject, Node, Pod, Service } from 'kubernetes-types/core/v1'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { Answer, ProxyAnswer } from '../request-path/answer.ts'
import { admitConnect } from './admit-connect.ts'
import type { Endpoints } from './endpoints.ts'
import { kubeletOf } from './kubelet-address.ts'
import type { Call } from './object-endpoints.ts'
import { pickEndpoint } from './service-location.ts'

interface ProxyName {
  scheme: string
  name: string
  port: string
}

type Location = Pick<ProxyAnswer, 'scheme' | 'host' | 'port' | 'through'>
type NodeNamed = (name: string | undefined) => Node | undefined

export async function proxyTo(call: Call, { resources }: Pick<Endpoints, 'resources'>): Promise<Answer> {
  const { info, request, registry } = call
  const asked = splitName(info.name)
  const place = splitPath(request.path, registry.kind.namespaced)
  const { path = '' } = await admitConnect(call, place.path)
  const { object } = await registry.get(info.namespace, asked.name)
  const nodes = resources.core('nodes')
  const nodeNamed: NodeNamed = (name) => (name ? (nodes?.peek('', name) as Node | undefined) : undefined)
  const location = () => {
    switch (registry.kind.plural) {
      case 'pods':
        return podLocation(object as Pod, asked, nodeNamed)
      case 'nodes':
        return nodeLocation(object as Node, asked)
      default: {
        const endpoints = resources.core('endpoints')?.peek(info.namespace, asked.name) as EndpointsObject | undefined
        const { host, port, nodeName } = pickEndpoint(object as Service, endpoints, asked)
        // An endpoint that is no pod may be reached from any machine.
        const node = nodeNamed(nodeName) ?? (nodes?.cache.all()[0]?.object as Node | undefined)
        return { ...httpTo(asked.scheme, host, String(port)), through: kubeletOf(node) }
      }
    }
  }
  return { type: 'proxy', prefix: place.prefix, path: String(path).replace(/^(?=[^/])/, '/'), ...location() }
}

/** What stands before the path at the other end stays as it was written, and so does that path. */
function splitPath(path: string, namespaced: boolean): { prefix: string; path: string } {
  const segments = path.split('/')
  const depth = namespaced ? 8 : 6
  if (segments[depth - 1] !== 'proxy') throw badRequest(`invalid proxy path ${JSON.stringify(path)}`)
  const prefix = segments.slice(0, depth).join('/')
  return { prefix, path: path.slice(prefix.length) }
}

function podLocation(pod: Pod, { scheme, port }: ProxyName, nodeNamed: NodeNamed): Location {
  const declared = (pod.spec?.containers ?? []).find(({ ports = [] }) => ports.length > 0)?.ports?.[0]?.containerPort
  const location = httpTo(scheme, pod.status?.podIP ?? '', port || String(declared ?? ''))
  return { ...location, through: kubeletOf(nodeNamed(pod.spec?.nodeName)) }
}

function nodeLocation(node: Node, { scheme, port }: ProxyName): Location {
  const kubelet = kubeletOf(node)
  // The kubelet knows the API server by its certificate; anybody else on the node is a stranger.
  return port && Number(port) !== kubelet.port
    ? { ...httpTo(scheme, kubelet.host, port), through: kubelet }
    : { scheme: 'https', ...kubelet, through: undefined }
}

function httpTo(scheme: string, host: string, port: string) {
  const isSecure = scheme === 'https'
  const number = port ? Number(port) : isSecure ? 443 : 80
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw badRequest(`invalid port ${JSON.stringify(port)}`)
  // As upstream: the loopback and the like are the API server's own, or nobody's.
  if (!isIP(host) || /^(127\.|0\.|169\.254\.|22[4-9]\.|2[3-5]\d\.|::|fe80:|ff)/i.test(host))
    throw badRequest('address not allowed')
  return { scheme: isSecure ? ('https' as const) : ('http' as const), host, port: number }
}

/** `name`, `name:port` or `scheme:name:port`. */
function splitName(text: string): ProxyName {
  const parts = text.split(':')
  const [scheme = '', name = '', port = ''] =
    parts.length === 1 ? ['', text] : parts.length === 2 ? ['', ...parts] : parts
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme)) {
    throw badRequest(`invalid proxy request ${JSON.stringify(text)}`)
  }
  return { scheme, name, port }
}
