// A class on a machine that others reach, in real browsers: the first administrator, a code on the projector, a guest, an
// account, a line for the one seat there is, and nothing of each other's to be had. Nodes are simulated; the isolation of
// machines is tested with machines.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser } from './support/browser.ts'
import { type Classroom, startClassroom } from './support/classroom.ts'

let home: string
let room: Classroom
let browser: Browser
let origin: string
let berta: Page
let grace: Page
let lea: Page
let code: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'podium-join-'))
  const env = { PODIUM_HOST: '0.0.0.0', PODIUM_MACHINES: 'simulated', PODIUM_SEATS: '1', PODIUM_WARM: '1' }
  room = await startClassroom({ home, env })
  origin = `http://127.0.0.1:${new URL(room.url).port}`
  browser = await openBrowser()
  berta = await somebody()
  grace = await somebody()
  lea = await somebody()
})

afterAll(async () => {
  await browser?.close()
  await room?.stop()
  rmSync(home, { recursive: true, force: true })
})

const somebody = async (): Promise<Page> => (await browser.newContext({ baseURL: origin })).newPage()

async function fill(page: Page, values: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.fill(`[name=${name}]`, value)
  await page.click('button[type=submit]')
}

/** Calls a procedure with what this page's browser is allowed. */
const call = (page: Page, path: string, input: object) =>
  page.evaluate(
    async ([path, body]) => {
      const answer = await fetch(`/api/trpc/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: body ?? '',
      })
      return { status: answer.status, body: (await answer.json()) as { result?: { data: { id: string } } } }
    },
    [path, JSON.stringify(input)],
  )

/** `open`, or `refused`. */
const terminal = (page: Page, sessionId: string) =>
  page.evaluate(
    (sessionId) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/terminal/${sessionId}/1`)
        socket.onopen = () => {
          resolve('open')
          socket.close()
        }
        socket.onerror = () => resolve('refused')
      }),
    sessionId,
  )

it('asks whoever comes without an account to log in, and makes the administrator by the link it printed', async () => {
  await berta.goto('/')
  await berta.waitForURL('**/log-in?next=%2F')
  const [, token] = /\/first-admin#(\S+)/.exec(room.output()) ?? []
  await berta.goto(`/first-admin#${token}`)
  await fill(berta, { name: 'Berta Benz', login: 'berta', password: 'a long drive' })
  await berta.waitForURL('**/classes')
})

it('makes a class and a code', async () => {
  await fill(berta, { name: 'Autumn evening class' })
  await berta.waitForURL('**/classes/*')
  await berta.click('text=Make a code…')
  await berta.click('text=Make the code')
  code = (await berta.locator('text=/^[A-Z0-9]{4}-[A-Z0-9]{4}$/').first().textContent()) ?? ''
  expect(code).not.toBe('')
})

it('lets a guest in by the code as it is typed, and somebody with a new account by the link', async () => {
  await grace.goto('/join')
  await fill(grace, { code: code.toLowerCase() })
  await grace.waitForSelector('[name=name]')
  await fill(grace, { name: 'Grace' })
  await grace.waitForSelector('[data-resume]')

  await lea.goto(`/join/${code.replace('-', '')}`)
  await lea.click('text=/^Make an account/')
  await lea.waitForSelector('[name=login]')
  await fill(lea, { name: 'Lea Learner', login: 'lea', password: 'learning is fun' })
  await lea.waitForSelector('[data-resume]')
})

it('gives the one seat to who comes first, and shows the other their place in line', async () => {
  await grace.goto('/labs/pods')
  await grace.waitForSelector('[data-nodes-ready="2"]')
  await lea.goto('/labs/pods')
  await lea.waitForSelector('[data-phase=queued] >> text=You are next')
  await berta.waitForSelector('text=One person waits in line')
})

it('keeps the second learner out of what is the first’s own; who teaches may look, and do nothing in their name', async () => {
  const { body } = await call(grace, 'lab.start', { labId: 'pods' })
  const sessionId = body.result?.data.id ?? ''
  expect(await terminal(grace, sessionId)).toBe('open')
  expect([await terminal(lea, sessionId), await terminal(berta, sessionId)]).toEqual(['refused', 'open'])
  for (const other of [lea, berta]) {
    expect((await call(other, 'session.reset', { sessionId })).status).toBe(404)
  }
})

it('lets the next in line go on when somebody is removed, who is out at once', async () => {
  await berta.click('[aria-label="Remove Grace"]')
  await berta.click('role=dialog >> text=/^Remove$/')
  await lea.waitForSelector('[data-nodes-ready="2"]')
  await grace.waitForURL('**/log-in?next=%2Flabs%2Fpods')
  await grace.goto('/')
  await grace.waitForURL('**/log-in?**')
})

it('logs out here, and an administrator logs out everywhere', async () => {
  const login = { login: 'lea', password: 'learning is fun' }
  const elsewhere = await somebody()
  await elsewhere.goto('/log-in')
  await fill(elsewhere, { ...login, password: 'learning is hard' })
  await elsewhere.waitForSelector('text=do not fit together')
  await fill(elsewhere, login)
  await elsewhere.waitForSelector('[data-resume]')

  await lea.click('[aria-label*="your menu"]')
  await lea.click('text=Log out')
  await lea.waitForURL('**/log-in')
  await elsewhere.reload()
  await elsewhere.waitForSelector('[data-resume]')

  await berta.goto('/people')
  await berta.click('[aria-label="Change Lea Learner"]')
  await berta.click('text=Log out everywhere')
  await expect.poll(async () => (await call(elsewhere, 'lab.start', { labId: 'pods' })).status).toBe(401)
})

it('tells who is removed while a lab is open to them why it is closed now', async () => {
  await lea.goto('/log-in')
  await fill(lea, { login: 'lea', password: 'learning is fun' })
  await lea.waitForSelector('[data-resume]')
  await lea.goto('/labs/pods')
  await lea.waitForSelector('[data-nodes-ready="2"]')
  await berta.goBack()
  await berta.click('[aria-label="Remove Lea Learner"]')
  await berta.click('role=dialog >> text=/^Remove$/')
  await lea.waitForSelector('role=alert >> text=This lab is not open to you now.')
})
