// What lenses are for, in a real browser: hold a loop and see nothing come back, ask what a selector reaches, lose a
// race, be refused.
// No container runs here, so machines are simulated; the control plane is as real as ever.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from './support/browser.ts'
import { type Classroom, startClassroom } from './support/classroom.ts'
import { type Kubectl, kubectl, podium, root } from './support/commands.ts'
import { labIsReady } from './support/lab-page.ts'
import { until } from './support/until.ts'

const LAB = '/labs/a-deployment-heals-itself'
const replicaSets = 'kube-controller-manager/replicaset-controller'

let classroom: Classroom
let browser: Browser
let page: Page
let kube: Kubectl
let kubeconfig: string
let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'podium-lenses-'))
  // A state directory of its own: simulated machines leave nothing on the host.
  const home = join(scratch, 'home')
  classroom = await startClassroom({ home, env: { PODIUM_MACHINES: 'simulated', PODIUM_WARM: '0' } })
  browser = await openBrowser()
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  page = await context.newPage()
  await page.goto(classroom.url)
  await page.goto(classroom.origin + LAB)
  await labIsReady(page, '2 simulated nodes')
  const [cluster = ''] = await readdir(join(home, 'clusters'))
  kubeconfig = join(home, 'clusters', cluster, 'admin.conf')
  kube = kubectl('1.36', kubeconfig)
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await classroom?.stop()
  await rm(scratch, { recursive: true, force: true })
}, 180_000)

async function run(command: string): Promise<string> {
  const { code, stdout, stderr } = await kube(command)
  if (code !== 0) throw new Error(`kubectl ${command}: ${stderr}`)
  return stdout
}

const podsOf = async (app: string) => (await run(`get pods -l app=${app} -o name`)).split('\n').filter(Boolean)
const lens = (name: string) => page.getByRole('tab', { name })
const control = () => page.getByRole('group', { name: 'Hold this loop' })

describe('a held loop', () => {
  const card = () => page.locator(`[data-loop="${replicaSets}"]`)
  const isHeld = () => card().and(page.locator('[data-state="held"]')).waitFor()

  it('lets nothing come back, and says what waits', async () => {
    await run('create deployment web --image=nginx --replicas=2')
    await run('rollout status deployment web --timeout=60s')
    await card().click()
    await control().getByRole('button', { name: 'Hold' }).click()
    await isHeld()
    const [first] = await podsOf('web')
    await run(`delete ${first} --grace-period=0 --force`)
    await page.getByText('Held. It hears every event, and 1 key waits until it may act.').waitFor()
    // The others go on: a Pod that nobody else has to make gets its machine and runs.
    await run('run alone --image=nginx')
    await run('wait --for=condition=Ready pod/alone --timeout=60s')
    expect(await podsOf('web')).toHaveLength(1)
  })

  it('is still held when the page is loaded again', async () => {
    await page.reload()
    await isHeld()
    expect(await podsOf('web')).toHaveLength(1)
  })

  it('brings one Pod back for one step, asked for from the keyboard', async () => {
    await card().click()
    await control().getByRole('button', { name: 'Step' }).focus()
    await page.keyboard.press('Enter')
    await until('one Pod more', async () => (await podsOf('web')).length === 2)
    await isHeld()
  })

  it('goes on by itself when it is released', async () => {
    await control().getByRole('button', { name: 'Release' }).click()
    await run('scale deployment web --replicas=3')
    await run('rollout status deployment web --timeout=60s')
    expect(await podsOf('web')).toHaveLength(3)
    expect(await card().getAttribute('data-state')).not.toBe('held')
  })
})

