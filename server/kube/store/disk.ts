// What the store asks of a disk, and no more: so that a test can stand in for one and lose power.
//
// The promises are those of a POSIX file system with a careful reading: written bytes are durable after `datasync` of
// their file, a created, renamed or removed name is durable after `syncDirectory`. Before that any part of them may
// survive a power cut, in any order.

import { constants, write as writeTo } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sync } from '../../base/durable-files.ts'
import { takeKernelLock } from '../../base/kernel-lock.ts'
import { StoreLockedError } from './store-error.ts'

export interface DiskFile {
  /** Writes all of the buffers, one after the other, from `position` on. */
  write(buffers: Buffer[], position: number): Promise<void>
  datasync(): Promise<void>
  /** Both in one: resolves when these bytes are durable. */
  writeDurably(buffers: Buffer[], position: number): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export interface Disk {
  /** Makes the directory, and its name durable, if it is not there. */
  makeDirectory(directory: string): Promise<void>
  /** The names of the files in it. */
  list(directory: string): Promise<string[]>
  read(path: string): Promise<Buffer>
  /** For writing; makes an empty file if there is none. While it is open it must keep its name. */
  open(path: string): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  syncDirectory(directory: string): Promise<void>
  /** Keeps everyone else out until disposed, or until this process is gone. Rejects with `StoreLockedError`. */
  lock(directory: string): Promise<Disposable>
}

export const nodeDisk: Disk = {
  async makeDirectory(directory) {
    const first = await mkdir(directory, { recursive: true, mode: 0o700 })
    // Each name is kept by the directory above it. Its own at least is made sure of even if it was there already:
    // whoever made it a moment ago may not have.
    const top = dirname(first ?? directory)
    for (let above = dirname(directory); ; above = dirname(above)) {
      await sync(above)
      if (above === top || above === dirname(above)) return
    }
  },
  list: (directory) => readdir(directory),
  read: (path) => readFile(path),
  async open(path) {
    return new NodeFile(path, await open(path, constants.O_RDWR | constants.O_CREAT, 0o600))
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  syncDirectory: sync,
  async lock(directory) {
    const lock = takeKernelLock(join(directory, 'LOCK'))
    if (!lock) throw new StoreLockedError(directory)
    return lock
  },
}

class NodeFile implements DiskFile {
  readonly #path: string
  readonly #handle: FileHandle
  #durable: FileHandle | undefined

  constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  write(buffers: Buffer[], position: number): Promise<void> {
    return writeAll(this.#handle, buffers, position)
  }

  datasync(): Promise<void> {
    return this.#handle.datasync()
  }

  // With O_DSYNC a write is a write and an fdatasync: one trip to the thread pool in place of two, and it is these
  // trips, not the disk, that a single writer waits for.
  async writeDurably(buffers: Buffer[], position: number): Promise<void> {
    this.#durable ??= await open(this.#path, constants.O_RDWR | constants.O_DSYNC)
    await writeAll(this.#durable, buffers, position)
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  async close(): Promise<void> {
    await this.#durable?.close()
    await this.#handle.close()
  }
}

// writev takes at most 1024 pieces and may stop anywhere; one contiguous piece is as quick and simpler to finish.
// The callback form of fs.write costs a third of the promised one.
function writeAll(handle: FileHandle, buffers: Buffer[], position: number): Promise<void> {
  const bytes = buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers)
  return new Promise((resolve, reject) => {
    const writeFrom = (start: number) => {
      if (start >= bytes.length) return resolve()
      writeTo(handle.fd, bytes, start, bytes.length - start, position + start, (error, written) => {
        if (error) reject(error)
        else writeFrom(start + written)
      })
    }
    writeFrom(0)
  })
}
