// What the store asks of a disk, and no more: so that a test can stand in for one and lose power.
//
// The promises are those of a POSIX file system with a careful reading: written bytes are durable after `datasync` of
// their file, a created, renamed or removed name is durable after `syncDirectory`. Before that any part of them may
// survive a power cut, in any order.

import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { lockDirectory } from './directory-lock.ts'

export interface DiskFile {
  /** Writes all of the buffers, one after the other, from `position` on. */
  write(buffers: Buffer[], position: number): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export interface Disk {
  /** Makes the directory, and its name durable, if it is not there. */
  makeDirectory(directory: string): Promise<void>
  /** The names of the files in it. */
  list(directory: string): Promise<string[]>
  read(path: string): Promise<Buffer>
  /** For writing; makes an empty file if there is none. */
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
    if (first) await syncDirectory(dirname(first))
  },
  list: (directory) => readdir(directory),
  read: (path) => readFile(path),
  async open(path) {
    return new NodeFile(await open(path, constants.O_RDWR | constants.O_CREAT, 0o600))
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  syncDirectory,
  lock: (directory) => lockDirectory(join(directory, 'LOCK')),
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, constants.O_RDONLY)
  await handle.sync()
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async write(buffers: Buffer[], position: number): Promise<void> {
    // writev takes at most 1024 pieces and may stop anywhere; one contiguous piece is as quick and simpler to finish.
    const bytes = buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers)
    let written = 0
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, position + written)
      written += bytesWritten
    }
  }

  datasync(): Promise<void> {
    return this.#handle.datasync()
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