describe('a loop of one’s own', () => {
  const own = 'website-operator/website-controller'

  it('has a card like a built-in one, tells what it did and that it runs elsewhere, and goes when it ends', async () => {
    const example = join(scratch, 'operator')
    await cp(join(root, 'docs', 'examples', 'operator'), example, { recursive: true })
    await podium('client', example)
    await run(`apply -f ${join(example, 'website-crd.yaml')}`)
    await run('wait crd/websites.example.com --for=condition=Established --timeout=60s')
    const program = spawn(process.execPath, [join(example, 'website-operator.mjs')], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
    })
    const ended = once(program, 'exit')
    const other = await page.context().newPage()
    try {
      await other.goto(classroom.origin + LAB)
      await other.locator(`[data-loop="${replicaSets}"]`).waitFor({ timeout: 60_000 })
      await run(`apply -f ${join(example, 'website.yaml')}`)
      // While all others are busy it has no card; then it is chosen among those that have none.
      const card = other.locator(`[data-loop="${own}"]`)
      const folded = other.getByRole('menuitem', { name: /website/i })
      await until('the loop can be looked at', async () => {
        if (await card.isVisible()) {
          await card.click()
          return true
        }
        await other.getByTitle('Choose one to look at').click()
        const isThere = await folded.isVisible()
        await (isThere ? folded.click() : other.keyboard.press('Escape'))
        return isThere
      })
      await other.getByText('2 ready, with that text').first().waitFor({ timeout: 60_000 })
      expect(await other.getByRole('group', { name: 'Hold this loop' }).count()).toBe(0)
      await other.getByText('outside of the control plane').waitFor()
      // Looked at closely it has a card, as any other loop.
      await card.waitFor({ timeout: 60_000 })
      const turn = async () => {
        const words = await other.locator('[data-scope] h2', { hasText: 'Last reconcile' }).textContent()
        return Number(/#(\d+)/.exec(words ?? '')?.[1])
      }
      const before = await turn()
      await run('scale deployment hello --replicas=1')
      await until('it has seen what was done to its Deployment', async () => (await turn()) > before)
      await run('delete website hello --cascade=foreground')
      program.kill('SIGKILL')
      await ended
      await card.waitFor({ state: 'detached', timeout: 60_000 })
      await other.getByTitle('Choose one to look at').click()
      await other.getByRole('menuitem').first().waitFor()
      expect(await folded.count()).toBe(0)
    } finally {
      program.kill('SIGKILL')
      await ended
      await other.close()
    }
  })
})

