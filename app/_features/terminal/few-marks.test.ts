import headless from '@xterm/headless'
import type { Terminal } from '@xterm/xterm'
import { expect, it } from 'vitest'
import { keepFewMarks } from './few-marks.ts'

const [columns, rows] = [80, 24]

/** What a terminal keeps of what was printed, cell by cell. */
async function cellsAfter(printed: string): Promise<string[]> {
  const terminal = new headless.Terminal({ allowProposedApi: true, cols: columns, rows, logLevel: 'off' })
  keepFewMarks(terminal as unknown as Terminal)
  await new Promise<void>((written) => terminal.write(printed, written))
  return Array.from({ length: columns * rows }, (_, at) => {
    const line = terminal.buffer.active.getLine(Math.floor(at / columns))
    return line?.getCell(at % columns)?.getChars() ?? ''
  })
}

it.each([
  { name: 'in one row', printed: `a${'\u0301'.repeat(500)}` },
  { name: 'after a sequence that is broken off', printed: `a${`\x1b[3${'\u0301'.repeat(9)}`.repeat(50)}` },
  { name: 'where lines have an end', printed: `\x1b[?7l${`漢${'\u0301'.repeat(9)}`.repeat(100)}` },
  { name: 'repeated', printed: `\x1b[?7l${'漢'.repeat(40)}${'\u0301'.repeat(9)}\x1b[999b` },
])('has no more marks in a cell of the browser than a letter can bear: $name', async ({ printed }) => {
  const longest = Math.max(...(await cellsAfter(printed)).map((cell) => cell.length))
  expect(longest).toBeGreaterThan(9)
  expect(longest).toBeLessThan(19)
})

it('draws the marks of every writing where they are', async () => {
  const text =
    'हिन्दी e\u0301\u0323 \u1112\u1161\u11ab か\u3099 👩\u200d👧 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} é│'
  expect((await cellsAfter(text)).join('')).toBe(text)
})
