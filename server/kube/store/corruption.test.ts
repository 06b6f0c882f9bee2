import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { crc32c } from './crc32c.ts'
import { FILE_HEAD_BYTES } from './framed-file.ts'
import { CorruptStoreError, openStore, type Store } from './store.ts'
import { PowerLossDisk } from './testing/power-loss-disk.ts'

const SEGMENT = '/store/log-00000001'

let disk: PowerLossDisk

const open = (more = {}) => openStore({ directory: '/store', clock: new FakeClock(), disk, growBytes: 600, ...more })

/** Without the zeros behind the last frame. */
function framesOf(file: string): Buffer {
  const bytes = disk.bytesOf(file)
  let end = bytes.length
  while (bytes[end - 1] === 0) end--
  return bytes.subarray(0, end)
}

async function put(store: Store, key: string, value: string | Buffer): Promise<void> {
  const operation = { type: 'put', key, value: Buffer.from(value) } as const
  await store.txn({ compare: [], success: [operation], failure: [] })
}

beforeEach(async () => {
  disk = new PowerLossDisk()
  const store = await open()
  for (let i = 0; i < 10; i++) await put(store, `key-${i}`, `value-${i}`)
  await store.close()
})

describe('the checksum', () => {
  // The check value of the catalogue of CRCs, and the all-zero example of RFC 3720 (iSCSI), appendix B.4.
  it.each([
    { name: '123456789', bytes: Buffer.from('123456789'), crc: 0xe3069283 },
    { name: '32 zeros', bytes: Buffer.alloc(32), crc: 0x8a9136aa },
    { name: 'nothing', bytes: Buffer.alloc(0), crc: 0 },
  ])('is CRC-32C: $name', ({ bytes, crc }) => {
    expect(crc32c(bytes)).toBe(crc)
  })

  it('can be taken piece by piece', () => {
    const bytes = Buffer.from('some bytes that are longer than a step')
    expect(crc32c(bytes.subarray(13), crc32c(bytes.subarray(0, 13)))).toBe(crc32c(bytes))
  })
})

describe('a torn end', () => {
  it('is cut off wherever it was torn, and all before it is there', async () => {
    const whole = framesOf(SEGMENT)
    const last = whole.lastIndexOf('key-9')
    for (let length = last; length < whole.length; length++) {
      disk.replace(SEGMENT, whole.subarray(0, length))
      const store = await open()
      expect(store.revision).toBe(10)
      await put(store, 'after', 'the cut')
      await store.close()
      const again = await open()
      expect((await again.range({ key: 'after' })).kvs[0]?.modRevision).toBe(11)
      await again.close()
    }
  })

  it('is cut off when it is zeros, as a file may be that grew before its bytes came', async () => {
    disk.replace(SEGMENT, Buffer.concat([framesOf(SEGMENT), Buffer.alloc(5000)]))
    const store = await open()
    expect(store.revision).toBe(11)
    await store.close()
  })

  it('is not taken for damage when the torn write held a copy of a log as a value', async () => {
    const log = Buffer.from(framesOf(SEGMENT))
    const store = await open()
    await put(store, 'copy', log)
    await store.close()
    const whole = framesOf(SEGMENT)
    disk.replace(SEGMENT, whole.subarray(0, whole.length - 1))
    const again = await open()
    expect(again.revision).toBe(11)
    await again.close()
  })
})

