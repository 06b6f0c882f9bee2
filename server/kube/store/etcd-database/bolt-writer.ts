// A bbolt database, written front to back: the file format of etcd's memory, so that its own tools can read ours.
//
//     page 0, 1   meta: where the root is, how many pages there are, a checksum (two, of which bbolt takes the newer)
//     page 2      free pages: none
//     page 3 …    for each bucket its leaves, then the branches over them, level by level, the last being its root
//     last page   the root: a leaf whose values say where each bucket's root is
//
// A page too small for one entry goes on in the pages behind it ("overflow"). What goes where is decided from the sizes
// alone, so nothing has to be held but what is being written. Upstream: bbolt's internal/common/page.go, meta.go.

export const PAGE_BYTES = 4096
export const PAGE_HEAD_BYTES = 16
export const ELEMENT_BYTES = 16
export const PAGE_FLAGS = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const
export const BUCKET_FLAG = 0x01
export const META_MAGIC = 0xed0cdaed
export const META_VERSION = 2
/** What the checksum in a meta page covers, and where it is. */
export const META_BYTES = 56
const FREELIST_PAGE = 2
const FIRST_PAGE = 3

/** Entries in the order of their keys, each asked for twice: first how large it is, later what it is. */
export interface BoltBucket {
  name: string
  length: number
  sizeAt(index: number): { key: number; value: number }
  at(index: number): { key: Buffer; value: Buffer }
}

interface PlannedPage {
  id: number
  /** Of entries or of child pages: from `first` up to, without, `end`. */
  first: number
  end: number
  pages: number
}

interface PlannedBucket {
  bucket: BoltBucket
  leaves: PlannedPage[]
  /** From the one above the leaves to the root; none if there is a single leaf. */
  branches: PlannedPage[][]
}

/** Yields page after page. Buckets must be given in the order of their names. */
export function* encodeBolt(buckets: BoltBucket[]): Generator<Buffer> {
  let next = FIRST_PAGE
  const planned = buckets.map((bucket): PlannedBucket => {
    const take = (pages: number) => {
      const id = next
      next += pages
      return id
    }
    const leaves = plan(bucket.length, (index) => elementBytes(bucket.sizeAt(index)), take)
    const branches: PlannedPage[][] = []
    for (let below = leaves; below.length > 1; below = branches.at(-1) as PlannedPage[]) {
      const children = below
      branches.push(
        plan(
          children.length,
          (child) => ELEMENT_BYTES + firstKey(bucket, leaves, branches, children, child).length,
          take,
        ),
      )
    }
    return { bucket, leaves, branches }
  })
  const root = next
  for (const number of [0, 1]) yield metaPage(number, root)
  yield page({ id: FREELIST_PAGE, flags: PAGE_FLAGS.freelist, count: 0, pages: 1 })
  for (const { bucket, leaves, branches } of planned) {
    for (const leaf of leaves) yield leafPage(leaf, (index) => bucket.at(index))
    for (const [level, nodes] of branches.entries()) {
      const children = level === 0 ? leaves : (branches[level - 1] as PlannedPage[])
      const keyOf = (child: number) => firstKey(bucket, leaves, branches, children, child)
      for (const node of nodes) yield branchPage(node, children, keyOf)
    }
  }
  yield rootPage(root, planned)
}

function elementBytes({ key, value }: { key: number; value: number }): number {
  return ELEMENT_BYTES + key + value
}

/** Fills pages one after the other; there is always at least one, if only an empty one. */
function plan(count: number, bytesOf: (index: number) => number, take: (pages: number) => number): PlannedPage[] {
  const planned: PlannedPage[] = []
  let first = 0
  let bytes = PAGE_HEAD_BYTES
  const close = (end: number) => {
    const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES))
    planned.push({ id: take(pages), first, end, pages })
    first = end
    bytes = PAGE_HEAD_BYTES
  }
  for (let index = 0; index < count; index++) {
    const more = bytesOf(index)
    if (index > first && bytes + more > PAGE_BYTES) close(index)
    bytes += more
  }
  if (first < count || count === 0) close(count)
  return planned
}

