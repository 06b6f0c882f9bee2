// One instructor and three learners, each in a browser of their own: they join by a code and work on real machines; one
// does a whole lab in the terminal; one gets stuck and is helped; a node dies for everybody and comes back; the grades come out.

import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Typist } from '../labs/support/typist.ts'
import { loadLabs } from '../server/classroom/labs/load-labs.ts'
import { openBrowser } from './support/browser.ts'
import { browserSeat } from './support/browser-seat.ts'
import { type Classroom, clusters, clusterWith, forgetLearners, startClassroom } from './support/classroom.ts'
import { kubectl, root } from './support/commands.ts'
import { labIsReady } from './support/lab-page.ts'
import { loadPreview } from './support/preview-pane.ts'
import { until } from './support/until.ts'

const LEARNERS = ['tansy', 'gorse', 'wicker'] as const
type Name = (typeof LEARNERS)[number]

let classroom: Classroom
let browser: Browser
let origin: string
let wall: Page
const desks = {} as Record<Name, Page>
const contexts: BrowserContext[] = []

beforeAll(async () => {
  await forgetLearners()
  classroom = await startClassroom({ env: { PODIUM_HOST: '0.0.0.0', PODIUM_WARM: '1', PODIUM_SEATS: '4' } })
  // Its own name may mean nothing to this machine's resolver; the address always does.
  origin = `http://127.0.0.1:${new URL(classroom.url).port}`
  browser = await openBrowser()
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await classroom?.stop()
  await forgetLearners()
}, 240_000)

async function newPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  contexts.push(context)
  return context.newPage()
}

async function typeInTerminal(page: Page, line: string): Promise<void> {
  await page.locator('[data-terminal-state="open"]').first().click()
  await page.keyboard.type(line)
  await page.keyboard.press('Enter')
}

const terminalText = async (page: Page) => (await page.locator('.xterm-rows').first().textContent()) ?? ''
const checkIs = (page: Page, id: string, state: string, timeout = 90_000) =>
  page.locator(`[data-check="${id}"][data-state="${state}"]`).waitFor({ timeout })
const tile = (name: Name) => wall.locator(`[data-learner="${name}"]`)

async function predict(page: Page): Promise<void> {
  await page.locator('[data-question="who-starts-the-container"]').getByText('The scheduler').click()
}

describe('a class', () => {
  it('begins with an administrator, a class and a code', async () => {
    wall = await newPage()
    const [, token] = /\/first-admin#(\S+)/.exec(classroom.output()) ?? []
    await wall.goto(`${origin}/first-admin#${token}`)
    await wall.getByLabel('Your name, as others see it').fill('Brindle')
    await wall.getByLabel('Name to log in with').fill('brindle')
    await wall.getByLabel('Password', { exact: true }).fill('a long enough password')
    await wall.getByRole('button', { name: 'Make the account' }).click()
    await wall.getByLabel('Name of the class').fill('Autumn evening class')
    await wall.getByRole('button', { name: 'Make the class' }).click()
    await wall.getByRole('heading', { name: 'Autumn evening class' }).waitFor()
    await wall.getByRole('button', { name: 'Make a code…' }).click()
    await wall.getByRole('button', { name: /^Make/ }).last().click()
    await wall
      .getByText(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/)
      .first()
      .waitFor()
  })

  it('is joined by the code, with a name only', async () => {
    const code = await wall
      .getByText(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/)
      .first()
      .textContent()
    for (const name of LEARNERS) {
      const page = await newPage()
      desks[name] = page
      await page.goto(`${origin}/join`)
      await page.getByLabel('Join code').fill(code ?? '')
      await page.getByRole('button', { name: 'Go on' }).click()
      await page.getByLabel('Your name, as your instructor sees it').fill(name)
      await page.getByRole('button', { name: 'Join the class' }).click()
      await page.getByRole('heading', { name: /Pods/ }).first().waitFor()
    }
    await wall.getByRole('link', { name: 'See the room' }).click()
    for (const name of LEARNERS) await tile(name).waitFor()
    await wall.getByText('3 of 3 here').waitFor()
  })

  it('works: every learner has a cluster of their own, and the wall follows', async () => {
    await wall.getByRole('button', { name: 'Open a lab…' }).click()
    await wall.getByRole('menuitem', { name: /Pods: one object/ }).click()
    for (const name of LEARNERS) {
      const link = desks[name].getByRole('link', { name: 'Open it' })
      await link.click()
      await labIsReady(desks[name])
      await predict(desks[name])
    }
    await typeInTerminal(desks.tansy, 'kubectl run hello --image=nginx')
    await checkIs(desks.tansy, '1.hello-ready', 'ok')
    await tile('tansy').getByText('Step 2').waitFor()
    await tile('tansy').getByText('k run hello --image=nginx').waitFor()
    await wall.getByText('3 of 3').first().waitFor()
    const { stdout } = await kubectl(
      '1.36',
      (await clusterWith('pod hello', classroom)).kubeconfig,
    )('get pods --output=name')
    expect(stdout.trim()).toBe('pod/hello')
    expect((await clusters()).filter(({ name }) => name.startsWith('lab-')).length).toBeGreaterThanOrEqual(3)
  })

  it('does a whole lab in the terminal, and the wall says so', { timeout: 300_000 }, async () => {
    const { wicker } = desks
    const lab = (await loadLabs(join(root, 'labs'))).find(({ id }) => id === 'pods')
    if (!lab) throw new Error('the lab has gone')
    const typist = new Typist(await browserSeat(wicker))
    await typist.sitDown()
    for (const { number, title, checks, solution } of lab.steps) {
      await wicker.getByRole('heading', { name: title }).waitFor()
      await typist.perform(solution)
      for (const { id } of checks) await checkIs(wicker, `${number}.${id}`, 'ok')
      if (number < lab.steps.length) await wicker.getByRole('button', { name: /Next/ }).click()
    }
    await tile('wicker').and(wall.locator('[data-state="done"]')).waitFor()
  })
})

