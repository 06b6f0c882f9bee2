import headless from '@xterm/headless'
import type { Terminal } from '@xterm/xterm'
import { expect, it } from 'vitest'
import { keepFewLinks } from './few-links.ts'

async function linksAfter(...printed: string[]) {
  const terminal = new headless.Terminal({ allowProposedApi: true, cols: 80, rows: 24, scrollback: 5000 })
  keepFewLinks(terminal as unknown as Terminal)
  for (const text of printed) await new Promise<void>((written) => terminal.write(text, written))
  // Not public: what the terminal holds on to.
  const { _core: core } = terminal as unknown as { _core: { _oscLinkService: { _dataByLinkId: Map<number, unknown> } } }
  return { terminal, kept: core._oscLinkService._dataByLinkId.size }
}

const link = (to: string | number) => `\x1b]8;;http://a/${to}\x07a\x1b]8;;\x07`

it('keeps the links of what is printed, but not without end, and none that is no address', async () => {
  expect((await linksAfter(link('b'), link('c'))).kept).toBe(2)
  expect((await linksAfter(link('x'.repeat(3000)))).kept).toBe(0)
  const loop = Array.from({ length: 30_000 }, (_, at) => link(`${at};`)).join('')
  const { kept, terminal } = await linksAfter(loop)
  expect(kept).toBe(10_000)
  expect(terminal.buffer.active.getLine(300)?.translateToString()).toBe('a'.repeat(80))
})

it('keeps no links of what a program draws over and over', async () => {
  expect((await linksAfter('\x1b[?1049h', link('b'))).kept).toBe(0)
})
