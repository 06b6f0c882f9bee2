// Reads a bbolt database, whoever wrote it: the buckets of its root, each with its entries in the order of their keys.

import { CorruptStoreError } from '../store-error.ts'
import {
  BUCKET_FLAG,
  ELEMENT_BYTES,
  fnv1a64,
  META_BYTES,
  META_MAGIC,
  META_VERSION,
  PAGE_FLAGS,
  PAGE_HEAD_BYTES,
} from './bolt-writer.ts'

export interface BoltEntry {
  key: Buffer
  value: Buffer
}

/** Deeper than any tree of pages is; what goes on longer leads round in a circle. */
const DEEPEST = 32

export function isBolt(bytes: Buffer): boolean {
  return bytes.length > PAGE_HEAD_BYTES + META_BYTES && bytes.readUInt32LE(PAGE_HEAD_BYTES) === META_MAGIC
}

export class BoltFile {
  readonly #bytes: Buffer
  readonly #file: string
  readonly #pageBytes: number
  readonly #buckets = new Map<string, Buffer>()

  /** Throws `CorruptStoreError` when neither of its two heads is whole. */
  constructor(bytes: Buffer, { file }: { file: string }) {
    this.#bytes = bytes
    this.#file = file
    const meta = this.#newestMeta()
    this.#pageBytes = meta.readUInt32LE(8)
    for (const { key, value } of this.#entries(meta.readBigUInt64LE(16), BUCKET_FLAG)) {
      this.#buckets.set(key.toString(), value)
    }
  }

  /** Nothing at all for a bucket that is not there. */
  *bucket(name: string): Generator<BoltEntry> {
    const value = this.#buckets.get(name)
    if (!value) return
    const root = value.readBigUInt64LE(0)
    // A small bucket has no page of its own: it lies behind the head of the value.
    if (root === 0n) yield* this.#leaf(value.subarray(16), 0)
    else yield* this.#entries(root, 0)
  }

  #newestMeta(): Buffer {
    let newest: Buffer | undefined
    // The second lies where the first says that its page ends; if the first is lost, at one of the usual places.
    for (const at of [0, 4096, 8192, 16384, 65536]) {
      const meta = this.#bytes.subarray(at + PAGE_HEAD_BYTES, at + PAGE_HEAD_BYTES + META_BYTES + 8)
      if (meta.length < META_BYTES + 8 || meta.readUInt32LE(0) !== META_MAGIC) continue
      if (meta.readUInt32LE(4) !== META_VERSION) continue
      if (meta.readBigUInt64LE(META_BYTES) !== fnv1a64(meta.subarray(0, META_BYTES))) continue
      if (!newest || meta.readBigUInt64LE(48) > newest.readBigUInt64LE(48)) newest = meta
    }
    return newest ?? this.#corrupt(0, 'no head of a bbolt database is whole')
  }

  *#entries(id: bigint, flags: number, depth = 0): Generator<BoltEntry> {
    const at = Number(id) * this.#pageBytes
    if (depth > DEEPEST || at + PAGE_HEAD_BYTES > this.#bytes.length) this.#corrupt(at, `there is no page ${id}`)
    const page = this.#bytes.subarray(at)
    if (page.readBigUInt64LE(0) !== id) this.#corrupt(at, `this is not page ${id}`)
    const kind = page.readUInt16LE(8)
    if (kind === PAGE_FLAGS.leaf) yield* this.#leaf(page, flags)
    else if (kind === PAGE_FLAGS.branch) {
      for (let index = 0; index < page.readUInt16LE(10); index++) {
        yield* this.#entries(page.readBigUInt64LE(PAGE_HEAD_BYTES + index * ELEMENT_BYTES + 8), flags, depth + 1)
      }
    } else this.#corrupt(at, `page ${id} is of no known kind`)
  }

  *#leaf(page: Buffer, flags: number): Generator<BoltEntry> {
    for (let index = 0; index < page.readUInt16LE(10); index++) {
      const element = PAGE_HEAD_BYTES + index * ELEMENT_BYTES
      const start = element + page.readUInt32LE(element + 4)
      const middle = start + page.readUInt32LE(element + 8)
      const end = middle + page.readUInt32LE(element + 12)
      if (end > page.length) this.#corrupt(page.byteOffset - this.#bytes.byteOffset, 'an entry reaches beyond the end')
      if (page.readUInt32LE(element) !== flags) continue
      yield { key: page.subarray(start, middle), value: page.subarray(middle, end) }
    }
  }

  #corrupt(offset: number, problem: string): never {
    throw new CorruptStoreError({ file: this.#file, offset, problem })
  }
}
