// Every page as the person it is for, wide, on a laptop and on a phone, light and dark: axe finds nothing, nothing is wider
// than the window, nothing is said on the console. `npm run screenshots` does the same on real machines and keeps pictures:
// those of the guides in docs/images, all sizes of all pages in .cache/screenshots.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { violations } from './support/axe.ts'
import { openBrowser } from './support/browser.ts'
import { type Classroom, forgetLearners, startClassroom } from './support/classroom.ts'
import { kubectl, root, run } from './support/commands.ts'
import { ask, gatherSmallClass, LAB, type SmallClass } from './support/small-class.ts'

const takesPictures = process.env.PODIUM_SCREENSHOTS === '1'
const guides = join(root, 'docs', 'images')
const allPictures = join(root, '.cache', 'screenshots')

const WIDE = { width: 1440, height: 900 }
const LAPTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

type Rules = Partial<Record<'light' | 'dark', 'all' | 'colours'>>
interface Window {
  size: typeof WIDE
  rules: Rules
}

/** How pages are looked at, and what axe is asked at each. */
const windows: Window[] = [
  { size: WIDE, rules: { light: 'all', dark: 'colours' } },
  { size: PHONE, rules: { light: 'all' } },
  ...(takesPictures ? [{ size: LAPTOP, rules: {} }] : []),
]

let home: string | undefined
let classroom: Classroom
let browser: Browser
let room: SmallClass
/** A second window of the first learner, so that all three stay in their lab. */
let desk: Page
/** What browsers said that nobody wanted to hear. */
const said: string[] = []

beforeAll(async () => {
  if (takesPictures) await forgetLearners()
  else home = mkdtempSync(join(tmpdir(), 'podium-pages-'))
  const env = { PODIUM_HOST: '0.0.0.0', PODIUM_SEATS: '4', PODIUM_WARM: '0' }
  classroom = await startClassroom(takesPictures ? { env } : { home, env: { ...env, PODIUM_MACHINES: 'simulated' } })
  browser = await openBrowser()
  room = await gatherSmallClass(classroom, browser, { viewport: WIDE, reducedMotion: 'reduce' })
  await (takesPictures ? typeCommands() : runCommands())
  desk = await room.learners[0]!.page.context().newPage()
  await desk.goto('/')
  for (const page of [room.teacher, room.nobody, desk, room.learners[0]!.page]) {
    page.on('console', (message) => message.type() === 'error' && said.push(`${page.url()}: ${message.text()}`))
    page.on('pageerror', (err) => said.push(`${page.url()}: ${err.message}`))
  }
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await classroom?.stop()
  if (takesPictures) await forgetLearners()
  if (home) rmSync(home, { recursive: true, force: true })
  if (takesPictures) await makeSmaller()
}, 120_000)

interface Sight {
  name: string
  who(): Page
  path(): string
  /** A selector that is there once the page is. */
  ready: string
  /** What is done before looking: a dialog opened, a row chosen. */
  first?(page: Page): Promise<void>
  /** The page says that something is not there, and so does the server. */
  isMissing?: boolean
  /** Its picture in the guides. */
  picture?: string
}

const teacher = () => room.teacher
const nobody = () => room.nobody
const learner = () => desk

