// The workspace in a real browser: a manifest written, mended and applied beside the terminal; a look into a machine, along
// the way of a request, and at what the cluster serves.

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from './support/axe.ts'
import { openBrowser } from './support/browser.ts'
import { type Classroom, clusters, clusterWith, forgetLearners, startClassroom } from './support/classroom.ts'
import { type Kubectl, kubectl } from './support/commands.ts'
import { labIsReady } from './support/lab-page.ts'
import { until } from './support/until.ts'
import { previewOfTheCluster } from './workspace/preview.ts'
import { requestTracedInThePicture } from './workspace/traced-request.ts'

let classroom: Classroom
let browser: Browser
let page: Page
let kube: Kubectl | undefined

beforeAll(async () => {
  await forgetLearners()
  classroom = await startClassroom()
  // A browser on the same host drops what it is loading when a network appears, as it does for every sandbox.
  await until('a sandbox is ready', async () => (await clusters()).some(({ state }) => state === 'ready'), 120_000)
  browser = await openBrowser()
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await page.goto(classroom.url)
  await page.goto(`${classroom.origin}/labs/pods`)
  await labIsReady(page)
  await shell('1').and(page.locator('[data-terminal-state="open"]')).waitFor()
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await classroom?.stop()
  await forgetLearners()
}, 180_000)

const shell = (tab: string): Locator => page.locator(`[data-terminal="${tab}"]`)
async function shows(tab: string, text: string | RegExp, window = page): Promise<void> {
  await until(`tab ${tab} shows ${text}`, async () => {
    const rows = window.locator(`[data-terminal="${tab}"] .xterm-rows`)
    const shown = ((await rows.textContent()) ?? '').replaceAll('\u00a0', ' ')
    return typeof text === 'string' ? shown.includes(text) : text.test(shown)
  })
}

async function types(tab: string, line: string): Promise<void> {
  await shell(tab).and(page.locator('[data-terminal-state="open"]')).click()
  await page.keyboard.type(line)
  await page.keyboard.press('Enter')
}

/** Of the cluster in which is what was applied in the editor. */
async function ofLearner(args: string, input?: object): Promise<string> {
  kube ??= kubectl('1.36', (await clusterWith('pod typed', classroom)).kubeconfig)
  const { code, stdout, stderr } = await kube(args, {
    timeoutMs: 180_000,
    ...(input ? { input: JSON.stringify(input) } : {}),
  })
  if (code !== 0) throw new Error(stderr)
  return stdout
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

  it('takes back what was typed, also after another file was shown', async () => {
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('# to be undone')
    await files().getByRole('button', { name: 'Files', exact: true }).click()
    await files().getByLabel('Name of a new file').fill('other.txt')
    await files().getByRole('button', { name: 'New file' }).click()
    await files().getByRole('button', { name: 'Files', exact: true }).click()
    await files().getByRole('button', { name: 'web.yaml', exact: false }).first().click()
    const line = page.locator('.cm-line', { hasText: '# to be undone' })
    await line.waitFor()
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+z')
    await line.waitFor({ state: 'detached' })
    await page.locator('.cm-line', { hasText: 'image: nginx' }).waitFor()
  })

  it('has nothing that axe finds, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await violations(page, colorScheme === 'light' ? 'all' : 'colours', '[data-files]')).toEqual([])
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
  })

  it('tells of a change that the terminal made meanwhile, and lets one choose', async () => {
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('# mine')
    await types('1', "sed -i 's/nginx/httpd/' web.yaml && echo changed $((1 + 1))")
    await shows('1', 'changed 2')
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

describe('two windows', () => {
  let second: Page
  const tabsOf = (window: Page) =>
    window.locator('[data-tab]').evaluateAll((tabs) => tabs.map((tab) => tab.getAttribute('data-tab') ?? ''))
  const both = (what: string, fits: (tabs: string[]) => boolean) =>
    until(what, async () => fits(await tabsOf(page)) && fits(await tabsOf(second)))
  let fresh: string

  it('have the same tabs, with the same shell in them', async () => {
    second = await page.context().newPage()
    await second.goto(`${classroom.origin}/labs/pods`)
    await second.locator('[data-tab="1"]').waitFor()
    const before = await tabsOf(page)
    expect(await tabsOf(second)).toEqual(before)
    await page.getByRole('button', { name: 'New tab' }).click()
    await page.getByRole('menuitem', { name: 'New shell' }).click()
    await both('there is one more', (tabs) => tabs.length === before.length + 1)
    fresh = (await tabsOf(second)).find((tab) => !before.includes(tab)) ?? ''
    await types(fresh, 'echo seen by $((1 + 1))')
    await shows(fresh, 'seen by 2')
    await second.locator(`#tab-${fresh}`).click()
    await shows(fresh, 'seen by 2', second)
  })

  it('do not lose a command that runs when the tab is closed, unless one insists', async () => {
    // What it prints is proof that it, and not the shell, has the keyboard.
    await types(fresh, "sh -c 'echo began $((40 + 2)); sleep 1000'")
    await shows(fresh, 'began 42')
    const close = page.locator(`[data-tab="${fresh}"]`).getByRole('button', { name: /^Close/ })
    const question = page.getByRole('alertdialog')
    await close.click()
    await question.getByText('still runs here').waitFor()
    await question.getByRole('button', { name: 'Keep it' }).and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Escape')
    await question.waitFor({ state: 'detached' })
    expect(await tabsOf(second)).toContain(fresh)
    await close.click()
    await question.getByRole('button', { name: 'End it and close' }).click()
    await both('it is gone from both', (tabs) => !tabs.includes(fresh))
  })

  it('show two shells side by side, still after a reload', async () => {
    await page.locator('#tab-1').click()
    await page.getByRole('button', { name: 'Split' }).click()
    await page.locator('[data-terminal="1"][data-place="left"]').waitFor()
    const right = page.locator('[data-terminal][data-place="right"]')
    await right.waitFor()
    const tab = (await right.getAttribute('data-terminal')) ?? ''
    await types(tab, 'echo at the $(echo right)')
    await shows(tab, 'at the right')
    await types('1', 'echo at the $(echo left)')
    await shows('1', 'at the left')
    await page.reload()
    await page.locator('[data-terminal="1"][data-place="left"]').waitFor()
    await shows(tab, 'at the right')
    await page.getByRole('button', { name: 'Split' }).click()
    await page.locator('[data-place="whole"]').waitFor()
  })
})

const seat = () => ({ page, ofLearner })
requestTracedInThePicture(seat)
previewOfTheCluster(seat)
