// A class as it stands in the middle of an evening: an administrator who teaches it, three learners in a lab (one with a
// hand up), somebody at the door. Made through the API; how people do these things by hand is tested elsewhere.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Classroom } from './classroom.ts'

export interface SmallClass {
  origin: string
  classId: string
  code: string
  /** In the order they came; each in a browser of their own. */
  learners: { page: Page; sessionId: string }[]
  teacher: Page
  nobody: Page
}

export const LAB = 'a-deployment-heals-itself'

export async function gatherSmallClass(
  classroom: Classroom,
  browser: Browser,
  look: BrowserContextOptions,
): Promise<SmallClass> {
  const room = await openSmallClass(classroom, browser, look, ['Tansy', 'Gorse', 'Wicker'])
  for (const { page } of room.learners) {
    await page.goto(`/labs/${LAB}`)
    await page.locator('[data-nodes-ready="2"]').waitFor({ timeout: 120_000 })
  }
  await ask(room.learners[1]!.page, 'news.raiseHand', { words: 'My Pods are not counted' })
  return room
}

/** The class alone; everybody has begun the lab, and nobody's page shows it yet. */
export async function openSmallClass(
  classroom: Classroom,
  browser: Browser,
  look: BrowserContextOptions,
  names: readonly string[],
): Promise<SmallClass> {
  // Its own name may mean nothing to this machine's resolver; the address always does.
  const origin = `http://127.0.0.1:${new URL(classroom.url).port}`
  const somebody = async () => {
    const page = await (await browser.newContext({ baseURL: origin, ...look })).newPage()
    await page.goto('/join')
    return page
  }
  const [teacher, nobody] = [await somebody(), await somebody()]
  const [, token] = /\/first-admin#(\S+)/.exec(classroom.output()) ?? []
  const account = { login: 'berta', name: 'Berta Benz', password: 'a very long drive' }
  await ask(teacher, 'account.createAdministrator', { token, account })
  const { classId } = await ask<{ classId: string }>(teacher, 'class.create', { name: 'Autumn evening class' })
  const rules = { classId, seats: 24, guests: true, validForHours: 24 }
  const { joinCode } = await ask<{ joinCode: { code: string } }>(teacher, 'class.replaceCode', rules)
  const { code } = joinCode
  const learners: SmallClass['learners'] = []
  for (const name of names) {
    const page = await somebody()
    const account = { login: name.toLowerCase(), name, password: 'learning is fun' }
    await ask(page, 'join.withNewAccount', { code, account })
    const { id } = await ask<{ id: string }>(page, 'lab.start', { labId: LAB })
    learners.push({ page, sessionId: id })
  }
  return { origin, classId, code, learners, teacher, nobody }
}

/** Calls a procedure with what this page's browser is allowed. */
export async function ask<T>(page: Page, procedure: string, input: object): Promise<T> {
  const answer = await page.evaluate(
    async ([procedure, body]) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`/api/trpc/${procedure}`, { method: 'POST', headers, body: body! })
      return { ok: response.ok, body: await response.text() }
    },
    [procedure, JSON.stringify(input)],
  )
  if (!answer.ok) throw new Error(`${procedure}: ${answer.body}`)
  return JSON.parse(answer.body).result?.data
}
