// A disk in memory that can lose its power, for tests. It keeps apart what was written and what was made durable:
//
//     written, not synced      any of its 512-byte sectors may be there after the power cut, or not
//     named, not synced        each creation, renaming and removal may have happened, or not
//
// That is worse than any file system we know does, and no worse than what POSIX allows.
// `afterKill` is the kinder death, SIGKILL: the page cache survives, and what is not durable still is not.

import { basename, dirname } from 'node:path'
import type { Disk, DiskFile } from '../disk.ts'
import { StoreLockedError } from '../store-error.ts'

const SECTOR_BYTES = 512

type Pending = { position: number; bytes: Buffer } | { truncateTo: number }

/** A file's bytes, in a buffer with room to grow: a log is written to a thousand times. */
class Content {
  #buffer: Buffer
  #length: number

  constructor(bytes: Buffer) {
    this.#buffer = Buffer.from(bytes)
    this.#length = bytes.length
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  apply(change: Pending): void {
    const isWrite = 'bytes' in change
    const length = isWrite ? Math.max(this.#length, change.position + change.bytes.length) : change.truncateTo
    if (length > this.#buffer.length) {
      const roomy = Buffer.alloc(Math.max(length, 2 * this.#buffer.length))
      this.bytes.copy(roomy)
      this.#buffer = roomy
    }
    // What grows again later begins with zeros.
    this.#buffer.fill(0, length, Math.max(length, this.#length))
    this.#length = length
    if (isWrite) change.bytes.copy(this.#buffer, change.position)
  }
}

class Inode {
  written!: Content
  durable!: Content
  #pending!: Pending[]

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.replace(bytes)
  }

  replace(bytes: Buffer): void {
    this.written = new Content(bytes)
    this.durable = new Content(bytes)
    this.#pending = []
  }

  change(change: Pending): void {
    this.#pending.push(change)
    this.written.apply(change)
  }

  sync(): void {
    for (const change of this.#pending.splice(0)) this.durable.apply(change)
  }

  afterPowerLoss(random: () => number): Inode {
    const content = new Content(this.durable.bytes)
    // Now and then all is lost, now and then all is there: both have to be among what is tried.
    const share = [0, 0.5, 0.9, 1][Math.floor(random() * 4)] as number
    for (const change of this.#pending) {
      for (const part of sectorsOf(change)) if (random() < share) content.apply(part)
    }
    return new Inode(content.bytes)
  }
}

function sectorsOf(change: Pending): Pending[] {
  if ('truncateTo' in change) return [change]
  const sectors: Pending[] = []
  let start = 0
  while (start < change.bytes.length) {
    const toSectorEnd = SECTOR_BYTES - ((change.position + start) % SECTOR_BYTES)
    const bytes = change.bytes.subarray(start, start + toSectorEnd)
    sectors.push({ position: change.position + start, bytes })
    start += bytes.length
  }
  return sectors
}

type NameChange = { add?: [string, Inode]; remove?: string }

export interface PowerLossDiskOptions {
  /** A disk (or a store) without its syncs: the test of the test. */
  ignoreDatasync?: boolean
  ignoreSyncDirectory?: boolean
}

export class PowerLossDisk implements Disk {
  readonly #options: PowerLossDiskOptions
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #pendingNames: NameChange[] = []
  #locked = new Set<string>()
  #operationsLeft = Number.POSITIVE_INFINITY
  #bytesLeft = Number.POSITIVE_INFINITY

  constructor(options: PowerLossDiskOptions = {}) {
    this.#options = options
  }

  /** The power goes in the middle of the operation after `operations` more. */
  losePowerAfter(operations: number): void {
    this.#operationsLeft = operations
  }

  /** From now on files can grow by so many bytes, all together; a write that finds no room is done in part. */
  leaveSpace(bytes: number): void {
    this.#bytesLeft = bytes
  }

  get hasPower(): boolean {
    return this.#operationsLeft >= 0
  }

  afterPowerLoss(random: () => number): PowerLossDisk {
    const disk = new PowerLossDisk(this.#options)
    const share = [0, 0.5, 1][Math.floor(random() * 3)] as number
    const names = new Map(this.#durableNames)
    for (const change of this.#pendingNames) if (random() < share) applyNameChange(names, change)
    const survivors = new Map<Inode, Inode>()
    for (const [path, inode] of names) {
      const survivor = survivors.get(inode) ?? inode.afterPowerLoss(random)
      survivors.set(inode, survivor)
      disk.#names.set(path, survivor)
      disk.#durableNames.set(path, survivor)
    }
    return disk
  }

  afterKill(): PowerLossDisk {
    const disk = new PowerLossDisk(this.#options)
    disk.#names = new Map(this.#names)
    disk.#durableNames = new Map(this.#durableNames)
    disk.#pendingNames = [...this.#pendingNames]
    return disk
  }

  /** The bytes of a file, to be looked at or damaged. */
  bytesOf(path: string): Buffer {
    return Buffer.from(this.#inode(path).written.bytes)
  }

  replace(path: string, bytes: Buffer): void {
    this.#inode(path).replace(bytes)
  }

  async makeDirectory(): Promise<void> {}

  async list(directory: string): Promise<string[]> {
    return [...this.#names.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path))
  }

  async read(path: string): Promise<Buffer> {
    return Buffer.from(this.#inode(path).written.bytes)
  }

  async open(path: string): Promise<DiskFile> {
    await this.#operation()
    const inode = this.#names.get(path) ?? new Inode()
    if (!this.#names.has(path)) this.#changeName({ add: [path, inode] })
    return {
      write: async (buffers, position) => {
        await this.#operation(() => this.#write(inode, position, Buffer.concat(buffers)))
      },
      datasync: async () => {
        await this.#operation()
        if (!this.#options.ignoreDatasync) inode.sync()
      },
      writeDurably: async (buffers, position) => {
        await this.#operation(() => this.#write(inode, position, Buffer.concat(buffers)))
        await this.#operation()
        if (!this.#options.ignoreDatasync) inode.sync()
      },
      truncate: async (length) => {
        await this.#operation(() => {
          this.#bytesLeft += Math.max(0, inode.written.bytes.length - length)
          inode.change({ truncateTo: length })
        })
      },
      close: async () => {},
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.#inode(from)
    await this.#operation(() => this.#changeName({ add: [to, inode], remove: from }))
  }

  async remove(path: string): Promise<void> {
    await this.#operation(() => {
      this.#bytesLeft += this.#names.get(path)?.written.bytes.length ?? 0
      this.#changeName({ remove: path })
    })
  }

  async syncDirectory(): Promise<void> {
    await this.#operation()
    if (this.#options.ignoreSyncDirectory) return
    this.#durableNames = new Map(this.#names)
    this.#pendingNames = []
  }

  async lock(directory: string): Promise<Disposable> {
    if (this.#locked.has(directory)) throw new StoreLockedError(directory)
    this.#locked.add(directory)
    return { [Symbol.dispose]: () => void this.#locked.delete(directory) }
  }

  /** An operation that the power cut interrupts has been begun: what it changes is pending, but it never returns well. */
  async #operation(begin: () => void = () => {}): Promise<void> {
    if (!this.hasPower) throw new Error('the power is off')
    this.#operationsLeft--
    begin()
    // Let others run, so that batches form as with a real disk.
    await new Promise((resolve) => setImmediate(resolve))
    if (!this.hasPower) throw new Error('the power is off')
  }

  #write(inode: Inode, position: number, bytes: Buffer): void {
    const room = inode.written.bytes.length + this.#bytesLeft - position
    const fits = Math.min(bytes.length, Math.max(0, room))
    this.#bytesLeft -= Math.max(0, position + fits - inode.written.bytes.length)
    if (fits > 0) inode.change({ position, bytes: bytes.subarray(0, fits) })
    if (fits < bytes.length) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }

  #changeName(change: NameChange): void {
    applyNameChange(this.#names, change)
    this.#pendingNames.push(change)
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path)
    if (!inode) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' })
    return inode
  }
}

function applyNameChange(names: Map<string, Inode>, { add, remove }: NameChange): void {
  if (remove !== undefined) names.delete(remove)
  if (add) names.set(...add)
}
