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

class Inode {
  written: Buffer = Buffer.alloc(0)
  durable: Buffer = Buffer.alloc(0)
  pending: Pending[] = []

  change(change: Pending): void {
    this.pending.push(change)
    this.written = applyChange(this.written, change)
  }

  sync(): void {
    this.durable = this.written
    this.pending = []
  }

  afterPowerLoss(random: () => number): Inode {
    let bytes = this.durable
    // Now and then all is lost, now and then all is there: both have to be among what is tried.
    const share = [0, 0.5, 0.9, 1][Math.floor(random() * 4)] as number
    for (const change of this.pending) {
      for (const part of sectorsOf(change)) if (random() < share) bytes = applyChange(bytes, part)
    }
    const inode = new Inode()
    inode.written = bytes
    inode.durable = bytes
    return inode
  }
}

function applyChange(before: Buffer, change: Pending): Buffer {
  const length =
    'truncateTo' in change ? change.truncateTo : Math.max(before.length, change.position + change.bytes.length)
  const after = Buffer.alloc(length)
  before.copy(after)
  if ('bytes' in change) change.bytes.copy(after, change.position)
  return after
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
    return this.#inode(path).written
  }

  replace(path: string, bytes: Buffer): void {
    const inode = this.#inode(path)
    inode.written = bytes
    inode.durable = bytes
    inode.pending = []
  }

  async makeDirectory(): Promise<void> {}

  async list(directory: string): Promise<string[]> {
    return [...this.#names.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path))
  }

  async read(path: string): Promise<Buffer> {
    return Buffer.from(this.#inode(path).written)
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
          this.#bytesLeft += Math.max(0, inode.written.length - length)
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
      this.#bytesLeft += this.#names.get(path)?.written.length ?? 0
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
    const room = inode.written.length + this.#bytesLeft - position
    const fits = Math.min(bytes.length, Math.max(0, room))
    this.#bytesLeft -= Math.max(0, position + fits - inode.written.length)
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