const sights: Sight[] = [
  { name: 'log in', who: nobody, path: () => '/log-in', ready: '[name=login]' },
  { name: 'enter a code', who: nobody, path: () => '/join', ready: '[name=code]' },
  { name: 'join as a guest', who: nobody, path: () => `/join/${room.code}`, ready: '[name=name]' },
  {
    name: 'join with an account',
    who: nobody,
    path: () => `/join/${room.code}`,
    ready: '[name=name]',
    first: (page) => page.getByText(/^Make an account/).click(),
  },
  { name: 'a code that nobody made', who: nobody, path: () => '/join/ABCDEFGH', ready: 'text=does not work' },
  { name: 'first administrator', who: nobody, path: () => '/first-admin#token', ready: '[name=login]' },
  {
    name: 'first administrator without the link',
    who: nobody,
    path: () => '/first-admin',
    ready: 'text=needs its link',
  },
  { name: 'no such page', who: teacher, path: () => '/nowhere', ready: 'text=There is no such page', isMissing: true },
  {
    name: 'no such lab',
    who: learner,
    path: () => '/labs/nowhere',
    ready: 'text=There is no such lab',
    isMissing: true,
  },
  {
    name: 'no such class',
    who: teacher,
    path: () => '/classes/nowhere',
    ready: 'text=There is no such class',
    isMissing: true,
  },
  {
    name: 'no such room',
    who: teacher,
    path: () => '/teach/nowhere',
    ready: 'text=There is no such class',
    isMissing: true,
  },
  { name: 'course', who: learner, path: () => '/', ready: '[data-resume]', picture: 'course' },
  {
    name: 'course, searched',
    who: learner,
    path: () => '/',
    ready: '[data-resume]',
    first: async (page) => {
      await page.getByRole('searchbox').fill('expose')
      await page.locator('[data-resume]').waitFor({ state: 'detached' })
      await page.locator('[data-lab]').first().waitFor()
    },
  },
  { name: 'account', who: learner, path: () => '/account', ready: '[name=current]' },
  { name: 'classes', who: teacher, path: () => '/classes', ready: 'text=Autumn evening class' },
  { name: 'accounts', who: teacher, path: () => '/people', ready: 'text=Wicker' },
  { name: 'class', who: teacher, path: () => `/classes/${room.classId}`, ready: 'text=Wicker', picture: 'class' },
  {
    name: 'the code, large',
    who: teacher,
    path: () => `/classes/${room.classId}`,
    ready: 'text=Wicker',
    first: (page) => page.getByText('Show it large').click(),
  },
  {
    name: 'wall',
    who: teacher,
    path: () => `/teach/${room.classId}`,
    ready: '[data-learner=Wicker] >> text=Step',
    picture: 'wall',
  },
  {
    name: 'wall, a learner opened',
    who: teacher,
    path: () => `/teach/${room.classId}`,
    ready: '[data-learner=Gorse] >> text=Step',
    first: async (page) => {
      // On a phone the wall is its help queue.
      await (isPhone(page) ? page.getByRole('button', { name: 'Go' }) : page.locator('[data-learner=Gorse]')).click()
      await page.locator('[data-sheet=Gorse] [data-terminal-state=open]').waitFor()
    },
    picture: 'learner',
  },
  {
    name: 'a learner’s picture',
    who: teacher,
    path: () => `/teach/${room.classId}/learners/${room.learners[0]!.sessionId}`,
    ready: '[data-loop]',
  },
  {
    name: 'a learner’s screen on the projector',
    who: teacher,
    path: () => `/teach/${room.classId}/learners/${room.learners[0]!.sessionId}/projector`,
    ready: '[data-loop]',
  },
  {
    name: 'grades',
    who: teacher,
    path: () => `/teach/${room.classId}/grades`,
    ready: 'th:has-text("Wicker")',
    picture: 'grades',
  },
]

