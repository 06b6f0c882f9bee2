// The log on the disk: a snapshot, then segments of frames, the last of which is being written.
//
//     MANIFEST            { snapshot: 3, firstSegment: 7 }
//     snapshot-00000003   everything at revision 5000, and what changed up to 5020
//     log-00000007        revisions 5010–5400     (those up to 5020 are skipped when it is read)
//     log-00000008        revisions 5401–…        ◄ appended to
//     log-00000009.tmp    empty, made while the one before fills: all writers wait while a segment is begun
//
// Reclaiming writes snapshot 4 beside it, names it in a new manifest, then removes what the manifest no longer names.
// Upstream: server/storage/wal, and the snapshots that make its old segments unneeded.

import { basename, join } from 'node:path'
import type { Disk } from './disk.ts'
import { FILE_HEAD_BYTES, FramedFile, fileName, filePath, readFramedFile } from './framed-file.ts'
import { decodeRecords, type LogRecord } from './log-record.ts'
import { MANIFEST, type Manifest, readManifest, writeManifest } from './manifest.ts'
import { decodeSnapshot, encodeSnapshot, type SnapshotContent } from './snapshot.ts'
import { CorruptStoreError } from './store-error.ts'

/** Large enough that a new segment (two syncs) is rare, small enough to give space back in good time. */
const SEGMENT_BYTES = 4 * 1024 * 1024

/** As little as an idle store may leave unused, as much as makes growing rare for a busy one. */
const GROW_BYTES = 256 * 1024

interface Segment {
  number: number
  bytes: number
  lastRevision: number
}

export interface LogOptions {
  disk: Disk
  directory: string
  /** Between 0 and 1, as Math.random. */
  random: () => number
  segmentBytes?: number
  growBytes?: number
}

/** What is read back when a log is opened, in order. `revision` says what has been reached by the records so far. */
export interface Replay {
  snapshot(content: SnapshotContent): void
  record(record: LogRecord): void
  revision(): number
}

export class Log {
  readonly #disk: Disk
  readonly #directory: string
  readonly #random: () => number
  readonly #segmentBytes: number
  readonly #growBytes: number
  readonly #revision: () => number
  #manifest: Manifest
  #snapshotBytes = 0
  /** Those before the active one. */
  #full: Segment[] = []
  #active!: FramedFile
  #activeNumber = 0
  /** Gives the next segment its name; undefined until it is in the making, or when it could not be made ahead. */
  #next: Promise<(() => Promise<FramedFile>) | undefined> | undefined

  private constructor(options: LogOptions, manifest: Manifest, revision: () => number) {
    this.#disk = options.disk
    this.#directory = options.directory
    this.#random = options.random
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES
    this.#growBytes = options.growBytes ?? GROW_BYTES
    this.#manifest = manifest
    this.#revision = revision
  }

