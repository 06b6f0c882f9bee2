// A learner opens a lab and goes away with the page open: the cluster goes to sleep, the page says so and wakes nothing by
// itself, whoever teaches sees it, and a click wakes it. On simulated machines, with a policy of seconds.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { violations } from './support/axe.ts'
import { openBrowser } from './support/browser.ts'
import { type Classroom, startClassroom } from './support/classroom.ts'
import { LAB, openSmallClass, type SmallClass } from './support/small-class.ts'
import { until } from './support/until.ts'

const WAKES_WITHIN_MS = 60_000

let home: string
let classroom: Classroom
let browser: Browser
let room: SmallClass
let page: Page

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'podium-sleep-'))
  // Three seconds; whether it is time is looked at every fifteen.
  const env = { PODIUM_HOST: '0.0.0.0', PODIUM_MACHINES: 'simulated', PODIUM_WARM: '0', PODIUM_PAUSE_AFTER: '0.05' }
  classroom = await startClassroom({ home, env })
  browser = await openBrowser()
  room = await openSmallClass(classroom, browser, { reducedMotion: 'reduce' }, ['Tansy'])
  page = room.learners[0]!.page
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await classroom?.stop()
  rmSync(home, { recursive: true, force: true })
}, 60_000)

const asleep = () => page.locator('[data-phase=asleep]')

it('lets the cluster sleep under an open page that nobody touches', { timeout: 120_000 }, async () => {
  await page.goto(`/labs/${LAB}?lens=access`)
  await asleep().waitFor({ timeout: WAKES_WITHIN_MS })
  expect(await asleep().textContent()).toContain('Everything is as you left it.')
  expect(await violations(page, 'all', '[data-phase=asleep]')).toEqual([])
})

it('shows on the wall that it sleeps', { timeout: 60_000 }, async () => {
  await room.teacher.goto(`/teach/${room.classId}`)
  await room.teacher.locator('[data-learner=Tansy]').getByText('Cluster sleeps').waitFor()
})

it('wakes with a click anywhere, and follows the control plane that is there then', { timeout: 120_000 }, async () => {
  const heard = () => page.locator('[data-picture-canvas]').getAttribute('data-seq')
  const before = await heard()
  await until('the cluster is awake and heard', async () => {
    // It may have gone to sleep again: three seconds are short.
    await page.getByRole('heading', { level: 2 }).first().click()
    return (await page.locator('[data-nodes-ready="2"]').count()) > 0 && (await heard()) !== before
  })
})
