// Makes one connection of two.

import type { Duplex } from 'node:stream'

/** What one side said is delivered to the other before its end is; a side that breaks takes the other with it. */
export function joinDuplexes(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      if (!from.readableEnded) to.destroy()
    })
  }
}
