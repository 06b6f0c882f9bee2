import { type Client, eachOf } from '../server/kube/client/index.ts'

interface Listed {
  metadata?: { name?: string }
}

/** Until so many objects of a list, and of the watch that goes on from it, are as they should be; those deleted are not. */
export async function until<T extends Listed>(
  client: Client,
  path: string,
  count: number,
  isDone: (object: T) => boolean,
): Promise<void> {
  await follow<T>(client, path, (done) => done.size >= count, isDone)
}

/** Until nothing is left. */
export async function untilGone(client: Client, path: string): Promise<void> {
  await follow<Listed>(
    client,
    path,
    (there) => there.size === 0,
    () => true,
  )
}

async function follow<T extends Listed>(
  client: Client,
  path: string,
  isOver: (names: ReadonlySet<string>) => boolean,
  counts: (object: T) => boolean,
): Promise<void> {
  const list = (await client.transport.request({ method: 'GET', path, query: {} })) as unknown as {
    metadata: { resourceVersion: string }
    items: T[]
  }
  const names = new Set(list.items.filter(counts).map(({ metadata }) => metadata?.name ?? ''))
  if (isOver(names)) return
  const query = { watch: 'true', resourceVersion: list.metadata.resourceVersion }
  for await (const { type, object } of eachOf(await client.transport.watch({ method: 'GET', path, query }))) {
    const name = object.metadata?.name ?? ''
    if (type !== 'DELETED' && counts(object as T)) names.add(name)
    else names.delete(name)
    if (isOver(names)) return
  }
}