describe('every page', () => {
  beforeEach(() => {
    said.length = 0
  })

  it.each(sights)('$name', async (sight) => {
    const page = sight.who()
    await see(page, sight, async () => {
      await page.goto(sight.path())
      // Not all that tells it is seen on a phone.
      await page.locator(sight.ready).first().waitFor({ state: 'attached' })
      await sight.first?.(page)
    })
  })

  it('the lab, through every lens and in its table', async () => {
    const page = room.learners[0]!.page
    const found: string[] = []
    for (const window of windows) {
      await set(page, window)
      await openLab(page, 'Loops', 'canvas')
      const lenses = await page.getByRole('tablist', { name: 'Lenses' }).getByRole('tab').allTextContents()
      expect(lenses.slice(0, 3)).toEqual(['Loops', 'Objects', 'Revisions'])
      for (const [nth, lens] of lenses.entries()) {
        for (const view of ['canvas', 'table']) {
          const isFirst = nth === 0 && view === 'canvas'
          await chooseLens(page, lens, view)
          const sight = { name: `lab, ${lens}, ${view}`, picture: isFirst ? 'lab-loops' : undefined }
          // The rest of the page stays as it was looked at first.
          found.push(...(await look(page, window, sight, isFirst ? 'html' : '[data-pane=picture]')))
        }
      }
    }
    expect([...found, ...said]).toEqual([])
  })

  it('the lab, at an earlier moment', async () => {
    const page = room.learners[0]!.page
    for (const view of ['canvas', 'table']) {
      await see(page, { name: `lab, the past, ${view}` }, async () => {
        await openLab(page, 'Loops', view)
        await page.locator('input[aria-label=Revision]:enabled').focus()
        await page.keyboard.press('PageDown')
        await page.getByText('You look at revision').waitFor()
      })
    }
  })

  it('the microscope, beside the picture or as a sheet over it', async () => {
    const page = room.learners[0]!.page
    await see(page, { name: 'lab, microscope' }, async () => {
      await openLab(page, 'Loops', 'table')
      await page.locator('[data-lens-table=loops]').getByRole('button', { name: 'ReplicaSet', exact: true }).click()
      await page.locator('[data-scope]').getByText('What it can see').waitFor()
    })
  })

  it('copies where a browser gives pages no clipboard, as over plain HTTP', async () => {
    const page = await room.teacher.context().newPage()
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined })
      addEventListener('copy', () =>
        Object.assign(globalThis, { copied: (document.activeElement as HTMLTextAreaElement).value }),
      )
    })
    await page.goto(`/classes/${room.classId}`)
    await page.getByRole('button', { name: 'Copy the link' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate(() => Reflect.get(globalThis, 'copied'))).toContain('/join/')
    await page.close()
  })

  it.each([
    { name: 'course', who: learner, path: () => '/', ready: '[data-resume]' },
    { name: 'lab', who: () => room.learners[0]!.page, path: () => `/labs/${LAB}?lens=loops`, ready: '[data-loop]' },
    { name: 'class', who: teacher, path: () => `/classes/${room.classId}`, ready: 'text=Wicker' },
    { name: 'wall', who: teacher, path: () => `/teach/${room.classId}`, ready: '[data-learner=Wicker]' },
  ])('menus and questions: $name', async ({ name, who, path, ready }) => {
    const page = who()
    const found: string[] = []
    let opened = 0
    await page.setViewportSize(WIDE)
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme })
      await page.evaluate(() => localStorage.clear())
      await page.goto(path())
      await page.locator(ready).first().waitFor()
      const doors = page.locator('button[aria-haspopup]:visible:enabled')
      for (let nth = 0; nth < (await doors.count()); nth++) {
        await doors.nth(nth).click()
        const inside = page.locator('[role=menu]:visible, [role=dialog]:visible')
        await inside.waitFor()
        opened++
        const rules = scheme === 'light' ? 'all' : 'colours'
        found.push(...(await violations(page, rules, '[role=menu], [role=dialog]')).map((what) => `${scheme}: ${what}`))
        if (takesPictures) await picture(page, `${name}-menu-${nth}-${scheme}`)
        await page.keyboard.press('Escape')
        await inside.waitFor({ state: 'detached' })
      }
    }
    expect(found).toEqual([])
    expect(opened).toBeGreaterThan(0)
  })
})

describe('what those who teach tell', () => {
  const text =
    'We go on together at a quarter to nine: until then look at what the ReplicaSet does when `hello` is deleted, and write down what you see.'

  afterEach(() => ask(room.teacher, 'teach.withdraw', { classId: room.classId }))

  it.each([
    { name: 'wide', size: WIDE, scheme: 'light' as const },
    { name: 'wide', size: WIDE, scheme: 'dark' as const },
    { name: 'on a phone', size: PHONE, scheme: 'light' as const },
    { name: 'on a phone', size: PHONE, scheme: 'dark' as const },
  ])('moves nothing in a lab and is laid over nothing: $name, $scheme', async ({ name, size, scheme }) => {
    const [{ page }] = room.learners as [SmallClass['learners'][0]]
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme: scheme })
    await page.goto(`/labs/${LAB}`)
    await page.getByText('stands here.').waitFor()
    const strip = page.locator('[data-news-strip]')
    const places = () =>
      page.locator('header, [data-news-strip], main, main [data-pane], main [role=tab]').evaluateAll((all) =>
        all.map((element) => {
          const { x, y, width, height } = element.getBoundingClientRect()
          return [x, y, width, height]
        }),
      )
    await page.locator('main [data-pane]').first().waitFor()
    const before = await places()
    await ask(room.teacher, 'teach.announce', { classId: room.classId, text })
    await strip.getByText('We go on together').waitFor()
    if (takesPictures) await picture(page, `lab-told-${name}-${scheme}`)
    expect(await places()).toEqual(before)
    expect(await strip.evaluate((row) => row.scrollHeight <= row.clientHeight)).toBe(true)
    await strip.getByRole('button', { name: 'Read' }).click()
    await page.getByRole('dialog').getByText('write down what you see').waitFor()
    if (takesPictures) await picture(page, `lab-told-whole-${name}-${scheme}`)
    expect(await violations(page, scheme === 'light' ? 'all' : 'colours', '[role=dialog], [data-news-strip]')).toEqual(
      [],
    )
  })
})

async function openLab(page: Page, lens: string, view: string): Promise<void> {
  await page.goto(`/labs/${LAB}?lens=${lens.toLowerCase()}`)
  await page.locator('[data-nodes-ready="2"]').waitFor({ state: 'attached' })
  if (isPhone(page)) await showPane(page, 'Picture')
  await chooseLens(page, lens, view)
}

