// What one object was, state by state, as far back as the store remembers: its keys have a history until it is
// compacted, so nothing has to be kept twice for it.

import { isDeeperThan } from '../apimachinery/deep.ts'
import { USUAL_DEPTH } from '../apimachinery/depth.ts'
import { withDigits } from '../apimachinery/json.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { decodeStored, storageKey, withRevision } from '../apiserver/index.ts'
import { builtInKinds } from '../kinds/index.ts'
import { withoutSecrets } from '../kinds/shown-secret.ts'
import { CompactedError, type Store } from '../store/store.ts'

export interface VersionsQuery {
  group: string
  resource: string
  namespace: string
  name: string
  /** No newer ones; for an object that is gone, the revision before the one that removed it. */
  upTo?: number
  limit: number
}

export interface ObjectVersions {
  /** Newest first. */
  versions: { revision: number; object: KubeObject }[]
  /** The oldest of them is the one that was created; else the rest is compacted, beyond the limit, or too deep for a usual stack. */
  isWhole: boolean
  /** Revisions below this one are gone. */
  compactRevision: number
}

export async function objectVersions(store: Store, query: VersionsQuery): Promise<ObjectVersions> {
  const kind = builtInKinds.find(({ group, plural }) => group === query.group && plural === query.resource)
  if (!kind) throw new Error(`this cluster has no resource ${[query.resource, query.group].filter(Boolean).join('.')}`)
  const key = storageKey(kind, query.namespace, query.name)
  const versions: ObjectVersions['versions'] = []
  let isWhole = false
  for (let at = Math.min(query.upTo ?? store.revision, store.revision); at > 0 && versions.length < query.limit; ) {
    const found = await rangeAt(store, key, at)
    if (!found) break
    const stored = decodeStored(found.value)
    if (isDeeperThan(stored, USUAL_DEPTH)) break
    const object = withDigits(withoutSecrets(query, withRevision(stored, found.modRevision)))
    versions.push({ revision: found.modRevision, object })
    isWhole = found.version === 1
    if (isWhole) break
    at = found.modRevision - 1
  }
  return { versions, isWhole, compactRevision: store.compactRevision }
}

async function rangeAt(store: Store, key: string, revision: number) {
  try {
    return (await store.range({ key, revision })).kvs[0]
  } catch (err) {
    if (err instanceof CompactedError) return undefined
    throw err
  }
}
