// Each cell may be a link of its own, and a terminal keeps all that are on its lines: a loop that prints short ones fills a browser.

import type { Terminal } from '@xterm/xterm'

const HYPERLINK = 8
/** What is longer than any address is none. */
const LONGEST = 2048
/** More than `ls --hyperlink` prints into all lines that are kept. */
const MOST = 10_000

/** What is too much is printed all the same, as plain text. */
export function keepFewLinks(terminal: Terminal): void {
  const isFull = () => terminal.buffer.active.type === 'alternate' || terminal.markers.length >= MOST
  // The end of one, which has no address, always comes through. What is before the first `;` is no part of the address.
  const isEnd = (text: string) => text.indexOf(';') === text.length - 1
  terminal.parser.registerOscHandler(HYPERLINK, (text) => text.length > LONGEST || (!isEnd(text) && isFull()))
}
