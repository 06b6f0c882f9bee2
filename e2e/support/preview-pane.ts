// The browser pane of a page, in which is what a cluster serves.

import type { Page } from 'playwright-core'

/** Waits for the frame that this click makes: the one before it answers until then, and is gone after. False when the door is closed. */
export async function loadPreview(page: Page): Promise<boolean> {
  const preview = page.locator('[data-preview]')
  await preview.locator('iframe').evaluateAll((frames) => {
    for (const frame of frames) frame.toggleAttribute('data-before', true)
  })
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().includes('preview.open')),
    preview.getByRole('button', { name: /^(Open|Reload)$/ }).click(),
  ])
  if (!answer.ok()) return false
  await preview.locator('iframe:not([data-before])').waitFor()
  return true
}
