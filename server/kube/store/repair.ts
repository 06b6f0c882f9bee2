// What can be done when a store refuses to open because it is damaged: go on with the newest state of which every step
// up to it can still be read. Nothing is guessed, nothing is thrown away: the damaged files are kept beside the store.
//
//     snapshot   good  good  [bad]  good      what the bad piece held is lost, the rest stands
//     log        good  good  [bad]  good      the store goes on as it was here ──┘: what follows was built on what is lost

import { basename, join } from 'node:path'
import { type Disk, nodeDisk } from './disk.ts'
import { withoutHistory } from './etcd-database/etcd-database.ts'
import { filePath, readFramedFile } from './framed-file.ts'
import { createLogFrom, replayFrame } from './log.ts'
import type { LogRecord } from './log-record.ts'
import { MANIFEST, type Manifest, readManifest } from './manifest.ts'
import { Mvcc } from './mvcc.ts'
import { bumped } from './open-store.ts'
import { decodeSnapshot, type SnapshotContent, salvageSnapshot } from './snapshot.ts'
import { CorruptStoreError } from './store-error.ts'

export interface Repaired {
  /** What was found, file by file. Empty: nothing is damaged, and nothing was changed. */
  damage: string[]
  /** The store goes on with what was true at this revision. */
  revision: number
  /** Where the damaged files are kept. */
  copies: string
}

export interface RepairOptions {
  directory: string
  disk?: Disk
  random?: () => number
  /** As for `restoreStore`: somebody may have seen what is lost. */
  bumpRevision: number
}

/** Rejects with `StoreLockedError` while somebody has it open. */
export async function repairStore(options: RepairOptions): Promise<Repaired> {
  const { directory, disk = nodeDisk, random = Math.random, bumpRevision } = options
  using _lock = await disk.lock(directory)
  const damage: string[] = []
  const content = await readWhatIsLeft(disk, directory, damage)
  const revision = content.changes.at(-1)?.revision ?? content.revision
  if (damage.length === 0) return { damage, revision, copies: '' }
  const copies = await copyAside(disk, directory)
  // Under new numbers beside what is there, which stands until the new manifest does; the next opening clears it away.
  const names = await disk.list(directory)
  const taken = [...numbersOf(names, 'log'), ...numbersOf(names, 'snapshot')]
  await createLogFrom({ disk, directory, random }, bumped(content, bumpRevision), 1 + Math.max(0, ...taken))
  return { damage, revision, copies }
}

async function readWhatIsLeft(disk: Disk, directory: string, damage: string[]): Promise<SnapshotContent> {
  const mvcc = new Mvcc()
  const found = (error: unknown) => {
    if (!(error instanceof CorruptStoreError)) throw error
    damage.push(error.message)
  }
  const names = await disk.list(directory)
  const manifest = await readManifest(disk, directory).catch((error) => {
    found(error.code === 'ENOENT' ? new CorruptStoreError({ file: MANIFEST, offset: 0, problem: 'missing' }) : error)
    return manifestFrom(names)
  })
  if (manifest.snapshot > 0) {
    const content = await readSnapshot(disk, filePath(directory, 'snapshot', manifest.snapshot), found)
    for (const lease of content.leases) mvcc.leases.grant(lease.id, lease.ttlSeconds)
    mvcc.load(content.states, content.revision)
    for (const change of content.changes) if (change.revision === mvcc.head + 1) mvcc.replay(change)
  }
  await replaySegments(disk, directory, manifest, { names, mvcc, found })
  const leases = [...mvcc.leases.entries()].map(([id, { ttlSeconds }]) => ({ id, ttlSeconds }))
  return withoutHistory({ revision: mvcc.head, states: await mvcc.dump(mvcc.head), leases, changes: [] })
}

async function readSnapshot(disk: Disk, file: string, found: (error: unknown) => void): Promise<SnapshotContent> {
  const nothing: SnapshotContent = { revision: 1, states: [], leases: [], changes: [] }
  const bytes = await disk.read(file).catch((error) => {
    if (error.code !== 'ENOENT') throw error
    found(new CorruptStoreError({ file, offset: 0, problem: `${basename(file)} is missing` }))
    return undefined
  })
  if (!bytes) return nothing
  try {
    return decodeSnapshot(bytes, { file })
  } catch (error) {
    found(error)
  }
  try {
    return salvageSnapshot(bytes, { file }).content
  } catch (error) {
    found(error)
    return nothing
  }
}

/** Up to the first damage. */
async function replaySegments(
  disk: Disk,
  directory: string,
  { firstSegment }: Manifest,
  { names, mvcc, found }: { names: string[]; mvcc: Mvcc; found: (error: unknown) => void },
): Promise<void> {
  const last = Math.max(firstSegment, ...numbersOf(names, 'log'))
  const replay = {
    snapshot: () => {},
    revision: () => mvcc.head,
    record: (record: LogRecord) => mvcc.replayRecord(record),
  }
  for (let number = firstSegment; number <= last; number++) {
    const file = filePath(directory, 'log', number)
    try {
      const bytes = await disk.read(file).catch(() => {
        throw new CorruptStoreError({ file, offset: 0, problem: `${basename(file)} is missing` })
      })
      readFramedFile(bytes, { file, number, mayBeTorn: number === last }, (payload, place) => {
        replayFrame(payload, replay, { file, place })
      })
    } catch (error) {
      found(error)
      return
    }
  }
}

/** Without one: the newest snapshot there is, and every segment. Whether they follow each other is seen when they are read. */
function manifestFrom(names: string[]): Manifest {
  const segments = numbersOf(names, 'log')
  return {
    format: 'podium-store/1',
    snapshot: Math.max(0, ...numbersOf(names, 'snapshot')),
    firstSegment: segments.length > 0 ? Math.min(...segments) : 1,
  }
}

async function copyAside(disk: Disk, directory: string): Promise<string> {
  for (let number = 1; ; number++) {
    const copies = `${directory}-damaged-${number}`
    await disk.makeDirectory(copies)
    if ((await disk.list(copies)).length > 0) continue
    for (const name of await disk.list(directory)) {
      if (name.startsWith('LOCK')) continue
      const file = await disk.open(join(copies, name))
      await file.write([await disk.read(join(directory, name))], 0)
      await file.datasync()
      await file.close()
    }
    await disk.syncDirectory(copies)
    return copies
  }
}

function numbersOf(names: string[], kind: 'log' | 'snapshot'): number[] {
  return names.flatMap((name) => {
    const [, number] = new RegExp(`^${kind}-([0-9a-f]{8,})$`).exec(name) ?? []
    return number === undefined ? [] : Number.parseInt(number, 16)
  })
}
