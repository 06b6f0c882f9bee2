// A file of frames, be it a segment of the log or a snapshot, begins with 32 bytes that say what it is:
//
//     magic "PODIUMKV" | format u32 | salt u32 | number u64 | crc32c u32 of the above | 0 u32
//
// A new file gets its name only when these are durable: a file under a real name that begins otherwise is corrupt.

import { dirname, join } from 'node:path'
import { crc32c } from './crc32c.ts'
import type { Disk, DiskFile } from './disk.ts'
import { frameHead, readFrames, salvageFrames } from './frame.ts'
import { CorruptStoreError } from './store-error.ts'

export const FILE_HEAD_BYTES = 32
const MAGIC = 'PODIUMKV'
const FORMAT = 1
const CHECKED_BYTES = 24

export function encodeFileHead({ salt, number }: { salt: number; number: number }): Buffer {
  const head = Buffer.alloc(FILE_HEAD_BYTES)
  head.write(MAGIC, 0, 'latin1')
  head.writeUInt32LE(FORMAT, 8)
  head.writeUInt32LE(salt, 12)
  head.writeUInt32LE(number % 2 ** 32, 16)
  head.writeUInt32LE(Math.floor(number / 2 ** 32), 20)
  head.writeUInt32LE(crc32c(head, 0, 0, CHECKED_BYTES), CHECKED_BYTES)
  return head
}

function saltOf(bytes: Buffer, file: string, number: number | undefined): number {
  const corrupt = (problem: string) => new CorruptStoreError({ file, offset: 0, problem })
  if (bytes.length < FILE_HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) throw corrupt('not a file of a store')
  if (crc32c(bytes, 0, 0, CHECKED_BYTES) !== bytes.readUInt32LE(CHECKED_BYTES)) throw corrupt('checksum does not match')
  const format = bytes.readUInt32LE(8)
  if (format !== FORMAT) throw corrupt(`format ${format} is not known, only ${FORMAT}`)
  if (number !== undefined && bytes.readUInt32LE(16) !== number) throw corrupt(`this is file ${bytes.readUInt32LE(16)}`)
  return bytes.readUInt32LE(12)
}

export interface ReadFramedFile {
  file: string
  /** Absent: any. */
  number?: number
  mayBeTorn: boolean
}

export function readFramedFile(
  bytes: Buffer,
  { file, number, mayBeTorn }: ReadFramedFile,
  use: (payload: Buffer, place: number) => unknown,
): { salt: number; end: number } {
  const salt = saltOf(bytes, file, number)
  return { salt, end: readFrames(bytes, { file, start: FILE_HEAD_BYTES, salt, mayBeTorn }, use) }
}

/** As `readFramedFile`, past whatever is damaged but its head; returns how many bytes were. */
export function salvageFramedFile(bytes: Buffer, file: string, use: (payload: Buffer) => unknown): number {
  return salvageFrames(bytes, { start: FILE_HEAD_BYTES, salt: saltOf(bytes, file, undefined) }, use)
}

interface NewFile {
  salt: number
  number: number
  growBytes: number
}

/**
 * Appends frames to a file; one at a time, each durable before the next may be written.
 *
 *     head | frame | frame | 0000000000        end of the frames ──┘         └── end of the file
 *
 * The file grows by `growBytes` of zeros at a time: a sync that need not also write down a new length is one trip to
 * the disk less. When it is read, the zeros look like a torn end, and are cut off as one.
 */
export class FramedFile {
  readonly #file: DiskFile
  readonly #salt: number
  readonly #growBytes: number
  #end: number
  #length: number

  constructor(file: DiskFile, { salt, end, growBytes }: { salt: number; end: number; growBytes: number }) {
    this.#file = file
    this.#salt = salt
    this.#growBytes = growBytes
    this.#end = end
    this.#length = end
  }

  /** Makes an empty file; its name is durable when this resolves. */
  static async create(disk: Disk, path: string, options: NewFile): Promise<FramedFile> {
    const name = await FramedFile.prepare(disk, path, options)
    return name()
  }

  /** All of `create` that can be done before the file is wanted; what is returned gives it its name, once. */
  static async prepare(disk: Disk, path: string, options: NewFile): Promise<() => Promise<FramedFile>> {
    const temporary = await disk.open(`${path}.tmp`)
    try {
      await temporary.truncate(0)
      await temporary.write([encodeFileHead(options)], 0)
      await temporary.datasync()
    } finally {
      await temporary.close()
    }
    return async () => {
      await disk.rename(`${path}.tmp`, path)
      await disk.syncDirectory(dirname(path))
      return new FramedFile(await disk.open(path), { ...options, end: FILE_HEAD_BYTES })
    }
  }

  get bytes(): number {
    return this.#end
  }

  async append(payloads: Buffer[]): Promise<void> {
    const head = frameHead(payloads, { place: this.#end, salt: this.#salt })
    let length = head.length
    for (const payload of payloads) length += payload.length
    const end = this.#end + length
    const grown = end <= this.#length ? this.#length : end + this.#growBytes
    const zeros = grown > this.#length ? Buffer.alloc(grown - end) : undefined
    try {
      await this.#file.writeDurably([head, ...payloads, ...(zeros ? [zeros] : [])], this.#end)
      this.#length = grown
    } catch (error) {
      if (!isNoSpace(error)) throw error
      // Room for the zeros only was missing? Else the file ends again, durably, where it ended before.
      await this.#cutOff()
      if (!zeros) throw error
      await this.#file.writeDurably([head, ...payloads], this.#end).catch(async (again) => {
        await this.#cutOff()
        throw again
      })
      this.#length = end
    }
    this.#end = end
  }

  /** Cuts off the zeros: from now on the file ends with its last frame. */
  async seal(): Promise<void> {
    await this.#cutOff()
  }

  async #cutOff(): Promise<void> {
    await this.#file.truncate(this.#end)
    await this.#file.datasync()
    this.#length = this.#end
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** The disk, or somebody's share of it, is full: a write was not done, and may be done later. */
export function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
}

export function fileName(kind: 'log' | 'snapshot', number: number): string {
  return `${kind}-${number.toString(16).padStart(8, '0')}`
}

export function filePath(directory: string, kind: 'log' | 'snapshot', number: number): string {
  return join(directory, fileName(kind, number))
}
