// A request for a version that another server serves: carried there, with who asks told in headers that only a bearer of
// the front proxy's certificate may send. Upstream: kube-aggregator/pkg/apiserver/handler_proxy.go.

import { StatusError } from '../../apimachinery/status-error.ts'
import { APIService, type ApiServiceWire } from '../../kinds/api-service.ts'
import type { ApiResources } from '../endpoints/api-resources.ts'
import { serviceLocation } from '../endpoints/service-location.ts'
import type { ProxyAnswer } from '../request-path/answer.ts'
import type { RequestContext } from '../request-path/request-context.ts'

export interface Certificate {
  certPem: string
  keyPem: string
}

export class Aggregation {
  readonly #resources: ApiResources
  readonly certificate: Certificate | undefined

  constructor(resources: ApiResources, certificate: Certificate | undefined) {
    this.#resources = resources
    this.certificate = certificate
  }

  /** Where requests for this path go; undefined when this server answers them itself. */
  answer(context: RequestContext, path: string): ProxyAnswer | undefined {
    const [root, group = '', version = ''] = path.split('/').filter((part) => part !== '')
    if (root !== 'apis' || version === '') return undefined
    const object = this.#resources.ofKind(APIService)?.peek('', `${version}.${group}`) as ApiServiceWire | undefined
    const service = object?.spec.service
    if (!object || !service) return undefined
    if (!isAvailable(object)) throw new StatusError('ServiceUnavailable', 'service unavailable')
    const { namespace = '', name = '', port = 443 } = service
    const location = serviceLocation(this.#resources, { namespace, name, port })
    return {
      type: 'proxy',
      scheme: 'https',
      ...location,
      path,
      prefix: '',
      aggregated: {
        service: { namespace, name, port },
        serverName: `${name}.${namespace}.svc`,
        caBundle: object.spec.caBundle,
        isInsecure: object.spec.insecureSkipTLSVerify ?? false,
        certificate: this.certificate,
        headers: remoteHeaders(context.user),
      },
    }
  }
}

export const isAvailable = ({ status }: ApiServiceWire) =>
  status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') ?? false

export function remoteHeaders({
  name,
  uid,
  groups,
  extra = {},
}: RequestContext['user']): Record<string, string | string[]> {
  return {
    'X-Remote-User': name,
    ...(uid ? { 'X-Remote-Uid': uid } : {}),
    'X-Remote-Group': [...groups],
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`X-Remote-Extra-${encodeURIComponent(key)}`, [...values]]),
    ),
  }
}
