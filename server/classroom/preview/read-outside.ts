import { isNotFound } from '../../kube/apimachinery/index.ts'
import type { Client } from '../../kube/client/index.ts'
import { Ingress, Node, Service } from '../../kube/kinds/index.ts'
import type { Gateway, HttpRoute, Outside } from './doors.ts'

const GATEWAY_API = '/apis/gateway.networking.k8s.io/v1'
/** A learner may put a server of theirs in the place of that group. */
const MOST_BYTES = 16 * 1024 ** 2

/** Read when somebody looks, rather than watched: few do, and seldom. */
export async function readOutside(client: Client, signal: AbortSignal | undefined): Promise<Outside> {
  const custom = async <T>(resource: string): Promise<T[]> => {
    const path = `${GATEWAY_API}/${resource}`
    const found = await client.transport
      .request({ method: 'GET', path, signal, mostBytes: MOST_BYTES })
      .catch((err: unknown) => {
        if (isNotFound(err)) return { items: [] }
        throw err
      })
    return (found as { items: T[] }).items
  }
  const [services, nodes, ingresses, gateways, routes] = await Promise.all([
    client.of(Service).list({}),
    client.of(Node).list({}),
    client.of(Ingress).list({}),
    custom<Gateway>('gateways'),
    custom<HttpRoute>('httproutes'),
  ])
  return { services: services.items, nodes: nodes.items, ingresses: ingresses.items, gateways, routes }
}
