// Marks above and below a letter all go into its cell, and a browser that draws a cell with a million of them does nothing
// else. The server's own screen has the same bound, but passes marks on as they were printed: in which cell one comes to
// lie is known to a terminal alone (wide letters at the end of a line that does not go on, a letter repeated with its marks).

import type { Terminal } from '@xterm/xterm'

/** Of UTF-16, with the letter, as on the server: a flag of a country within another is the longest that somebody means. */
const MOST_IN_A_CELL = 16
/** As xterm writes down that a character joins the one before, and that one is a mark without a letter, which lies alone. */
const JOINS = 1
const NO_LETTER = 0

type Widths = Parameters<Terminal['unicode']['register']>[0]

/** The marks that are too many stand by themselves. With a width of their own a line of them takes seconds to draw. */
export function keepFewMarks(terminal: Terminal): void {
  // Not public; but nothing public tells the widths that it knows.
  const { _core: core } = terminal as unknown as { _core: { unicodeService: { _activeProvider: Widths } } }
  const plain = core.unicodeService._activeProvider
  terminal.unicode.register({
    version: 'few marks',
    wcwidth: (code) => plain.wcwidth(code),
    charProperties(code, before) {
      const now = plain.charProperties(code, before)
      return (now & JOINS) !== 0 && isFull(terminal.buffer.active) ? NO_LETTER : now
    },
  })
  terminal.unicode.activeVersion = 'few marks'
}

/** The cell before the cursor, or the one before that if it is the second half of a wide one: marks go there. */
function isFull(buffer: Terminal['buffer']['active']): boolean {
  const line = buffer.getLine(buffer.baseY + buffer.cursorY)
  const last = line?.getCell(buffer.cursorX - 1)
  const cell = last?.getWidth() === 0 ? line?.getCell(buffer.cursorX - 2) : last
  return (cell?.getChars().length ?? 0) >= MOST_IN_A_CELL
}
