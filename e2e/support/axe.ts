// What axe finds on a page, or on a part of it, as lines that name the rule, the reason and the element.

import { join } from 'node:path'
import type { RunOptions, Result as Violation } from 'axe-core'
import type { Page } from 'playwright-core'
import { root } from './commands.ts'

const axe = join(root, 'node_modules', 'axe-core', 'axe.min.js')

export async function violations(page: Page, rules: 'all' | 'colours', within = 'html'): Promise<string[]> {
  const options: RunOptions = rules === 'colours' ? { runOnly: { type: 'rule', values: ['color-contrast'] } } : {}
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.addScriptTag({ path: axe })
  const found = await page.evaluate(
    async ({ options, within }) => {
      const { axe } = globalThis as unknown as {
        axe: { run(within: string, o: object): Promise<{ violations: unknown[] }> }
      }
      return (await axe.run(within, { ...options, resultTypes: ['violations'] })).violations
    },
    { options: options as object, within },
  )
  return (found as Violation[]).flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${failureSummary?.split('\n')[1]?.trim()}: ${html.slice(0, 240)}`),
  )
}
