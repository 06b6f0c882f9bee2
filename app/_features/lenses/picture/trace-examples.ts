// Events of one Pod's life, for tests: kubectl deletes a Pod, its kubelet removes it, the ReplicaSet loop makes another,
// the scheduler binds it. Revisions 450, 453, 455, 458.

import type { AppendTrace, DeliverTrace, RequestTrace, TraceEvent } from '../../../../server/base/trace.ts'
import type { PicturePush } from '../../../../server/observe/index.ts'

export const replicaSetLoop = 'kube-controller-manager/replicaset-controller'
export const loops = [
  'kube-controller-manager/deployment-controller',
  replicaSetLoop,
  'kube-controller-manager/endpointslice-controller',
  'kube-controller-manager/garbage-collector-controller',
  'kube-controller-manager/job-controller',
  'kube-controller-manager/node-lifecycle-controller',
  'kube-scheduler',
]

export function request(id: string, client: string, more: Partial<RequestTrace> = {}): RequestTrace {
  return {
    type: 'request',
    at: 1000,
    id,
    client,
    user: 'someone',
    verb: 'update',
    group: '',
    resource: 'pods',
    subresource: '',
    namespace: 'default',
    name: 'web-1',
    code: 200,
    durationMs: 2,
    stages: [],
    cause: id,
    ...more,
  }
}

export function append(
  revision: number,
  requestId: string,
  client: string,
  more: Partial<AppendTrace> = {},
): AppendTrace {
  return {
    type: 'append',
    at: 1000,
    revision,
    operation: 'update',
    group: '',
    resource: 'pods',
    namespace: 'default',
    name: 'web-1',
    client,
    requestId,
    cause: requestId,
    ...more,
  }
}

export function deliver(revision: number, client: string, more: Partial<DeliverTrace> = {}): DeliverTrace {
  return {
    type: 'deliver',
    at: 1000,
    revision,
    event: 'MODIFIED',
    client,
    watch: `watch of ${client}`,
    group: '',
    resource: 'pods',
    namespace: 'default',
    name: 'web-1',
    cause: 'r1',
    ...more,
  }
}

export function push(seq: number, events: TraceEvent[], more: Partial<PicturePush> = {}): PicturePush {
  return { seq, events, revision: 0, missed: false, ...more }
}

/** Fourteen events, in the order in which they are traced: a request after what it wrote. */
export function podReplaced(): TraceEvent[] {
  const cause = 'r1'
  return [
    append(450, 'r1', 'kubectl'),
    deliver(450, 'kubelet/node-1'),
    deliver(450, replicaSetLoop),
    request('r1', 'kubectl', { verb: 'delete', revision: 450 }),
    append(453, 'r2', 'kubelet/node-1', { operation: 'delete', cause }),
    deliver(453, replicaSetLoop, { event: 'DELETED' }),
    request('r2', 'kubelet/node-1', { verb: 'delete', revision: 453, because: 450, cause }),
    append(455, 'r3', replicaSetLoop, { operation: 'create', name: 'web-2', cause }),
    deliver(455, 'kube-scheduler', { event: 'ADDED', name: 'web-2' }),
    deliver(455, replicaSetLoop, { event: 'ADDED', name: 'web-2' }),
    request('r3', replicaSetLoop, { verb: 'create', name: 'web-2', code: 201, revision: 455, because: 453, cause }),
    append(458, 'r4', 'kube-scheduler', { name: 'web-2', cause }),
    deliver(458, 'kubelet/node-1', { name: 'web-2' }),
    request('r4', 'kube-scheduler', { subresource: 'binding', name: 'web-2', revision: 458, because: 455, cause }),
  ]
}
