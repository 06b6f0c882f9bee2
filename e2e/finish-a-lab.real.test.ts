// A learner's first visit, in a real browser, with containers that really run.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Typist } from '../labs/support/typist.ts'
import { loadLabs } from '../server/classroom/labs/load-labs.ts'
import { LOOPS, type LoopName } from '../server/classroom/labs/loops.ts'
import { openBrowser } from './support/browser.ts'
import { browserSeat } from './support/browser-seat.ts'
import { type Classroom, clusterWith, forgetLearners, type ListedCluster, startClassroom } from './support/classroom.ts'
import { kubectl, root, run } from './support/commands.ts'
import { labIsReady } from './support/lab-page.ts'
import { until } from './support/until.ts'

let classroom: Classroom
let browser: Browser
let page: Page
let cluster: ListedCluster
let scratch: string

beforeAll(async () => {
  await forgetLearners()
  scratch = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  classroom = await startClassroom()
  browser = await openBrowser()
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
}, 300_000)

// What somebody who stood beside it would have seen.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  process.stderr.write(`${await page.locator('body').ariaSnapshot()}\n${classroom.output()}\n`)
})

afterAll(async () => {
  await browser?.close()
  await classroom?.stop()
  await forgetLearners()
  await rm(scratch, { recursive: true, force: true })
}, 180_000)

const check = (id: string) => page.locator(`[data-check="${id}"]`)

async function typeInTerminal(line: string): Promise<void> {
  await page.locator('[data-terminal-state="open"]').first().click()
  await page.keyboard.type(line)
  await page.keyboard.press('Enter')
}

const terminalText = async () => (await page.locator('.xterm-rows').first().textContent()) ?? ''

async function answer(question: string, choice: string): Promise<void> {
  await page.locator(`[data-question="${question}"]`).getByText(choice).click()
}

const expectState = (row: Locator, state: string, timeout = 60_000) =>
  row.and(page.locator(`[data-state="${state}"]`)).waitFor({ timeout })

/** What the Docker engine of a learner's machine says it runs, asked from the host. */
async function containersOn(machine: { id: string }): Promise<string[]> {
  const { stdout } = await run('docker', [
    'exec',
    machine.id,
    '/usr/lib/podium/enter.sh',
    'docker',
    'ps',
    '--format',
    '{{.Names}}',
  ])
  return stdout.split('\n').filter((name) => name !== '')
}

