import type { Node } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import { isExpired } from '../apimachinery/status-error.ts'
import { type Client, collectionPath } from '../client/client.ts'
import { eachOf } from '../client/transport.ts'
import { Node as NodeKind } from '../kinds/node.ts'

export function isNodeReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** Ready, and the node lifecycle loop has seen it: no Pod would be turned away any more. */
const isUsable = (node: Node) =>
  isNodeReady(node) && !node.spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/not-ready')

/**
 * Resolves when all the named nodes are there, Ready and free of the not-ready taint; rejects with what they last said of themselves when that
 * takes longer than `timeoutMs`, or when the signal says so.
 */
export async function nodesReady(options: {
  client: Client
  names: string[]
  clock: Clock
  timeoutMs: number
  signal: AbortSignal
}): Promise<void> {
  const { client, names, clock, timeoutMs } = options
  const abort = new AbortController()
  const waiting = new Map(names.map((name) => [name, 'has not registered']))
  using _timer = clock.setTimeout(
    () => abort.abort(new Error(`not Ready after ${timeoutMs / 1000} s: ${describe(waiting)}`)),
    timeoutMs,
  )
  const signal = AbortSignal.any([options.signal, abort.signal])
  try {
    await watchUntilReady(client, waiting, signal)
  } catch (err) {
    throw signal.aborted ? signal.reason : err
  }
}

const MOST_TOLD = 10

function describe(waiting: ReadonlyMap<string, string>): string {
  const told = Array.from(waiting, ([name, why]) => `${name} ${why}`).slice(0, MOST_TOLD)
  const more = waiting.size - told.length
  return told.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

async function watchUntilReady(client: Client, waiting: Map<string, string>, signal: AbortSignal): Promise<void> {
  const names = new Set(waiting.keys())
  const see = (node: Node) => {
    const name = node.metadata?.name ?? ''
    if (!names.has(name)) return
    if (isUsable(node)) waiting.delete(name)
    else waiting.set(name, readyMessage(node))
  }
  while (waiting.size > 0) {
    signal.throwIfAborted()
    const list = await client.of(NodeKind).list()
    for (const node of list.items) see(node)
    if (waiting.size === 0) return
    try {
      const pieces = await client.transport.watch({
        method: 'GET',
        path: collectionPath(NodeKind),
        query: { watch: '1', resourceVersion: list.metadata.resourceVersion ?? '' },
        signal,
      })
      for await (const { type, object } of eachOf(pieces)) {
        if (type !== 'BOOKMARK') see(object as Node)
        if (waiting.size === 0) return
      }
    } catch (err) {
      if (!isExpired(err)) throw err
    }
  }
}

function readyMessage(node: Node): string {
  const condition = node.status?.conditions?.find(({ type }) => type === 'Ready')
  return condition?.message || 'has registered and not said whether it is Ready'
}
