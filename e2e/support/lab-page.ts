// A lab's page, as a learner sees it.

import type { Page } from 'playwright-core'

/** Its machines are Ready, and so is the lab: what somebody makes before that is cleared away. */
export async function labIsReady(page: Page, nodes: '2 nodes' | '2 simulated nodes' = '2 nodes'): Promise<void> {
  await page.getByText(`${nodes} Ready`).waitFor({ timeout: 150_000 })
  await page.locator('[data-phase=starting]').waitFor({ state: 'detached' })
}