describe('a learner', () => {
  it('comes in by the link, sees the course and begins', async () => {
    await page.goto(classroom.url)
    await page.getByRole('heading', { name: /Pods/ }).first().waitFor()
    expect(page.url()).not.toContain('token=')
    await page
      .getByRole('link', { name: /A Deployment heals itself/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Say how many you want' }).waitFor()
    await labIsReady(page)
  })

  it('types a command, and the step turns green because containers run', async () => {
    await answer('how-many-objects', 'Five: the Deployment')
    await page.getByText('Five. The Deployment loop makes a ReplicaSet').waitFor()
    await typeInTerminal('kubectl create deployment web --image=nginx --replicas=3')
    await expectState(check('1.web-ready'), 'ok', 90_000)
    cluster = await clusterWith('deployment web', classroom)
    const names = (await Promise.all(cluster.machines.map(containersOn))).flat()
    expect(names.filter((name) => name.startsWith('k8s_nginx_web-'))).toHaveLength(3)
    expect(names.filter((name) => name.startsWith('k8s_POD_web-'))).toHaveLength(3)
  })

  it('finds everything as it was after a reload', async () => {
    await page.reload()
    await expectState(check('1.web-ready'), 'ok')
    await until('the scroll-back is there', async () => (await terminalText()).includes('deployment.apps/web created'))
    await typeInTerminal('echo still $((40 + 2))')
    await until('the same shell answers', async () => (await terminalText()).includes('still 42'))
  })

  it('is asked, with the keyboard in mind, what shall become of a command while another runs', async () => {
    await typeInTerminal('sleep 1000')
    await until('it runs', async () => /sleep 1000\s*$/.test(await terminalText()))
    const command = page.locator('[data-command^="kubectl get"]').getByRole('button').last()
    const question = page.getByRole('alertdialog', { name: 'sleep 1000 still runs' })
    const focused = page.locator(':focus')
    await command.press('Enter')
    await question.getByRole('button', { name: 'Do not run' }).and(focused).waitFor()
    await page.keyboard.press('Escape')
    await question.waitFor({ state: 'detached' })
    await command.and(focused).waitFor()
    expect(await command.textContent()).toBe('Run')
    await command.press('Enter')
    await question.getByRole('button', { name: 'End it, then run' }).click()
    await page.locator('[data-ran]', { hasText: 'Again' }).waitFor()
  })

  it('is told what is missing, and what was seen, while a step is not done', async () => {
    await page.getByRole('button', { name: /Next/ }).click()
    await page.getByRole('heading', { name: 'Take a Pod away' }).waitFor()
    await page.getByRole('button', { name: /Next/ }).waitFor()
    const row = check('2.web-pod-deleted')
    await expectState(row, 'waiting')
    await answer('who-notices', 'The ReplicaSet loop counts two')
    await page.locator('[data-command^="kubectl delete"]').getByRole('button', { name: 'Run' }).click()
    await expectState(row, 'ok')
    await expectState(check('2.web-ready'), 'ok')
  })
})

interface Counted {
  requests: number
  appends: number
  delivers: number
}

describe('the picture', () => {
  it('shows one dot for each request, revision and watch event, no more and no less', async () => {
    const kube = kubectl('1.36', cluster.kubeconfig)
    const watched = watchPods()
    await until('the watch of our own is open', async () => (await watchTrace()).length > 0)
    const before = await quietMoment()
    await writeFile(
      join(scratch, 'more.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: counted}\ndata: {a: b}\n',
    )
    await kube(`apply -f ${join(scratch, 'more.yaml')}`)
    await kube('scale deployment web --replicas=5')
    await kube('rollout status deployment web --timeout=60s')
    await kube('delete configmap counted')
    const after = await quietMoment()

    const dots = difference(after.dots, before.dots)
    expect(dots.requests).toBe(after.audited - before.audited)
    expect(dots.appends).toBe(after.revision - before.revision)
    expect(dots.appends).toBeGreaterThan(10)

    const seenByUs = (await watched.stop()).filter((type) => type !== 'BOOKMARK').length
    await page.getByRole('button', { name: 'Table' }).click()
    const older = page.getByRole('button', { name: 'Show older ones' })
    while (await older.isVisible()) await older.click()
    const rows = await page
      .locator('tr[data-type="deliver"]')
      .filter({ has: page.locator('td', { hasText: 'podium-e2e-watcher' }) })
      .count()
    expect(rows).toBe(seenByUs)
    expect(seenByUs).toBeGreaterThan(4)
  })

  async function dotsOnPage(): Promise<Counted> {
    const of = (name: string) =>
      page
        .locator('[data-picture-canvas]')
        .evaluate((node, key) => Number((node as HTMLElement).dataset[key] ?? 0), name)
    return {
      requests: (await of('requests')) + (await of('hiddenRequests')),
      appends: (await of('appends')) + (await of('hiddenAppends')),
      delivers: (await of('delivers')) + (await of('hiddenDelivers')),
    }
  }

  const auditLog = () => readFile(join(cluster.kubeconfig, '..', 'audit', 'audit.log'), 'utf8')
  const watchTrace = async () => (await auditLog()).split('\n').filter((line) => line.includes('podium-e2e-watcher'))

  /** A watch has two lines, one when it is answered and one when it ends; it is one request all the same. */
  async function auditedRequests(): Promise<number> {
    const lines = (await auditLog()).split('\n').filter((line) => line !== '')
    return new Set(lines.map((line) => (JSON.parse(line) as { auditID: string }).auditID)).size
  }

  /** All three counts, taken while nothing happened: heartbeats leave moments enough. */
  async function quietMoment() {
    const look = async () => ({
      dots: await dotsOnPage(),
      audited: await auditedRequests(),
      revision: await storeRevision(),
    })
    return until('a quiet moment', async () => {
      const first = await look()
      await new Promise((later) => setTimeout(later, 400))
      const second = await look()
      return JSON.stringify(first) === JSON.stringify(second) && second
    })
  }

  /** Asked of the store itself, past the API server. */
  async function storeRevision(): Promise<number> {
    const pki = join(cluster.kubeconfig, '..', 'pki', 'etcd')
    const { stdout, stderr } = await run(
      'etcdctl',
      [
        ...['--endpoints', cluster.etcd, '--cacert', join(pki, 'ca.crt')],
        ...['--cert', join(pki, 'client.crt'), '--key', join(pki, 'client.key')],
        ...['get', 'nothing', '-w', 'json'],
      ],
      { env: { ETCDCTL_API: '3' } },
    )
    const { header } = JSON.parse(stdout || `{"header":{"revision":"${stderr}"}}`) as { header: { revision: number } }
    return Number(header.revision)
  }

  /** A watcher that knows nothing of ours: curl, printing one line for each event. */
  function watchPods() {
    const pki = join(cluster.kubeconfig, '..', 'pki')
    const child = spawn(
      'curl',
      [
        ...['--silent', '--no-buffer', '--user-agent', 'podium-e2e-watcher', '--cacert', join(pki, 'ca.crt')],
        ...['--cert', join(pki, 'admin.crt'), '--key', join(pki, 'admin.key')],
        `${cluster.server}/api/v1/namespaces/default/pods?watch=1`,
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    return {
      async stop(): Promise<string[]> {
        child.kill()
        await new Promise((gone) => child.once('exit', gone))
        return text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => (JSON.parse(line) as { type: string }).type)
      },
    }
  }

  const difference = (after: Counted, before: Counted): Counted => ({
    requests: after.requests - before.requests,
    appends: after.appends - before.appends,
    delivers: after.delivers - before.delivers,
  })
})

describe('a whole lab', () => {
  const hold = (loop: LoopName) => steer(loop, ['Hold'])
  const letGo = (loop: LoopName) => steer(loop, ['Step', 'Release'])

  async function steer(loop: LoopName, buttons: string[]): Promise<void> {
    const control = page.getByRole('group', { name: 'Hold this loop' })
    if (!(await control.isVisible())) await page.locator(`[data-loop="${LOOPS[loop].client}"]`).click()
    for (const name of buttons) await control.getByRole('button', { name }).click()
  }

  it('is done at the keyboard, with an editor in the terminal and a hand on a loop', { timeout: 420_000 }, async () => {
    const lab = (await loadLabs(join(root, 'labs'))).find(({ id }) => id === 'replicaset-as-a-loop')
    if (!lab) throw new Error('the lab has gone')
    await page.goto(`${classroom.origin}/labs/${lab.id}`)
    await page.locator('[data-nodes-ready="2"]').waitFor({ timeout: 120_000 })
    // The table of before is remembered.
    await page.getByRole('button', { name: 'Table' }).click()
    const typist = new Typist(await browserSeat(page))
    await typist.sitDown()
    for (const { number, title, checks, solution } of lab.steps) {
      await page.getByRole('heading', { name: title }).waitFor()
      const open = page.locator(`[data-check^="${number}."]:not([data-state="ok"])`)
      // What is said of a check is only said once the cluster is at this step.
      await open
        .filter({ hasText: /\.\s*$/ })
        .first()
        .waitFor({ timeout: 120_000 })
      for (const loop of solution.holds) await hold(loop)
      for (const loop of solution.releases) await letGo(loop)
      await typist.perform(solution)
      for (const { id } of checks) await expectState(check(`${number}.${id}`), 'ok', 90_000)
      if (number < lab.steps.length) await page.getByRole('button', { name: /Next/ }).click()
    }
    await page.getByRole('status').filter({ hasText: 'Lab 6 is done' }).getByText('What you know now').waitFor()
    await page.getByRole('link', { name: /Next lab/ }).waitFor()
  })
})