  /** Reads the directory, makes it anew when empty, repairs what an interruption can have left. */
  static async open(options: LogOptions, replay: Replay): Promise<Log> {
    const { disk, directory } = options
    let names = await disk.list(directory)
    if (!names.includes(MANIFEST)) {
      await createLog(options, names)
      names = await disk.list(directory)
    }
    const manifest = await readManifest(disk, directory)
    const log = new Log(options, manifest, () => replay.revision())
    await log.#removeHalfMade(names)
    await log.#removeAllBut(names, (kind, number) =>
      kind === 'log' ? number >= manifest.firstSegment : number === manifest.snapshot,
    )
    // After a kill (not a power cut) we may see names that are not durable yet; what we build on them must be.
    await disk.syncDirectory(directory)
    await log.#readSnapshot(replay)
    await log.#readSegments(names, replay)
    return log
  }

  get bytes(): number {
    return this.#full.reduce((sum, segment) => sum + segment.bytes, this.#active.bytes + this.#snapshotBytes)
  }

  /** Resolves when durable. Only one at a time. */
  async append(payloads: Buffer[]): Promise<void> {
    if (this.#active.bytes >= this.#segmentBytes) await this.rotate()
    await this.#active.append(payloads)
    // Where there is no room for it now, it is tried again when it is wanted, and whoever waits then hears of it.
    if (this.#active.bytes >= this.#segmentBytes / 2) this.#next ??= this.#prepareNext().catch(() => undefined)
  }

  #prepareNext(): Promise<() => Promise<FramedFile>> {
    const number = this.#activeNumber + 1
    const head = { salt: saltFrom(this.#random), number, growBytes: this.#growBytes }
    return FramedFile.prepare(this.#disk, filePath(this.#directory, 'log', number), head)
  }

  /** Begins a new segment. Never during an append: only when all of the old segment is durable can it not be torn. */
  async rotate(): Promise<void> {
    await this.#active.seal()
    const name = (await this.#next) ?? (await this.#prepareNext())
    this.#next = undefined
    const next = await name()
    await this.#active.close()
    this.#full.push({ number: this.#activeNumber, bytes: this.#active.bytes, lastRevision: this.#revision() })
    this.#active = next
    this.#activeNumber++
  }

  get activeIsEmpty(): boolean {
    return this.#active.bytes <= FILE_HEAD_BYTES
  }

  /** Puts a snapshot in the place of all segments that it stands for. Safe to be killed at any point. */
  async reclaim(content: SnapshotContent): Promise<void> {
    const number = this.#manifest.snapshot + 1
    const bytes = await writeSnapshot(this.#disk, this.#directory, content, {
      salt: saltFrom(this.#random),
      number,
    })
    const covered = content.changes.at(-1)?.revision ?? content.revision
    const needed = this.#full.filter((segment) => segment.lastRevision > covered)
    const firstSegment = needed[0]?.number ?? this.#activeNumber
    const manifest: Manifest = { format: 'podium-store/1', snapshot: number, firstSegment }
    await writeManifest(this.#disk, this.#directory, manifest)
    this.#manifest = manifest
    this.#snapshotBytes = bytes
    this.#full = this.#full.filter((segment) => segment.number >= firstSegment)
    await this.#removeAllBut(await this.#disk.list(this.#directory), (kind, file) =>
      kind === 'log' ? file >= firstSegment : file === number,
    )
  }

  async close(): Promise<void> {
    if (await this.#next) await this.#disk.remove(`${filePath(this.#directory, 'log', this.#activeNumber + 1)}.tmp`)
    await this.#active.close()
  }

  async #removeAllBut(names: string[], keep: (kind: 'log' | 'snapshot', number: number) => boolean): Promise<void> {
    for (const name of names) {
      const match = /^(log|snapshot)-([0-9a-f]{8,})$/.exec(name)
      if (match && !keep(match[1] as 'log' | 'snapshot', Number.parseInt(match[2] as string, 16))) {
        await this.#disk.remove(join(this.#directory, name))
      }
    }
  }

  /** Only while nothing else goes on: the next segment may be in the making under such a name. */
  async #removeHalfMade(names: string[]): Promise<void> {
    for (const name of names.filter((each) => /^(log-.*|snapshot-.*|MANIFEST)\.tmp$/.test(each))) {
      await this.#disk.remove(join(this.#directory, name))
    }
  }

  async #readSnapshot(replay: Replay): Promise<void> {
    const number = this.#manifest.snapshot
    if (number === 0) return
    const file = filePath(this.#directory, 'snapshot', number)
    const bytes = await readOrCorrupt(this.#disk, file)
    this.#snapshotBytes = bytes.length
    replay.snapshot(decodeSnapshot(bytes, { file, number }))
  }

  async #readSegments(names: string[], replay: Replay): Promise<void> {
    const segments = names.filter((name) => /^log-[0-9a-f]{8,}$/.test(name))
    const numbers = segments.map((name) => Number.parseInt(name.slice(4), 16)).sort((a, b) => a - b)
    const last = Math.max(numbers.at(-1) ?? 0, this.#manifest.firstSegment)
    for (let number = this.#manifest.firstSegment; number <= last; number++) {
      const file = filePath(this.#directory, 'log', number)
      const bytes = await readOrCorrupt(this.#disk, file)
      const { salt, end } = readFramedFile(bytes, { file, number, mayBeTorn: number === last }, (payload, place) => {
        replayFrame(payload, replay, { file, place })
      })
      if (number < last) this.#full.push({ number, bytes: bytes.length, lastRevision: replay.revision() })
      else await this.#continueAt(file, { number, salt, end, torn: end < bytes.length })
    }
  }

  async #continueAt(path: string, at: { number: number; salt: number; end: number; torn: boolean }): Promise<void> {
    const file = await this.#disk.open(path)
    if (at.torn) await file.truncate(at.end)
    // What we have read may be in the page cache only (its writer was killed); it is shown as durable from now on.
    await file.datasync()
    this.#active = new FramedFile(file, { ...at, growBytes: this.#growBytes })
    this.#activeNumber = at.number
  }
}

export function replayFrame(payload: Buffer, replay: Replay, where: { file: string; place: number }): void {
  const corrupt = (problem: string) => new CorruptStoreError({ file: where.file, offset: where.place, problem })
  for (const record of decodeRecords(payload)) {
    if (record.type === 'change') {
      const { revision } = record.change
      if (revision <= replay.revision()) continue
      if (revision !== replay.revision() + 1) {
        throw corrupt(`revision ${revision} follows ${replay.revision()}: what is between them is missing`)
      }
    }
    replay.record(record)
  }
}

async function createLog(options: LogOptions, names: string[]): Promise<void> {
  const { disk, directory, random } = options
  for (const name of names.filter((file) => /^(log|snapshot)-[0-9a-f]{8,}$/.test(file))) {
    const file = join(directory, name)
    // Interrupted while it was being made, or its manifest has been lost?
    const isBlank = name === fileName('log', 1) && (await disk.read(file)).length <= FILE_HEAD_BYTES
    if (!isBlank) {
      throw new CorruptStoreError({
        file: join(directory, MANIFEST),
        offset: 0,
        problem: `missing, but ${name} is there`,
      })
    }
  }
  const segment = await FramedFile.create(disk, filePath(directory, 'log', 1), {
    salt: saltFrom(random),
    number: 1,
    growBytes: 0,
  })
  await segment.close()
  await writeManifest(disk, directory, { format: 'podium-store/1', snapshot: 0, firstSegment: 1 })
}

/** Makes an empty directory a store with this content; with a number that none of its files has, any directory. */
export async function createLogFrom(options: LogOptions, content: SnapshotContent, number = 1): Promise<void> {
  const { disk, directory, random } = options
  await writeSnapshot(disk, directory, content, { salt: saltFrom(random), number })
  const segment = await FramedFile.create(disk, filePath(directory, 'log', number), {
    salt: saltFrom(random),
    number,
    growBytes: 0,
  })
  await segment.close()
  await writeManifest(disk, directory, { format: 'podium-store/1', snapshot: number, firstSegment: number })
}

async function writeSnapshot(
  disk: Disk,
  directory: string,
  content: SnapshotContent,
  head: { salt: number; number: number },
): Promise<number> {
  const path = filePath(directory, 'snapshot', head.number)
  const file = await disk.open(`${path}.tmp`)
  let bytes = 0
  try {
    await file.truncate(0)
    for (const piece of encodeSnapshot(content, head)) {
      await file.write([piece], bytes)
      bytes += piece.length
    }
    await file.datasync()
  } catch (error) {
    // On a full disk half a snapshot would be in the way of everything else.
    await disk.remove(`${path}.tmp`)
    throw error
  } finally {
    await file.close()
  }
  await disk.rename(`${path}.tmp`, path)
  await disk.syncDirectory(directory)
  return bytes
}

async function readOrCorrupt(disk: Disk, file: string): Promise<Buffer> {
  try {
    return await disk.read(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new CorruptStoreError({ file, offset: 0, problem: `${basename(file)} is missing` })
  }
}

function saltFrom(random: () => number): number {
  return Math.floor(random() * 2 ** 32)
}
