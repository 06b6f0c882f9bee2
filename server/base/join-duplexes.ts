// Makes one connection of two.

import type { Duplex } from 'node:stream'

/** What one side said is delivered to the other before its end is; a side that breaks takes the other with it. */
export function joinDuplexes(a: Duplex, b: Duplex): void {
  a.pipe(b)
  b.pipe(a)
  breakTogether(a, b)
}

/**
 * As that; what `b` said in one piece reaches `a` in a piece of its own, however fast they come. A TLS record is one, and some
 * clients do not see what shares a record with what they have read.
 */
export function joinInPieces(a: Duplex, b: Duplex): void {
  a.pipe(b)
  b.on('data', (piece: Buffer) => {
    b.pause()
    a.write(piece, () => b.resume())
  })
  b.once('end', () => a.end())
  breakTogether(a, b)
}

function breakTogether(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('error', () => to.destroy())
    from.on('close', () => {
      if (!from.readableEnded) to.destroy()
    })
  }
}
