// The workspace in a real browser: a manifest written, mended and applied beside the terminal; a look into a machine.

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from './support/browser.ts'
import { type Classroom, clusters, forgetLearners, startClassroom } from './support/classroom.ts'
import { until } from './support/until.ts'

let classroom: Classroom
let browser: Browser
let page: Page

beforeAll(async () => {
  await forgetLearners()
  classroom = await startClassroom()
  // A browser on the same host drops what it is loading when a network appears, as it does for every sandbox.
  await until('a sandbox is ready', async () => (await clusters()).some(({ state }) => state === 'ready'), 120_000)
  browser = await openBrowser()
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await page.goto(classroom.url)
  await page.goto(`${classroom.origin}/labs/pods`)
  await page.getByText('2 nodes Ready').waitFor({ timeout: 120_000 })
  await shell('1').and(page.locator('[data-terminal-state="open"]')).waitFor()
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await classroom?.stop()
  await forgetLearners()
}, 180_000)

const shell = (tab: string): Locator => page.locator(`[data-terminal="${tab}"]`)
async function shows(tab: string, text: string | RegExp): Promise<void> {
  await until(`tab ${tab} shows ${text}`, async () => {
    const shown = ((await shell(tab).locator('.xterm-rows').textContent()) ?? '').replaceAll('\u00a0', ' ')
    return typeof text === 'string' ? shown.includes(text) : text.test(shown)
  })
}

async function types(tab: string, line: string): Promise<void> {
  await shell(tab).and(page.locator('[data-terminal-state="open"]')).click()
  await page.keyboard.type(line)
  await page.keyboard.press('Enter')
}

const files = () => page.locator('[data-files]')

const manifest = `apiVersion: v1
kind: Pod
metadata:
  name: typed
spec:
  containers:
  - name: web
    imge: nginx`

describe('the file editor', () => {
  it('says what is wrong with a manifest while it is written, with its place', async () => {
    await page.getByRole('button', { name: 'Files' }).click()
    await files().getByLabel('Name of a new file').fill('web.yaml')
    await files().getByRole('button', { name: 'New file' }).click()
    await page.locator('.cm-content').click()
    // As it comes from a clipboard: typed letter by letter, the editor would indent.
    await page.evaluate((text) => {
      const data = new DataTransfer()
      data.setData('text/plain', text)
      const target = document.querySelector('.cm-content')
      target?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    }, manifest)
    await files().getByText('Unknown field "spec.containers[0].imge". Did you mean "image"?').waitFor()
    expect(await page.locator('.cm-lintRange-error').allTextContents()).toContain('imge')
    await files().getByText('8:5', { exact: true }).waitFor()
  })

  it('offers the fields that the cluster’s own API has, and explains them', async () => {
    await page.locator('.cm-line', { hasText: 'imge' }).getByText('imge').dblclick()
    await page.keyboard.type('ima')
    const option = page.locator('.cm-completionLabel', { hasText: /^image$/ })
    await option.waitFor()
    await option.click()
    await page.locator('[data-problems="0"]').waitFor()
    await page.locator('.cm-line', { hasText: 'image: nginx' }).getByText('image').hover()
    await page.locator('.podium-field', { hasText: 'Container image name' }).waitFor()
  })

  it('applies it in the terminal, where one sees it', async () => {
    await files().getByRole('button', { name: 'Apply' }).click()
    await shows('1', 'kubectl apply -f web.yaml')
    await shows('1', 'pod/typed created')
    await page.locator('[data-pod="typed"][data-ready="true"]').waitFor({ timeout: 60_000 })
  })

  it('tells of a change that the terminal made meanwhile, and lets one choose', async () => {
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('# mine')
    await types('1', "sed -i 's/nginx/httpd/' web.yaml")
    await files().getByRole('button', { name: 'Save' }).click()
    await files().getByText('web.yaml was changed in the terminal too.').waitFor()
    await files().getByRole('button', { name: 'Take the terminal’s' }).click()
    await page.locator('.cm-line', { hasText: 'image: httpd' }).waitFor()
    expect(await page.locator('.cm-content').textContent()).not.toContain('# mine')
    await page.getByRole('button', { name: 'Close files' }).click()
  })
})

/** The machine in whose card the Pod stands. */
async function machineOf(pod: string): Promise<string> {
  const card = page.locator('[data-machine]').filter({ has: page.locator(`[data-pod="${pod}"]`) })
  return (await card.getAttribute('data-machine')) ?? ''
}

describe('a machine', () => {
  it('opens a shell on a machine, where the containers of the Pod are', async () => {
    // Whichever the scheduler has chosen.
    const machine = await machineOf('typed')
    await page.getByRole('button', { name: `Open a shell on ${machine}` }).click()
    await types(machine, "docker ps --format '{{.Image}} {{.Names}}'")
    await shows(machine, /pause\S* k8s_POD_typed/)
  })
})
