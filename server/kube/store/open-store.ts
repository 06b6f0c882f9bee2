// Opening a directory as a store, and making one from a snapshot.

import type { Clock } from '../../base/clock.ts'
import { type Disk, nodeDisk } from './disk.ts'
import { DurableStore } from './durable-store.ts'
import { isBolt } from './etcd-database/bolt-reader.ts'
import { decodeEtcdSnapshot, withoutHistory } from './etcd-database/etcd-database.ts'
import { createLogFrom } from './log.ts'
import { decodeSnapshot, type SnapshotContent } from './snapshot.ts'
import { InvalidRequestError } from './store-error.ts'
import type { Store } from './store-interface.ts'

export interface OpenStoreOptions {
  directory: string
  clock: Clock
  /** Default: the file system. */
  disk?: Disk
  /** For lease ids and file salts. Default: Math.random. */
  random?: () => number
  /** Default: etcd's, 1.5 MiB, with its words when it is more. */
  maxRequestBytes?: number
  maxTxnOperations?: number
  /** Default: etcd's, 2 GiB. */
  quotaBytes?: number
  segmentBytes?: number
  growBytes?: number
  reclaimBytes?: number
}

/** Rejects with `StoreLockedError` or `CorruptStoreError`. */
export function openStore(options: OpenStoreOptions): Promise<Store> {
  return DurableStore.open({
    disk: nodeDisk,
    random: Math.random,
    maxRequestBytes: 1.5 * 1024 * 1024,
    // etcd's default is 128; Kubernetes needs one. A lease may hold more keys than that, so there is air.
    maxTxnOperations: 10_000,
    quotaBytes: 2 * 1024 ** 3,
    reclaimBytes: 1024 * 1024,
    ...options,
  })
}

export interface RestoreStoreOptions extends Pick<OpenStoreOptions, 'directory' | 'disk' | 'random'> {
  /** Of this store, of any etcd, or one that Podium wrote before it wrote etcd's. */
  snapshot: AsyncIterable<Buffer>
  /**
   * Begins so many revisions after the snapshot's, with all before compacted: whoever has seen revisions that came
   * after the snapshot, and are lost, is told to list again rather than shown other things under the same numbers.
   */
  bumpRevision?: number
}

/** Makes `directory`, which must hold no store, one with the state of the snapshot. */
export async function restoreStore(options: RestoreStoreOptions): Promise<void> {
  const { directory, snapshot, bumpRevision = 0, disk = nodeDisk, random = Math.random } = options
  const pieces: Buffer[] = []
  for await (const piece of snapshot) pieces.push(piece)
  const content = bumped(readSnapshot(Buffer.concat(pieces)), bumpRevision)
  await disk.makeDirectory(directory)
  using _lock = await disk.lock(directory)
  const names = await disk.list(directory)
  if (names.some((name) => name !== 'LOCK')) throw new InvalidRequestError(`directory ${directory} is not empty`)
  await createLogFrom({ disk, directory, random }, content)
}

function readSnapshot(bytes: Buffer): SnapshotContent {
  return isBolt(bytes) ? decodeEtcdSnapshot(bytes, { file: 'snapshot' }) : decodeSnapshot(bytes, { file: 'snapshot' })
}

export function bumped(content: SnapshotContent, by: number): SnapshotContent {
  if (by === 0) return content
  const now = withoutHistory(content)
  return { ...now, revision: now.revision + by }
}
