// Marks above and below a letter all go into its cell, and what is in a cell has no end: a few megabytes of them, printed
// in a row, take hundreds. A flag of a country within another is the longest that somebody means.

import type { Terminal } from '@xterm/headless'

/** Of UTF-16, with the letter. */
const MOST_IN_A_CELL = 16
/** As xterm writes down what a character is: that it joins the one before, or has a column of its own. */
const JOINS = 1
const ALONE = 1 << 1

type Widths = Parameters<Terminal['unicode']['register']>[0]

/** The marks that are too many have a column each. */
export function keepFewMarks(screen: Terminal): void {
  // Not public; but nothing public tells the widths that it knows.
  const { _core: core } = screen as unknown as { _core: { unicodeService: { _activeProvider: Widths } } }
  const plain = core.unicodeService._activeProvider
  let isTooMuch = false
  screen.unicode.register({
    version: 'few marks',
    wcwidth: (code) => plain.wcwidth(code),
    charProperties(code, before) {
      const now = plain.charProperties(code, before)
      if ((now & JOINS) === 0) isTooMuch = false
      else isTooMuch ||= isFull(screen.buffer.active)
      return isTooMuch ? ALONE : now
    },
  })
  screen.unicode.activeVersion = 'few marks'
}

/** The cell before the cursor, or the one before that if it is the second half of a wide one: marks go there. */
function isFull(buffer: Terminal['buffer']['active']): boolean {
  const line = buffer.getLine(buffer.baseY + buffer.cursorY)
  const last = line?.getCell(buffer.cursorX - 1)
  const cell = last?.getWidth() === 0 ? line?.getCell(buffer.cursorX - 2) : last
  return (cell?.getChars().length ?? 0) >= MOST_IN_A_CELL
}
