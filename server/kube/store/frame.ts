// The unit in which the log is written and checked: the records of one group commit, as they went to the disk.
//
//     offset   0          4           8                        16
//              crc32c u32 | length u32 | place in the file u64 | payload (length bytes): records
//
// The checksum covers everything behind it, and begins with the file's salt, so bytes of another file, or of this one
// at another place, or inside a value, are no frame.
//
// Torn or corrupt? A frame is written only after the one before it is durable. So if a bad frame is followed by any
// good one, it had been durable and has been damaged since: that is corruption, and the store refuses to open. The last
// one may be torn: the power went while it was being written, and nobody was told that it was. It is written over zeros,
// or at the end of the file, and disks write sectors whole: of a torn frame at least one sector is still zeros, or not in
// the file. One that is bad without that has been damaged as well. Only what is torn is cut off.
//
//     sector                     │                  │                  │
//     torn       good frame│head payload│00000000000000000│payload    │
//     damaged    good frame│head payload│paylo#d payload  │payload    │
//
// Upstream: server/storage/wal/decoder.go, isTornEntry.

import { crc32c } from './crc32c.ts'
import { CorruptStoreError } from './store-error.ts'

const FRAME_HEAD_BYTES = 16
const SECTOR_BYTES = 512

export function frameHead(payloads: Buffer[], { place, salt }: { place: number; salt: number }): Buffer {
  let length = 0
  for (const payload of payloads) length += payload.length
  const head = Buffer.allocUnsafe(FRAME_HEAD_BYTES)
  head.writeUInt32LE(length, 4)
  head.writeUInt32LE(place % 2 ** 32, 8)
  head.writeUInt32LE(Math.floor(place / 2 ** 32), 12)
  let crc = crc32c(head, salt, 4)
  for (const payload of payloads) crc = crc32c(payload, crc)
  head.writeUInt32LE(crc, 0)
  return head
}

/** The payload of the frame at that place, or what is wrong with it. */
function readFrame(bytes: Buffer, place: number, salt: number): Buffer | { problem: string } {
  if (place + FRAME_HEAD_BYTES > bytes.length) return { problem: 'frame head is cut short' }
  if (placeIn(bytes, place) !== place) return { problem: 'no frame begins here' }
  const end = place + FRAME_HEAD_BYTES + bytes.readUInt32LE(place + 4)
  if (end > bytes.length) return { problem: 'frame is cut short' }
  if (crc32c(bytes, salt, place + 4, end) !== bytes.readUInt32LE(place)) return { problem: 'checksum does not match' }
  return bytes.subarray(place + FRAME_HEAD_BYTES, end)
}

export interface FramesOptions {
  file: string
  start: number
  salt: number
  /** Only the end of the newest segment can be torn. */
  mayBeTorn: boolean
}

/** Hands over each payload with its place, until told `false`; returns where the good ones end. Throws `CorruptStoreError`. */
export function readFrames(
  bytes: Buffer,
  options: FramesOptions,
  use: (payload: Buffer, place: number) => unknown,
): number {
  let place = options.start
  while (place < bytes.length) {
    const frame = readFrame(bytes, place, options.salt)
    if ('problem' in frame) {
      if (options.mayBeTorn && isTorn(bytes, place) && goodFrameAfter(bytes, place, options.salt) === undefined)
        return place
      throw new CorruptStoreError({ file: options.file, offset: place, problem: frame.problem })
    }
    const goesOn = use(frame, place)
    place += FRAME_HEAD_BYTES + frame.length
    if (goesOn === false) break
  }
  return place
}

/** Hands over whatever is good, wherever it is; returns how many bytes were not. For repairs only. */
export function salvageFrames(
  bytes: Buffer,
  { start, salt }: { start: number; salt: number },
  use: (payload: Buffer) => unknown,
): number {
  let lost = 0
  let place = start
  while (place < bytes.length) {
    const frame = readFrame(bytes, place, salt)
    if ('problem' in frame) {
      const next = goodFrameAfter(bytes, place, salt) ?? bytes.length
      lost += next - place
      place = next
    } else {
      use(frame)
      place += FRAME_HEAD_BYTES + frame.length
    }
  }
  return lost
}

function isTorn(bytes: Buffer, place: number): boolean {
  const headEnd = place + FRAME_HEAD_BYTES
  if (headEnd > bytes.length) return true
  // Without a head that can be believed, the head is all that is known to have been written here.
  const end = placeIn(bytes, place) === place ? headEnd + bytes.readUInt32LE(place + 4) : headEnd
  if (end > bytes.length) return true
  for (let from = place; from < end; ) {
    const to = Math.min(end, from - (from % SECTOR_BYTES) + SECTOR_BYTES)
    if (bytes.subarray(from, to).every((byte) => byte === 0)) return true
    from = to
  }
  return false
}

function goodFrameAfter(bytes: Buffer, bad: number, salt: number): number | undefined {
  for (let place = bad + 1; place + FRAME_HEAD_BYTES <= bytes.length; place++) {
    // Its place is what makes a frame rare: checksums are worth computing only where that is right.
    if (placeIn(bytes, place) === place && !('problem' in readFrame(bytes, place, salt))) return place
  }
  return undefined
}

function placeIn(bytes: Buffer, place: number): number {
  return bytes.readUInt32LE(place + 8) + bytes.readUInt32LE(place + 12) * 2 ** 32
}