async function chooseLens(page: Page, lens: string, view: string): Promise<void> {
  await page.getByRole('tablist', { name: 'Lenses' }).getByRole('tab', { name: lens, exact: true }).click()
  await page.getByRole('tab', { name: lens, selected: true }).waitFor()
  const other = page.getByRole('button', { name: 'Table', pressed: view === 'canvas' })
  if (await other.isVisible()) await other.click()
}

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(allPictures, { recursive: true })
  await page.screenshot({ path: join(allPictures, `${name}.png`) })
}

const isPhone = (page: Page) => page.viewportSize()?.width === PHONE.width
const showPane = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name }).click()

/** Looks at a page in every way; `open` brings it to the state that is looked at, at the size that is set. */
async function see(page: Page, sight: Look & Pick<Sight, 'isMissing'>, open: () => Promise<void>) {
  const found: string[] = []
  for (const window of windows) {
    await set(page, window)
    await open()
    found.push(...(await look(page, window, sight)))
  }
  const unexpected = said.filter((words) => !(sight.isMissing && words.endsWith('404 (Not Found)')))
  expect([...found, ...unexpected]).toEqual([])
}

/** A window of this size, as a browser has it that was never here: nothing folded, resized or left open. */
async function set(page: Page, { size }: Window): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(size)
  // A tab behind others draws no frames, and what is measured in frames stays empty.
  await page.bringToFront()
  await page.evaluate(() => localStorage.clear())
}

interface Look {
  name: string
  picture?: string | undefined
}

/** What is wrong in the page as it stands, in light and dark. */
async function look(page: Page, { size, rules }: Window, { name, picture: guide }: Look, within = 'html') {
  const found: string[] = []
  for (const scheme of ['light', 'dark'] as const) {
    const asked = rules[scheme]
    if (scheme === 'dark' && !asked && !takesPictures) continue
    await page.emulateMedia({ colorScheme: scheme })
    await page.evaluate(() => document.fonts.ready)
    const where = `${name}, ${size.width} px, ${scheme}: `
    found.push(...(await beyondTheWindow(page)).map((what) => where + what))
    if (asked) found.push(...(await violations(page, asked, within)).map((what) => where + what))
    if (!takesPictures) continue
    await picture(page, `${name.replaceAll(/[^\w]+/g, '-')}-${size.width}-${scheme}`)
    if (size === WIDE && scheme === 'light' && guide) await page.screenshot({ path: join(guides, `${guide}.png`) })
  }
  if (size === WIDE) {
    // What just fits beside something else there need not on a laptop.
    await page.setViewportSize(LAPTOP)
    found.push(...(await beyondTheWindow(page)).map((what) => `${name}, ${LAPTOP.width} px: ${what}`))
    await page.setViewportSize(WIDE)
  }
  return found
}

/** Whether one has to scroll sideways, once the page has drawn itself at the size that it has. */
async function beyondTheWindow(page: Page): Promise<string[]> {
  const tooWide = await page.evaluate(async () => {
    for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame)
    return (document.scrollingElement?.scrollWidth ?? 0) - innerWidth
  })
  return tooWide > 0 ? [`${tooWide} px wider than the window`] : []
}

/** So that there is something to see: one has done the step, one misspelt a name, one an image. */
async function typeCommands(): Promise<void> {
  for (const [nth, line] of commands.entries()) {
    const page = room.learners[nth]!.page
    await page.locator('[data-terminal-state="open"]').first().click()
    await page.keyboard.type(`kubectl ${line}\n`)
    await page
      .locator('.xterm-rows')
      .getByText(/deployment\.apps\/\S+ created/)
      .waitFor()
  }
}

/** The same where nothing has a terminal. */
async function runCommands(): Promise<void> {
  const clusters = join(home!, 'clusters')
  for (const [nth, name] of readdirSync(clusters).sort().entries()) {
    const { code, stderr } = await kubectl('1.36', join(clusters, name, 'admin.conf'))(commands[nth] ?? 'version')
    if (code !== 0) throw new Error(stderr)
  }
}

const commands = ['web --image=nginx --replicas=3', 'wep --image=nginx', 'web --image=ngnix --replicas=3'].map(
  (rest) => `create deployment ${rest}`,
)

async function makeSmaller(): Promise<void> {
  const pictures = readdirSync(guides).map((name) => join(guides, name))
  const { code, stderr } = await run('pngquant', ['--force', '--ext=.png', '--strip', ...pictures])
  if (code !== 0) throw new Error(`apt-get install pngquant, for small pictures: ${stderr}`)
}