describe('the lenses', () => {
  it('change with the arrow keys; what all have in common stays in its place', async () => {
    const places = () =>
      page.locator('.react-flow__node').evaluateAll((nodes) =>
        nodes
          .filter((node) => /^(api|etcd|you|scheduler|machine .*)$/.test(node.getAttribute('data-id') ?? ''))
          .map((node) => [node.getAttribute('data-id'), JSON.stringify(node.getBoundingClientRect())].join(' '))
          .sort(),
      )
    const before = await places()
    expect(before).toHaveLength(6)
    await lens('Loops').focus()
    await page.keyboard.press('ArrowRight')
    await page.locator('[data-object="deployments/web"]').waitFor()
    expect(await places()).toEqual(before)
    expect(page.url()).toContain('lens=objects')
  })

  it('show what a typed selector reaches, and what is wrong with one', async () => {
    const selector = page.getByRole('textbox', { name: 'Selector' })
    await selector.fill('app in (web')
    await page.getByText('unable to parse requirement').first().waitFor()
    await selector.fill('app in (web),pod-template-hash')
    await until('three Pods shine', async () => (await page.locator('[data-pod][data-lit]').count()) === 3)
    expect(await page.locator('[data-object^="replicasets/"][data-lit]').count()).toBe(1)
    expect(await page.locator('[data-object="deployments/web"][data-lit]').count()).toBe(0)
    await selector.fill('')
    await until('nothing shines', async () => (await page.locator('[data-lit]').count()) === 0)
  })

  it('show what holds a deletion', async () => {
    await run('create configmap kept')
    await run(`patch configmap kept --type=merge -p '{"metadata":{"finalizers":["lab/keep"]}}'`)
    await run('delete configmap kept --wait=false')
    await page.locator('[data-object="configmaps/kept"][data-deleting]').click()
    await page.getByText('somebody to take the finalizer lab/keep away').waitFor()
    await run(`patch configmap kept --type=merge -p '{"metadata":{"finalizers":null}}'`)
    await page.locator('[data-object="configmaps/kept"]').waitFor({ state: 'detached' })
  })

  it('put two writers side by side, and keep the chosen object chosen', async () => {
    await page.locator('[data-object="deployments/web"]').click()
    await lens('Revisions').click()
    await page.locator('[data-scope="versions of deployments/web"]').waitFor()
    const copy = await run('get deployment web -o yaml')
    const read = /resourceVersion: "(\d+)"/.exec(copy)?.[1]
    await run('scale deployment web --replicas=4')
    await writeFile(join(scratch, 'web.yaml'), copy.replace('image: nginx', 'image: nginx:1.29'))
    const refused = await kube(`replace -f ${join(scratch, 'web.yaml')}`)
    expect(refused.stderr).toContain('the object has been modified')
    // Loops lose such races too, with other copies.
    await page
      .locator('[data-attempt="409"]', { hasText: `${read} ≠` })
      .last()
      .click()
    await page.getByText(new RegExp(`^Two writers: ${read} ≠ `)).waitFor()
    await page.locator('td[data-changed="theirs"]', { hasText: /^4by kubectl/ }).waitFor()
    await page.getByText('A lost update').waitFor()
  })

  it('say which rule let a request through, and which part of the nearest one was in the way', async () => {
    await lens('Access').click()
    const verdict = (how: string) => page.locator(`[data-verdict="${how}"]`)
    const as = '--as=system:serviceaccount:default:robot'
    await run('create serviceaccount robot')
    await run('create role watcher --verb=get,list,watch --resource=deployments.apps')
    await run('create rolebinding robot-watches --role=watcher --serviceaccount=default:robot')
    await run(`get deployment web ${as}`)
    await page.locator('[data-request="get deployments"]').last().click()
    await verdict('allowed').waitFor()
    await page.locator('[data-row="allows"][data-binding="robot-watches"] [data-rule="allows"]').waitFor()
    expect((await kube(`delete deployment web ${as}`)).stderr).toContain('cannot delete resource "deployments"')
    await page.locator('[data-refused][data-request="delete deployments"]').click()
    await verdict('refused').waitFor()
    await page.getByText('no delete').first().waitFor()
    await page.locator('[data-scope="access"]').getByText('verb delete is not in get, list, watch').waitFor()
    // The policy is asked again by itself; what was measured stays as it was.
    await run('create role deleter --verb=delete --resource=deployments.apps')
    await run('create rolebinding robot-deletes --role=deleter --serviceaccount=default:robot')
    await page.getByText('sent again now, it would be allowed').first().waitFor()
    await verdict('refused').waitFor()
  })

  it('answer whether somebody may, and who may', async () => {
    const form = page.getByRole('form', { name: 'Who may do what?' })
    const field = (word: string) => form.getByLabel(word, { exact: true })
    await field('with').fill('deploy')
    await page.locator('[data-verdict="allowed"][data-typed]').waitFor()
    await field('do').fill('sing')
    await page.locator('[data-verdict="refused"][data-typed]').waitFor()
    await field('do').fill('delete')
    await field('May').fill('')
    await page.locator('[data-row="allows"][data-binding="robot-deletes"]').waitFor()
    await field('with').fill('rockets')
    await page.getByText('This cluster has no kind called “rockets”.').waitFor()
    await form.getByRole('button', { name: 'Back to request' }).click()
  })

  it('each have a text twin', async () => {
    await lens('Revisions').click()
    await page.getByRole('button', { name: 'Table' }).click()
    await page.locator('[data-lens-table=revisions]').getByText('409, nothing is written').first().waitFor()
    await lens('Access').click()
    await page.locator('[data-lens-table=access]').getByText('watcher, rule 1').first().waitFor()
    await lens('Objects').click()
    await page.locator('[data-lens-table=objects]').getByText('kube-root-ca.crt').waitFor()
    await lens('Loops').click()
    await page.locator('[data-lens-table=loops]').getByText('Events, newest first').waitFor()
    await page.getByRole('button', { name: 'Table' }).click()
  })

  it('say why a Service reaches nobody, and that no packets flow on simulated machines', async () => {
    await run('create service clusterip nobody --tcp=80:8080')
    await lens('Network').click()
    await page.locator('[data-service="nobody"]').click()
    await page.getByText('It selects app=nobody; no Pod has that label.').last().waitFor()
    await page.getByText('The nearest label').waitFor()
    await page.locator('[data-machine][data-hears="simulated"]').nth(1).waitFor()
    await page.locator('[data-service="nobody"]').click()
    await page.getByText('no container runs on them, and no packet flows').waitFor()
    await page.getByRole('button', { name: 'Table' }).click()
    await page.locator('[data-lens-table=network]').getByText('Nobody. It selects app=nobody').waitFor()
    await page.locator('[data-lens-table=network]').getByText('simulated: No packets flow').first().waitFor()
    await page.getByRole('button', { name: 'Table' }).click()
  })

  it('show over each machine what the scheduler weighed, and what other weights would have changed', async () => {
    await lens('Scheduler').click()
    await run('run weighed --image=nginx')
    const decision = page.locator('[data-decision="default/weighed"]')
    await decision.waitFor()
    const machines = decision.locator('[data-node]')
    expect(await machines.count()).toBe(2)
    const node = (await run('get pod weighed -o jsonpath={.spec.nodeName}')).trim()
    expect(await decision.locator('[data-chosen]').getAttribute('data-node')).toBe(node)
    const sums = () => machines.evaluateAll((all) => all.map((one) => one.lastElementChild?.textContent))
    const before = await sums()
    await decision.getByLabel('How much NodeResourcesFit should weigh').selectOption('10')
    await decision.getByText(/^With your weights /).waitFor()
    expect(await sums()).not.toEqual(before)
    await run(`run refused --image=nginx --overrides='{"spec":{"nodeSelector":{"no":"where"}}}'`)
    await page.locator('[data-decision="default/refused"]').getByText('NodeAffinity').first().waitFor()
    await page.locator('[data-scope="scheduler"]').getByRole('button', { name: 'default/weighed' }).click()
    await decision.waitFor()
    await page.getByRole('button', { name: 'Table' }).click()
    await page.locator('[data-lens-table=scheduler]').getByText('It fits nowhere.').first().waitFor()
    await page.getByRole('button', { name: 'Table' }).click()
    await page.locator('[data-scope]').getByRole('button', { name: 'Close', exact: true }).click()
    await run('delete pod weighed refused --now')
  })
})

