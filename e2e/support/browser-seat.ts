// A seat at the terminal of a page: keys are pressed in a real browser, and what is seen is what xterm has drawn.

import type { Page } from 'playwright-core'
import type { Screen, Seat } from '../../labs/support/typist.ts'
import { until } from './until.ts'

export async function browserSeat(page: Page): Promise<Seat> {
  const sit = () => page.locator('[data-terminal-state="open"]').first().click()
  // A terminal that was never clicked shows no cursor.
  await sit()
  return {
    async press(keys) {
      await sit()
      for (const part of keys.match(/[ -~]+|[^ -~]/g) ?? []) {
        const code = part.charCodeAt(0)
        if (part === '\r') await page.keyboard.press('Enter')
        else if (code < 0x20) await page.keyboard.press(`Control+${String.fromCharCode(code | 0x40)}`)
        else await page.keyboard.type(part)
      }
    },
    async sees(holds, what) {
      let screen: Screen | undefined
      const look = async () => {
        screen = await read(page)
        return holds(screen)
      }
      await until(what, look).catch((err: Error) => {
        throw new Error(`${err.message}. The terminal shows:\n${screen?.text}`)
      })
    },
  }
}

/** The rows of the screen, and those up to the cursor. */
async function read(page: Page): Promise<Screen> {
  const rows = await page
    .locator('.xterm-rows')
    .first()
    .evaluate((element) =>
      [...element.children].map((row) => {
        const parts = [...row.childNodes]
        const at = parts.findIndex((part) => part instanceof Element && part.matches('.xterm-cursor'))
        const textOf = (nodes: ChildNode[]) => nodes.map(({ textContent }) => textContent ?? '').join('')
        return { text: textOf(parts), before: at < 0 ? undefined : textOf(parts.slice(0, at)) }
      }),
    )
  const plain = (text: string) => text.replaceAll('\u00a0', ' ')
  const cursor = rows.findIndex(({ before }) => before !== undefined)
  const before = rows.slice(0, cursor + 1).map((row, at) => plain(at === cursor ? (row.before ?? '') : row.text))
  return { text: rows.map(({ text }) => plain(text)).join('\n'), before: before.join('\n') }
}
