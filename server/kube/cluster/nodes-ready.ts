import type { Node } from 'kubernetes-types/core/v1'
import { isExpired } from '../apimachinery/status-error.ts'
import { type Client, collectionPath } from '../client/client.ts'
import { Node as NodeKind } from '../kinds/node.ts'

export function isNodeReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** Resolves when all the named nodes are there and Ready. */
export async function nodesReady(client: Client, names: string[], signal?: AbortSignal): Promise<void> {
  for (;;) {
    const waiting = new Set(names)
    const list = await client.of(NodeKind).list()
    const see = (node: Node) => {
      const name = node.metadata?.name ?? ''
      if (isNodeReady(node)) waiting.delete(name)
      else if (names.includes(name)) waiting.add(name)
    }
    for (const node of list.items) see(node)
    if (waiting.size === 0) return
    try {
      const events = await client.transport.watch({
        method: 'GET',
        path: collectionPath(NodeKind),
        query: { watch: '1', resourceVersion: list.metadata.resourceVersion ?? '' },
        ...(signal ? { signal } : {}),
      })
      for await (const { type, object } of events) {
        if (type !== 'BOOKMARK') see(object as Node)
        if (waiting.size === 0) return
      }
    } catch (err) {
      if (!isExpired(err)) throw err
    }
  }
}
