// Opening a directory as a store, and making one from a snapshot.

import type { Clock } from '../../base/clock.ts'
import { type Disk, nodeDisk } from './disk.ts'
import { DurableStore } from './durable-store.ts'
import { createLogFrom } from './log.ts'
import { decodeSnapshot } from './snapshot.ts'
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
    reclaimBytes: 1024 * 1024,
    ...options,
  })
}

/** Makes `directory`, which must hold no store, one with the state of the snapshot. */
export async function restoreStore(
  options: Pick<OpenStoreOptions, 'directory' | 'disk' | 'random'> & { snapshot: AsyncIterable<Buffer> },
): Promise<void> {
  const { directory, snapshot, disk = nodeDisk, random = Math.random } = options
  const pieces: Buffer[] = []
  for await (const piece of snapshot) pieces.push(piece)
  const content = decodeSnapshot(Buffer.concat(pieces), { file: 'snapshot' })
  await disk.makeDirectory(directory)
  using _lock = await disk.lock(directory)
  const names = await disk.list(directory)
  if (names.some((name) => name !== 'LOCK')) throw new InvalidRequestError(`directory ${directory} is not empty`)
  await createLogFrom({ disk, directory, random }, content)
}