describe('time', () => {
  const knob = () => page.getByRole('slider', { name: 'Revision' })
  const bar = () => page.getByRole('group', { name: 'Time' })
  const picture = () => page.locator('[data-picture-canvas]')
  const drawn = () =>
    page.locator('[data-pod^="past-"]').evaluateAll((pods) => pods.map((pod) => pod.getAttribute('data-pod')).sort())
  const looksAt = (revision: number | string) =>
    page
      .locator(`[data-past="${revision}"]`)
      .filter({ has: page.locator('[data-picture-canvas]') })
      .waitFor()
  let then: number

  /** As the API server itself reads its store: exactly at that revision. */
  async function listedAt(revision: number): Promise<string[]> {
    const query = `labelSelector=app%3Dpast&resourceVersion=${revision}&resourceVersionMatch=Exact`
    const { items } = JSON.parse(await run(`get --raw /api/v1/namespaces/default/pods?${query}`))
    return items.map(({ metadata }: { metadata: { name: string } }) => metadata.name).sort()
  }

  it('is dragged back to a revision, and the picture is what the store says of it', async () => {
    await lens('Loops').click()
    // A card has room for few Pods, so there are no others.
    await run('delete deployments,pods --all --wait=false')
    await until('the others are gone', async () => (await run('get pods -o name')) === '')
    await run('create deployment past --image=nginx --replicas=3')
    await run('rollout status deployment past --timeout=60s')
    then = Number(JSON.parse(await run('get --raw /api/v1/namespaces/default/pods')).metadata.resourceVersion)
    await run('scale deployment past --replicas=1')
    await until('one Pod is left', async () => (await drawn()).length === 1)
    // The bar hears of revisions by itself, and what it has not heard of cannot be dragged to.
    await until('the bar knows of it', async () => Number(await knob().getAttribute('max')) > then)
    await knob().fill(String(then))
    await looksAt(then)
    expect(await listedAt(then)).toHaveLength(3)
    expect(await drawn()).toEqual(await listedAt(then))
    await bar().getByText(`You look at revision ${then}`).waitFor()
  })

  it('moves nothing of what happens now, and lets nothing be held', async () => {
    const before = await picture().getAttribute('data-seq')
    await run('create configmap while-away')
    await until('the live end has moved', async () => Number(await knob().getAttribute('max')) > then + 3)
    expect(await picture().getAttribute('data-seq')).toBe(before)
    expect(await page.getByText('while-away').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Hold all' }).count()).toBe(0)
  })

  it('is the same through other lenses and in their tables', async () => {
    await lens('Objects').click()
    await page.getByRole('button', { name: 'Table' }).click()
    const names = page.locator('[data-lens-table=objects] th').filter({ hasText: /^past-\w+-\w+$/ })
    await until('its Pods are listed', async () => (await names.count()) === 3)
    expect((await names.allTextContents()).sort()).toEqual(await listedAt(then))
    await lens('Network').click()
    await page
      .locator('[data-lens-table=network]')
      .getByText(/None until then|Nobody listened then/)
      .waitFor()
    await lens('Access').click()
    await page.locator('[data-lens-table=access]').getByText(`Who might at revision ${then}`).waitFor()
    await page.getByRole('button', { name: 'Table' }).click()
    await lens('Loops').click()
  })

  it('goes on from the keyboard, and is played up to now', async () => {
    await looksAt(then)
    await knob().focus()
    await page.keyboard.press('ArrowLeft')
    await looksAt(then - 1)
    await page.keyboard.press('PageUp')
    await bar()
      .getByText(/~ deployments\/past by kubectl/)
      .waitFor()
    await bar().getByRole('combobox', { name: 'Pace of playing' }).selectOption('32')
    await bar().getByRole('button', { name: 'Play on' }).click()
    // Dots move while it is played.
    await page.locator('[data-dot]').first().waitFor({ state: 'attached' })
    await bar().getByRole('button', { name: 'Live' }).waitFor()
    await until('it shows now again', async () => (await drawn()).length === 1)
  })
})

describe('several windows of one browser', () => {
  it('all keep up with the cluster, and leave room for the next click', async () => {
    const others = await Promise.all([0, 1, 2].map(() => page.context().newPage()))
    for (const each of others) {
      await each.goto(`${classroom.origin + LAB}?lens=objects`)
      await each.getByText('2 simulated nodes Ready').waitFor()
    }
    await run('create configmap in-every-window')
    for (const each of others) await each.getByText('in-every-window').first().waitFor()
    await others[0]?.getByRole('tab', { name: 'Revisions' }).click()
    await others[0]?.getByText('in-every-window').first().waitFor()
    for (const each of others) await each.close()
  })
})