describe('a learner who is stuck', () => {
  it('rises to the top, with the reason', async () => {
    const { gorse } = desks
    await typeInTerminal(gorse, 'kubectl run hello --image=ngnix')
    await checkIs(gorse, '1.hello-ready', 'failed')
    for (let times = 0; times < 5; times++) await typeInTerminal(gorse, 'kubectl get pod hello')
    const stuck = wall.locator('[data-group="Stuck"] [data-learner="gorse"]')
    await stuck.waitFor()
    await stuck.getByText('Typed the same command 5 times.').waitFor()
    await until('gorse stands first', async () => {
      return (await wall.locator('[data-learner]').first().getAttribute('data-learner')) === 'gorse'
    })
  })

  it('raises a hand, is looked in on, and gets a hint', async () => {
    const { gorse } = desks
    await gorse.getByRole('button', { name: 'Raise hand' }).click()
    await gorse.getByLabel(/What is it about/).fill('It does not start')
    await gorse.getByLabel(/What is it about/).press('Enter')
    await gorse.getByRole('button', { name: 'Lower hand' }).waitFor()
    await wall.getByText('“It does not start”').first().waitFor()
    await wall.getByRole('button', { name: 'Go', exact: true }).click()
    await gorse.getByText('Brindle is coming').waitFor()
    const sheet = wall.locator('[data-sheet="gorse"]')
    await until('the instructor sees the terminal', async () => {
      return ((await sheet.locator('.xterm-rows').textContent()) ?? '').includes('kubectl get pod hello')
    })
    await sheet.getByRole('button', { name: 'Send a hint' }).click()
    await sheet.getByLabel('A hint for gorse').fill('Read the name of the image aloud.')
    await sheet.getByRole('button', { name: 'Send', exact: true }).click()
    await gorse.getByText('Read the name of the image aloud.').waitFor()
  })

  it('lends the keyboard only after saying yes', async () => {
    const { gorse } = desks
    const sheet = wall.locator('[data-sheet="gorse"]')
    const type = async (text: string) => {
      await sheet.locator('.xterm').click()
      await wall.keyboard.type(text)
    }
    await type('echo not-yet-allowed\n')
    await sheet.getByRole('button', { name: 'Ask for the keyboard' }).click()
    await gorse.getByRole('button', { name: 'Allow' }).click()
    await sheet.getByText('You have the keyboard.').waitFor()
    await type('kubectl delete pod hello --now && kubectl run hello --image=nginx\n')
    await checkIs(gorse, '1.hello-ready', 'ok')
    expect(await terminalText(gorse)).not.toContain('not-yet-allowed')
    await gorse.locator('[data-typed-by="Brindle"]').first().waitFor()
    await tile('gorse').getByText('Brindle: k delete pod hello').waitFor()
    await gorse.getByRole('button', { name: 'Take it back' }).click()
    await sheet.getByText('You are looking.').waitFor()
    await gorse.reload()
    await gorse.locator('[data-typed-by="Brindle"]').first().waitFor()
    await sheet.getByRole('button', { name: 'Helped' }).click()
    await gorse.getByRole('button', { name: 'Raise hand' }).waitFor()
    await sheet.getByRole('button', { name: 'Close' }).click()
  })

  it('shows the instructor, in a browser of the instructor’s own, what the Pod serves', async () => {
    await typeInTerminal(desks.gorse, 'kubectl expose pod hello --port=80 --type=NodePort')
    await tile('gorse').click()
    const sheet = wall.locator('[data-sheet="gorse"]')
    const way = await sheet.getByRole('link', { name: 'Picture' }).getAttribute('href')
    await sheet.getByRole('button', { name: 'Close' }).click()
    const look = await wall.context().newPage()
    await look.goto(origin + way)
    await look.getByRole('button', { name: 'Browser' }).click()
    await look.locator('[data-preview] option', { hasText: 'NodePort hello' }).waitFor({ state: 'attached' })
    const served = look.frameLocator('[data-preview] iframe').getByRole('heading', { name: 'Welcome to nginx!' })
    // kube-proxy hears of the Service by itself.
    await until('the Pod answers', async () => {
      if (!(await loadPreview(look))) return false
      return served.waitFor({ timeout: 3000 }).then(
        () => true,
        () => false,
      )
    })
    await look.close()
  })
})