/** The smallest key below a page, which is what its parent knows it by. */
function firstKey(
  bucket: BoltBucket,
  leaves: PlannedPage[],
  branches: PlannedPage[][],
  children: PlannedPage[],
  child: number,
): Buffer {
  let at = (children[child] as PlannedPage).first
  for (let level = branches.indexOf(children) - 1; level >= 0; level--)
    at = ((branches[level] as PlannedPage[])[at] as PlannedPage).first
  if (children !== leaves) at = (leaves[at] as PlannedPage).first
  return bucket.at(at).key
}

function page({ id, flags, count, pages }: { id: number; flags: number; count: number; pages: number }): Buffer {
  const bytes = Buffer.alloc(pages * PAGE_BYTES)
  bytes.writeBigUInt64LE(BigInt(id), 0)
  bytes.writeUInt16LE(flags, 8)
  bytes.writeUInt16LE(count, 10)
  bytes.writeUInt32LE(pages - 1, 12)
  return bytes
}

function leafPage(
  { id, first, end, pages }: PlannedPage,
  at: (index: number) => { key: Buffer; value: Buffer; flags?: number },
): Buffer {
  const bytes = page({ id, flags: PAGE_FLAGS.leaf, count: end - first, pages })
  let element = PAGE_HEAD_BYTES
  let place = PAGE_HEAD_BYTES + (end - first) * ELEMENT_BYTES
  for (let index = first; index < end; index++, element += ELEMENT_BYTES) {
    const { key, value, flags = 0 } = at(index)
    bytes.writeUInt32LE(flags, element)
    bytes.writeUInt32LE(place - element, element + 4)
    bytes.writeUInt32LE(key.length, element + 8)
    bytes.writeUInt32LE(value.length, element + 12)
    place += key.copy(bytes, place)
    place += value.copy(bytes, place)
  }
  return bytes
}

function branchPage(
  { id, first, end, pages }: PlannedPage,
  children: PlannedPage[],
  keyOf: (child: number) => Buffer,
): Buffer {
  const bytes = page({ id, flags: PAGE_FLAGS.branch, count: end - first, pages })
  let element = PAGE_HEAD_BYTES
  let place = PAGE_HEAD_BYTES + (end - first) * ELEMENT_BYTES
  for (let child = first; child < end; child++, element += ELEMENT_BYTES) {
    const key = keyOf(child)
    bytes.writeUInt32LE(place - element, element)
    bytes.writeUInt32LE(key.length, element + 4)
    bytes.writeBigUInt64LE(BigInt((children[child] as PlannedPage).id), element + 8)
    place += key.copy(bytes, place)
  }
  return bytes
}

function rootPage(id: number, planned: PlannedBucket[]): Buffer {
  return leafPage({ id, first: 0, end: planned.length, pages: 1 }, (index) => {
    const { bucket, leaves, branches } = planned[index] as PlannedBucket
    const top = ((branches.at(-1) ?? leaves)[0] as PlannedPage).id
    // A bucket's value: the page of its root, and a counter that etcd does not use.
    const value = Buffer.alloc(16)
    value.writeBigUInt64LE(BigInt(top), 0)
    return { key: Buffer.from(bucket.name), value, flags: BUCKET_FLAG }
  })
}

function metaPage(number: number, root: number): Buffer {
  const bytes = page({ id: number, flags: PAGE_FLAGS.meta, count: 0, pages: 1 })
  const meta = bytes.subarray(PAGE_HEAD_BYTES)
  meta.writeUInt32LE(META_MAGIC, 0)
  meta.writeUInt32LE(META_VERSION, 4)
  meta.writeUInt32LE(PAGE_BYTES, 8)
  meta.writeBigUInt64LE(BigInt(root), 16)
  meta.writeBigUInt64LE(BigInt(FREELIST_PAGE), 32)
  meta.writeBigUInt64LE(BigInt(root + 1), 40)
  meta.writeBigUInt64LE(BigInt(number), 48)
  meta.writeBigUInt64LE(fnv1a64(meta.subarray(0, META_BYTES)), META_BYTES)
  return bytes
}

export function fnv1a64(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}
