// POST /podium/trace/{arm,request,collect,end}: one request, really made from inside a pod or from the machine itself, and
// what the kernel told of it. These endpoints are Podium's own; a kubelet of Kubernetes has nothing like them.

import { readBounded } from '../../../base/read-bounded.ts'
import { badRequest, notFound, StatusError } from '../../apimachinery/status-error.ts'
import type { Kubelet } from '../kubelet.ts'

/** Somebody who can; the node agent says who. */
export interface Tracer {
  arm(order: unknown): Promise<object>
  request(order: unknown, caller: { netns?: string; resolvConf: string; hosts: string }): Promise<object>
  collect(order: unknown): Promise<object>
  end(order: unknown): Promise<object>
}

const MOST_BODY = 64 * 1024

export async function serveTrace({
  kubelet,
  tracer,
  what,
  request,
}: {
  kubelet: Kubelet
  tracer: Tracer
  what: string
  request: AsyncIterable<Uint8Array>
}): Promise<object> {
  const order = bodyOf((await readBounded(request, MOST_BODY)).toString())
  switch (what) {
    case 'arm':
      return tracer.arm(order)
    case 'request':
      return tracer.request(order, await callerOf(kubelet, order.pod))
    case 'collect':
      return tracer.collect(order)
    case 'end':
      return tracer.end(order)
    default:
      throw new StatusError('NotFound', 'a trace is armed, requested, collected and ended')
  }
}

/** Without a pod it is the machine itself that calls. */
async function callerOf(kubelet: Kubelet, wanted: unknown) {
  if (wanted === undefined) return { resolvConf: '/etc/resolv.conf', hosts: '/etc/hosts' }
  const { namespace = '', name = '' } = wanted as { namespace?: string; name?: string }
  const pod = kubelet.pod(namespace, name)
  if (!pod) throw notFound({ group: '', resource: 'pods' }, name)
  const sandboxes = await kubelet.runtime.listPodSandboxes(pod.metadata?.uid ?? '')
  const pid = sandboxes.find(({ state }) => state === 'ready')?.pid
  if (!pid) throw badRequest(`pod ${name} in namespace ${namespace} is not running`)
  const directory = kubelet.directoryOf(pod)
  return { netns: `/proc/${pid}/ns/net`, resolvConf: `${directory}/resolv.conf`, hosts: `${directory}/etc-hosts` }
}

function bodyOf(text: string): { pod?: unknown } {
  try {
    return JSON.parse(text) as object
  } catch {
    throw badRequest('a trace is asked for in JSON')
  }
}
