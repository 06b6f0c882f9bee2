// CRC-32C (Castagnoli), the checksum of etcd's log and of ext4: it finds every burst of up to 32 wrong bits.
//
// Eight bytes a step ("slicing by 8"): TABLE[k * 256 + b] is the effect of byte b with k more bytes behind it.

const POLYNOMIAL = 0x82f63b78

function buildTable(): Int32Array {
  const table = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    table[byte] = crc
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] as number
    table[i] = (before >>> 8) ^ (table[before & 0xff] as number)
  }
  return table
}

const TABLE = buildTable()

/** The checksum of `bytes[start, end)`; to go on over a second piece, give the first one's result as `seed`. */
export function crc32c(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  const t = TABLE as unknown as number[]
  const b = bytes as unknown as number[]
  let crc = ~seed
  let i = start
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24))
    crc =
      t[1792 + (low & 0xff)]! ^
      t[1536 + ((low >>> 8) & 0xff)]! ^
      t[1280 + ((low >>> 16) & 0xff)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + b[i + 4]!]! ^
      t[512 + b[i + 5]!]! ^
      t[256 + b[i + 6]!]! ^
      t[b[i + 7]!]!
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ b[i]!) & 0xff]!
  return ~crc >>> 0
}
