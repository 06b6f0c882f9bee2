// What the live picture is fed: every trace event of the learner's cluster, in order and without a gap, together with
// Pods and Nodes as the classroom's informers know them.

import type { TraceEvent } from '../../base/trace.ts'
import type { ClusterHost } from '../../kube/cluster/index.ts'
import { Pod as PodKind } from '../../kube/kinds/index.ts'
import type { PictureNode, PicturePod, PicturePush } from '../api/contract.ts'
import { troubleOf } from '../labs/checks/pod-troubles.ts'
import { isReady, type Pod } from '../labs/cluster-view.ts'
import { nodeIsReady, nodeIsSimulated, type Sandbox } from '../sandboxes/sandbox.ts'
import { loopsInOrder } from './loop-order.ts'

/** A browser that comes for the first time is shown no more than this of the past. */
const NEWEST = 4000

/** Pushes until the signal; the first holds everything, later ones what is new. */
export async function* watchPicture(options: {
  host: ClusterHost
  sandbox: Sandbox
  since: number | undefined
  signal: AbortSignal
}): AsyncGenerator<PicturePush> {
  const { host, sandbox, since, signal } = options
  let events: TraceEvent[] = []
  let seq = since ?? 0
  let missed = false
  let changed = true
  let wake = Promise.withResolvers<void>()
  const loops = new Set<string>()
  let loopsShown = -1

  using _watch = sandbox.watch.onChange(() => {
    changed = true
    wake.resolve()
  })
  using _traces = host.watchTraces(sandbox.cluster, since ?? 0, (batch) => {
    for (const event of batch.events) events.push(event)
    seq = batch.seq
    missed ||= batch.missed && since !== undefined
    wake.resolve()
  })
  const onAbort = () => wake.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    while (!signal.aborted) {
      for (const event of events) if (event.type === 'loop') loops.add(event.client)
      if (events.length > NEWEST) {
        missed ||= since !== undefined
        events = events.slice(-NEWEST)
      }
      const push: PicturePush = { seq, events, revision: Math.max(sandbox.watch.revision, newest(events)), missed }
      if (changed) {
        const { pods, nodes } = sandbox.watch.view({ pods: [] })
        push.pods = pods.map((pod) => picturePod(pod))
        push.nodes = nodes.map(
          (node): PictureNode => ({
            name: node.metadata?.name ?? '',
            ready: nodeIsReady(node),
            simulated: nodeIsSimulated(node),
          }),
        )
      }
      if (loops.size !== loopsShown) push.loops = loopsInOrder(loops)
      loopsShown = loops.size
      events = []
      missed = false
      changed = false
      wake = Promise.withResolvers<void>()
      yield push
      await wake.promise
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function newest(events: readonly TraceEvent[]): number {
  let revision = 0
  for (const event of events) if (event.type === 'append') revision = Math.max(revision, event.revision)
  return revision
}

function picturePod(pod: Pod): PicturePod {
  return {
    namespace: pod.metadata?.namespace ?? '',
    name: pod.metadata?.name ?? '',
    node: pod.spec?.nodeName ?? '',
    status: podStatus(pod),
    ready: isReady(pod),
    owner: pod.metadata?.ownerReferences?.find(({ controller }) => controller)?.name ?? '',
  }
}

/** The very word that `kubectl get pods` prints: the kind's own column, where it has one. */
function podStatus(pod: Pod): string {
  const column = PodKind.columns.find(({ name }) => name === 'Status')
  return String(column?.value(pod, 0) ?? troubleOf(pod).status)
}