describe('everybody, look here', () => {
  it('shows one screen on the projector, and its learner is told', async () => {
    const { tansy } = desks
    const told = tansy.getByText('Brindle shows your screen to the class:')
    await tile('tansy').click()
    const link = wall.locator('[data-sheet="tansy"]').getByRole('link', { name: 'Projector' })
    const [projector] = await Promise.all([wall.context().waitForEvent('page'), link.click()])
    await told.waitFor()
    await until('the projector shows the terminal', async () => {
      return (await terminalText(projector)).includes('kubectl run hello --image=nginx')
    })
    await projector.locator('.react-flow__node').first().waitFor()
    await projector.close()
    await told.waitFor({ state: 'detached' })
    await wall.locator('[data-sheet="tansy"]').getByRole('button', { name: 'Close' }).click()
  })

  it('pauses loops and keyboards, says who did it, and lets both go on', async () => {
    await wall.getByRole('button', { name: 'Pause everyone' }).click()
    for (const name of LEARNERS) await desks[name].getByText('Brindle has paused everyone.').waitFor()
    await typeInTerminal(desks.tansy, 'echo while-paused')
    await wall.getByRole('button', { name: 'Release everyone' }).click()
    await desks.tansy.getByText('Brindle has paused everyone.').waitFor({ state: 'detached' })
    await typeInTerminal(desks.tansy, 'echo goes-on')
    await until('the shell answers', async () => (await terminalText(desks.tansy)).includes('echo goes-on'))
    expect(await terminalText(desks.tansy)).not.toContain('while-paused')
  })
})

