import { useState } from 'react'

/** Each row that is drawn costs: a thousand of them hold a slow laptop up for seconds. */
const atFirst = 100
const atOnce = 400

/**
 * The newest rows of a long table, newest first. `find` gives at most as many as it is told.
 * `older` has more of them drawn; it is undefined when there are no more.
 */
export function useNewest<Row>(find: (most: number) => Row[]): { rows: Row[]; older: (() => void) | undefined } {
  const [most, setMost] = useState(atFirst)
  const found = find(most + 1)
  return { rows: found.slice(0, most), older: found.length > most ? () => setMost(most + atOnce) : undefined }
}
