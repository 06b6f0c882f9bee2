// What the live picture is fed: every trace event of the learner's cluster, in order and without a gap, together with
// Pods and Nodes as somebody's informers know them.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import type { TraceEvent } from '../base/trace.ts'
import type { ClusterHost } from '../kube/cluster/index.ts'
import { loopsInOrder } from './loops-in-order.ts'
import { type PicturePush, pictureNode, picturePod } from './picture-push.ts'

/** A browser that comes for the first time is shown no more than this of the past. */
const NEWEST = 4000

/** Caches of the cluster that somebody keeps anyway. */
export interface Sight {
  readonly revision: number
  view(before: { pods: [] }): { readonly pods: readonly Pod[]; readonly nodes: readonly Node[] }
  onChange(listener: () => void): Disposable
  /** Calls all listeners, for who has learnt something that is in no cache. */
  lookAgain(): void
}

/** Pushes until the signal; the first holds everything, later ones what is new. */
export async function* watchPicture(options: {
  host: ClusterHost
  cluster: string
  sight: Sight
  since: number | undefined
  signal: AbortSignal
}): AsyncGenerator<PicturePush> {
  const { host, cluster, sight, since, signal } = options
  let events: TraceEvent[] = []
  let seq = since ?? 0
  let missed = false
  let changed = true
  let wake = Promise.withResolvers<void>()
  const loops = new Set<string>()
  let toldOfLoops = false

  using _watch = sight.onChange(() => {
    changed = true
    wake.resolve()
  })
  using _traces = host.watchTraces(cluster, since ?? 0, (batch) => {
    for (const event of batch.events) events.push(event)
    seq = batch.seq
    missed ||= batch.missed && since !== undefined
    wake.resolve()
  })
  const onAbort = () => wake.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    // Asked after the traces: what changes from now on comes as an event.
    let gates: PicturePush['gates'] = await host.loopGates(cluster)
    while (!signal.aborted) {
      for (const event of events) {
        if (event.type !== 'loop' || loops.has(event.client) === !event.hasEnded) continue
        if (event.hasEnded) loops.delete(event.client)
        else loops.add(event.client)
        toldOfLoops = false
      }
      if (events.length > NEWEST) {
        missed ||= since !== undefined
        events = events.slice(-NEWEST)
      }
      const push: PicturePush = { seq, events, revision: Math.max(sight.revision, newest(events)), missed }
      if (changed) {
        const { pods, nodes } = sight.view({ pods: [] })
        push.pods = pods.map(picturePod)
        push.nodes = nodes.map(pictureNode)
      }
      if (!toldOfLoops) push.loops = loopsInOrder(loops)
      toldOfLoops = true
      if (gates) push.gates = gates
      gates = undefined
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