describe('a snapshot of a learner’s cluster', () => {
  it('brings back Pods that were deleted, on the same machines', async () => {
    const { tansy } = desks
    await typeInTerminal(tansy, 'kubectl run kept --image=nginx')
    const kube = kubectl('1.36', (await until('the Pod is there', () => clusterWith('pod kept', classroom))).kubeconfig)
    await kube('wait pod/kept --for=condition=Ready --timeout=60s')
    const uid = async () => (await kube("get pod kept --output=jsonpath='{.metadata.uid}'")).stdout
    const before = await uid()
    await tile('tansy').click()
    const sheet = wall.locator('[data-sheet="tansy"]')
    const choose = async (item: string | RegExp) => {
      await sheet.getByRole('button', { name: 'Snapshots…' }).click()
      await wall.getByRole('menuitem', { name: item }).click()
    }
    await choose('Take one now')
    await sheet.getByText('tansy’s cluster, files and step are kept as they are now.').waitFor()
    await typeInTerminal(tansy, 'kubectl delete pod kept --now')
    await until('the Pod is gone', async () => (await kube('get pod kept')).code !== 0)
    await choose(/step 2/)
    const question = sheet.getByRole('alertdialog', { name: /^Back to .*, step 2\?$/ })
    const focused = wall.locator(':focus')
    await question.getByRole('button', { name: 'Leave it' }).and(focused).waitFor()
    await wall.keyboard.press('Escape')
    await question.waitFor({ state: 'detached' })
    await sheet.getByRole('button', { name: 'Snapshots…' }).and(focused).waitFor()
    await choose(/step 2/)
    await question.getByRole('button', { name: 'Keep what is now, then put back' }).click()
    await sheet.getByText('As they were is kept among the snapshots.').waitFor()
    await tansy.getByText('Putting your cluster back to step 2').first().waitFor()
    await until(
      'the Pod runs again',
      async () => {
        const { stdout } = await kube('get pod kept --no-headers')
        return /1\/1\s+Running/.test(stdout) && (await uid()) === before
      },
      120_000,
    )
    // It really runs: the container is a new one.
    await until(
      'it answers',
      async () => (await kube('exec kept -- cat /etc/hostname')).stdout.trim() === 'kept',
      120_000,
    )
    await tansy.getByText('2 nodes Ready').waitFor({ timeout: 120_000 })
    await sheet.getByRole('button', { name: 'Close' }).click()
  })
})

describe('a fault for everybody', () => {
  it('kills a node in every cluster; its pods come back with it', async () => {
    await wall.getByRole('button', { name: 'Run a fault…' }).click()
    await wall.getByRole('menuitem', { name: 'Kill node-1' }).click()
    await wall.getByText('node-1 is gone for 3 learners.').waitFor({ timeout: 30_000 })
    for (const name of LEARNERS) await desks[name].getByText('1 of 2 nodes Ready').waitFor({ timeout: 120_000 })
    await wall.getByRole('button', { name: 'Run a fault…' }).click()
    await wall.getByRole('menuitem', { name: 'Start node-1 again' }).click()
    for (const name of LEARNERS) await desks[name].getByText('2 nodes Ready').waitFor({ timeout: 120_000 })
    for (const { kubeconfig, name } of await clusters()) {
      if (!name.startsWith('lab-')) continue
      await until(
        `the pods of ${name} are ready`,
        async () => {
          const { stdout } = await kubectl('1.36', kubeconfig)('get pods --no-headers')
          return stdout
            .split('\n')
            .filter(Boolean)
            .every((line) => /\b1\/1\s+Running/.test(line))
        },
        120_000,
      ) // three machines start their engines at once
    }
  })
})

describe('grades', () => {
  it('come out on the page and as a file', async () => {
    await wall.getByRole('link', { name: 'Grades' }).click()
    const row = wall.getByRole('row', { name: /tansy/ })
    await row.getByText('17 %').waitFor()
    const [file] = await Promise.all([
      wall.waitForEvent('download'),
      wall.getByRole('button', { name: 'Download as CSV' }).click(),
    ])
    const text = await (await file.createReadStream()).toArray()
    const csv = Buffer.concat(text as Buffer[]).toString()
    expect(csv.split('\r\n')[0]).toBe('learner,lab,title,credit,attempts,hints,done')
    expect(csv).toMatch(/^tansy,A,"?Pods: one object, one life"?,16\.7,/m)
    expect(csv).toMatch(/^gorse,A,/m)
    expect(csv).toMatch(/^wicker,A,"?Pods: one object, one life"?,100\.0,.*,yes\r$/m)
  })

  it('are for those who teach only', async () => {
    const path = new URL(wall.url()).pathname
    await desks.wicker.goto(`${origin}${path}`)
    await desks.wicker.getByText('This is for those who teach the class.').first().waitFor()
  })
})