describe('damage', () => {
  it('to any byte before the last frame is refused, with the file and the place', async () => {
    const whole = Buffer.from(framesOf(SEGMENT))
    // Everything up to here is followed by a good frame.
    const end = whole.lastIndexOf('key-8')
    for (let place = FILE_HEAD_BYTES; place < end; place += 7) {
      const damaged = Buffer.from(whole)
      damaged[place] = (damaged[place] as number) ^ 0x40
      disk.replace(SEGMENT, damaged)
      const error = await open().catch((reason) => reason)
      expect(error).toBeInstanceOf(CorruptStoreError)
      expect(error.file).toBe(SEGMENT)
      expect(error.offset).toBeLessThanOrEqual(place)
      expect(error.message).toContain(`${SEGMENT} at offset ${error.offset}`)
    }
  })

  it('to the last frame is refused as well: of a torn one, a sector would be missing or zeros', async () => {
    const bytes = Buffer.from(disk.bytesOf(SEGMENT))
    const end = framesOf(SEGMENT).length
    const damaged = async (place: number) => {
      const copy = Buffer.from(bytes)
      copy[place] = (copy[place] as number) ^ 0x40
      disk.replace(SEGMENT, copy)
      const store = await open().catch((reason) => reason)
      if (!(store instanceof CorruptStoreError)) throw new Error(`byte ${place} of ${end} was taken for a torn one`)
      return store.offset
    }
    const start = await damaged(end - 1)
    expect(start).toBeLessThan(bytes.lastIndexOf('key-9'))
    // A length that leads out of the file looks like a write that was cut short.
    const lengths = [5, 6, 7].map((byte) => start + byte)
    for (let place = start; place < end; place++) if (!lengths.includes(place)) expect(await damaged(place)).toBe(start)
  })

  it('is not seen in a last frame of which a sector never reached the disk', async () => {
    disk = new PowerLossDisk()
    const store = await open()
    await put(store, 'small', 'one')
    await put(store, 'large', Buffer.alloc(3000, 'x'))
    await store.close()
    const bytes = Buffer.from(disk.bytesOf(SEGMENT))
    const from = Math.ceil(bytes.indexOf('xxx') / 512) * 512
    bytes.fill(0, from, from + 512)
    disk.replace(SEGMENT, bytes)
    const again = await open()
    expect(again.revision, 'an empty store is at 1').toBe(2)
    await again.close()
  })

  it.each([
    { name: 'the head of a segment', file: SEGMENT, place: 3 },
    { name: 'the manifest', file: '/store/MANIFEST', place: 10 },
  ])('to $name is refused', async ({ file, place }) => {
    const bytes = Buffer.from(disk.bytesOf(file))
    bytes[place] = (bytes[place] as number) ^ 1
    disk.replace(file, bytes)
    await expect(open()).rejects.toThrow(`${file} at offset 0`)
  })

  it('to the end of a segment that is not the last is refused, not cut off', async () => {
    const store = await open({ segmentBytes: 100 })
    await put(store, 'next', 'segment')
    await store.close()
    disk.replace(SEGMENT, disk.bytesOf(SEGMENT).subarray(0, -1))
    await expect(open()).rejects.toThrow(`${SEGMENT} at offset`)
  })

  it('to a snapshot is refused', async () => {
    const store = await open()
    await store.compact(5)
    await store.defragment()
    await store.close()
    const file = '/store/snapshot-00000001'
    const bytes = Buffer.from(disk.bytesOf(file))
    bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1
    disk.replace(file, bytes)
    await expect(open()).rejects.toThrow(file)
  })

  it('like a missing file is refused', async () => {
    const store = await open({ segmentBytes: 100 })
    for (let i = 0; i < 3; i++) await put(store, 'next', 'segment')
    await store.close()
    await disk.remove('/store/log-00000002')
    await expect(open()).rejects.toThrow('log-00000002 is missing')
    await disk.remove('/store/MANIFEST')
    await expect(open()).rejects.toThrow('MANIFEST at offset 0: missing')
  })
})

describe('a disk that fails', () => {
  it('fails the write and every one after it, but what was durable can still be read', async () => {
    const store = await open()
    disk.losePowerAfter(0)
    const first = put(store, 'a', '1')
    const second = put(store, 'b', '1')
    await expect(first).rejects.toThrow('the disk failed a write')
    await expect(second).rejects.toThrow('the disk failed a write')
    await expect(put(store, 'c', '1')).rejects.toThrow('the disk failed a write')
    expect(store.revision).toBe(11)
    expect((await store.range({ key: 'a' })).count).toBe(0)
    expect((await store.range({ key: 'key-3' })).count).toBe(1)
    expect(store.status().failure).toBeDefined()
    await store.close()
  })
})
