// What the whole store held at an earlier revision, and what each revision changed: as far back as it was not compacted.

import type { KubeObject } from '../apimachinery/object-meta.ts'
import { decodeStored, storagePrefix, withRevision } from '../apiserver/index.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { builtInKinds } from '../kinds/index.ts'
import { prefixEnd } from '../store/key-range.ts'
import { CompactedError, type Store, type StoreEvent } from '../store/store.ts'

/** Objects are asked for by kind; of those that are not wanted whole only the metadata is told, without owners, which may be deep. */
export interface StateQuery {
  revision: number
  kinds: { group: string; resource: string; isWhole: boolean }[]
}

export interface StoreState {
  revision: number
  /** Revisions below this one are gone. */
  compactRevision: number
  /** In the order of the kinds asked for; undefined when that revision is compacted. */
  objects: KubeObject[][] | undefined
}

export interface LoggedChange {
  revision: number
  operation: 'create' | 'update' | 'delete'
  group: string
  /** Empty for keys that are no objects: somebody else keeps something in this store. */
  resource: string
  namespace: string
  name: string
}

export interface ChangeLog {
  revision: number
  compactRevision: number
  /** Oldest first: the newest of those that are kept. */
  changes: LoggedChange[]
}

export async function stateAt(store: Store, query: StateQuery): Promise<StoreState> {
  const revision = Math.min(query.revision, store.revision)
  try {
    const objects = await Promise.all(
      query.kinds.map(async ({ group, resource, isWhole }) => {
        const prefix = storagePrefix(kindOf(group, resource))
        const { kvs } = await store.range({ key: prefix, rangeEnd: prefixEnd(prefix), revision })
        return kvs.map(({ value, modRevision }) => {
          const { kind, apiVersion, metadata, ...rest } = withRevision(decodeStored(value), modRevision)
          const { managedFields: _, ...bare } = metadata ?? {}
          return (
            isWhole ? { kind, apiVersion, metadata, ...rest } : { kind, apiVersion, metadata: bare }
          ) as KubeObject
        })
      }),
    )
    return { revision, compactRevision: store.compactRevision, objects }
  } catch (err) {
    if (!(err instanceof CompactedError)) throw err
    return { revision, compactRevision: store.compactRevision, objects: undefined }
  }
}

function kindOf(group: string, resource: string): AnyKind {
  const kind = builtInKinds.find((one) => one.group === group && one.plural === resource)
  if (!kind) throw new Error(`this cluster has no resource ${[resource, group].filter(Boolean).join('.')}`)
  return kind
}

/** The store's own log, as a watch replays it. */
export function changeLog(store: Store, most: number): Promise<ChangeLog> {
  const { revision } = store
  const startRevision = Math.max(store.compactRevision + 1, revision - most + 1, 1)
  const changes: LoggedChange[] = []
  const answer = () => ({ revision, compactRevision: store.compactRevision, changes })
  if (startRevision > revision) return Promise.resolve(answer())
  const { promise, resolve, reject } = Promise.withResolvers<ChangeLog>()
  const watch = store.watch(
    { key: '\0', rangeEnd: '\0', startRevision },
    {
      events(at, events) {
        if (at <= revision) changes.push(...events.map((event) => told(at, event)))
      },
      progress: () => resolve(answer()),
      // Compacted just now: what is left begins later.
      ended: (error) => (error instanceof CompactedError ? resolve(changeLog(store, most)) : reject(error)),
    },
  )
  return promise.finally(() => watch[Symbol.dispose]())
}

const prefixes = builtInKinds.map((kind) => ({ kind, prefix: storagePrefix(kind) }))

function told(revision: number, { type, kv }: StoreEvent): LoggedChange {
  const operation = type === 'delete' ? 'delete' : kv.version === 1 ? 'create' : 'update'
  const found = prefixes.find(({ prefix }) => kv.key.startsWith(prefix))
  if (!found) return { revision, operation, group: '', resource: '', namespace: '', name: kv.key }
  const { kind, prefix } = found
  const rest = kv.key.slice(prefix.length)
  const [namespace = '', name = ''] = kind.namespaced ? rest.split('/') : ['', rest]
  return { revision, operation, group: kind.group, resource: kind.plural, namespace, name }
}
