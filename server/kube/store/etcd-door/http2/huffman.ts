// The one Huffman code of HPACK (RFC 7541, appendix B). It is canonical: shorter codes come first, and of one length the
// smaller byte, so the lengths are all there is to know. The last one is "end of string", which no string may hold.

const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
]
const END_OF_STRING = 256
const SHORTEST = 5

/** Two ways on from each node, for a 0 and a 1: another node, or, negative, the symbol -1 - n. */
const TREE = treeOf(LENGTHS)

/** A string of bytes, or a `RangeError`. */
export function decodeHuffman(coded: Buffer): string {
  const decoded = Buffer.allocUnsafe(Math.ceil((coded.length * 8) / SHORTEST))
  let length = 0
  let node = 0
  let depth = 0
  let isPadding = true
  for (const byte of coded) {
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (byte >> shift) & 1
      const next = TREE[2 * node + bit] as number
      depth++
      isPadding &&= bit === 1
      node = next
      if (next >= 0) continue
      if (next === -1 - END_OF_STRING) throw new RangeError('the end of a string is coded within it')
      decoded[length++] = -1 - next
      node = 0
      depth = 0
      isPadding = true
    }
  }
  if (depth > 7 || !isPadding) throw new RangeError('a string does not end as it should')
  return decoded.toString('latin1', 0, length)
}

function treeOf(lengths: number[]): Int16Array {
  const tree = new Int16Array(2 * lengths.length)
  const symbols = lengths.map((_, symbol) => symbol).sort((a, b) => lengths[a]! - lengths[b]! || a - b)
  let nodes = 1
  let code = 0
  let before = 0
  for (const symbol of symbols) {
    const length = lengths[symbol]!
    code <<= length - before
    before = length
    let node = 0
    for (let shift = length - 1; shift > 0; shift--) {
      const way = 2 * node + ((code >> shift) & 1)
      tree[way] ||= nodes++
      node = tree[way]!
    }
    tree[2 * node + (code & 1)] = -1 - symbol
    code++
  }
  return tree
}
