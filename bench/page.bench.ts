// The lab page in a real browser, on simulated nodes: what it loads and how soon it can be used, how long a write takes
// until it stands on the screen through every lens, and how smooth the canvas is with 200 Pods and 100 events a second.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser } from '../e2e/support/browser.ts'
import { startClassroom } from '../e2e/support/classroom.ts'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { clusterDirectory, clusterNames, readRunRecord } from '../server/kube/cluster/index.ts'
import { ConfigMap, Deployment, Service } from '../server/kube/kinds/index.ts'
import { percentile, table } from './table.ts'

const WRITES = 60
const PODS = 200
const EVENTS_A_SECOND = 100
const WATCHED_MS = 6000

const home = await mkdtemp(join(tmpdir(), 'podium-bench-'))
const classroom = await startClassroom({ home, env: { PODIUM_MACHINES: 'simulated', PODIUM_WARM: '1' } })
const browser = await openBrowser()
const rows: string[][] = []

/** Frames in a second of this page, over a while. */
const framesASecond = (page: Page, ms: number) =>
  page.evaluate(async (during) => {
    let frames = 0
    const began = performance.now()
    for (;;) {
      await new Promise(requestAnimationFrame)
      frames++
      const took = performance.now() - began
      if (took >= during) return (frames / took) * 1000
    }
  }, ms)

/** Resolves when the text stands somewhere on the page. */
const untilShown = (page: Page, text: string) =>
  page.evaluate((wanted) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (!document.body.textContent?.includes(wanted)) return
      observer.disconnect()
      resolve()
    }
    const observer = new MutationObserver(look)
    observer.observe(document.body, { subtree: true, childList: true, characterData: true })
    look()
    return promise
  }, text)

async function clientOfLearner(): Promise<Client> {
  for (const name of await clusterNames(home)) {
    const info = await readRunRecord(clusterDirectory(home, name))
    if (info?.state !== 'ready') continue
    const client = createClient(httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'kubectl/bench' }))
    await client.of(ConfigMap).create({ metadata: { name: 'who-is-it', namespace: 'default' } })
    const isShown = await page
      .getByText('who-is-it')
      .first()
      .waitFor({ timeout: 2000 })
      .then(() => true)
      .catch(() => false)
    if (isShown) return client
  }
  throw new Error('no cluster is the one on the screen')
}

const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
const page = await context.newPage()
const idle = await framesASecond(page, 2000)
await page.goto(classroom.url)
// As somebody comes whose browser was never here: logged in, and with nothing kept.
const fresh = await browser.newContext({ storageState: await context.storageState() })
const first = await fresh.newPage()
const began = performance.now()
await first.goto(`${classroom.origin}/labs/pods`)
await first.getByText('2 simulated nodes Ready').waitFor()
const usableMs = performance.now() - began
const loaded = await first.evaluate(() => {
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  return entries.reduce(
    (sum, entry) => {
      const { transferSize, decodedBodySize } = entry as PerformanceResourceTiming
      return { wire: sum.wire + transferSize, whole: sum.whole + decodedBodySize }
    },
    { wire: 0, whole: 0 },
  )
})
const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`
rows.push(['first load of the lab page', `${kib(loaded.wire)} over the wire`, `${kib(loaded.whole)} unpacked`])
rows.push(['click → Ready nodes on the page', `${usableMs.toFixed(0)} ms`, ''])
await fresh.close()

const LENSES = ['loops', 'objects', 'revisions', 'network', 'access'] as const
const windows: { lens: string; page: Page; shown: number[] }[] = []
for (const lens of LENSES) {
  const window = lens === 'loops' ? page : await context.newPage()
  await window.goto(`${classroom.origin}/labs/pods?lens=${lens}`)
  await window.getByText('2 simulated nodes Ready').waitFor()
  windows.push({ lens, page: window, shown: [] })
}

const client = await clientOfLearner()
const answered: number[] = []
/** Until every window of those shows the name, each with its own time. */
const shownOn = (those: typeof windows, name: string, sent: number) =>
  Promise.all(
    those.map(async ({ page, shown }) => {
      await untilShown(page, name)
      shown.push(performance.now() - sent)
    }),
  )
const requestsOnly = windows.filter(({ lens }) => lens === 'access')
const objects = windows.filter(({ lens }) => lens !== 'access')
for (let i = 1; i <= WRITES; i++) {
  const name = `seen-${i}`
  const sent = performance.now()
  const onScreens = shownOn(objects, name, sent)
  await client.of(Service).create({ metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }] } })
  answered.push(performance.now() - sent)
  await onScreens
  // A creation has no name in its request, a deletion has.
  const asked = performance.now()
  const onAccess = shownOn(requestsOnly, name, asked)
  await client.of(Service).delete({ namespace: 'default', name })
  await onAccess
}
for (const { lens, shown } of windows) {
  rows.push([
    `write → on the screen, all lenses open: ${lens}`,
    `p50 ${percentile(shown, 0.5).toFixed(0)} ms, p99 ${percentile(shown, 0.99).toFixed(0)} ms`,
    `${(percentile(shown, 0.5) / percentile(answered, 0.5)).toFixed(0)} × the write`,
  ])
}
for (const { page: window } of windows) if (window !== page) await window.close()

await client.of(Deployment).create({
  metadata: { name: 'many', namespace: 'default' },
  spec: {
    replicas: PODS,
    selector: { matchLabels: { app: 'many' } },
    template: {
      metadata: { labels: { app: 'many' } },
      spec: { containers: [{ name: 'main', image: 'nginx:1.26' }] },
    },
  },
})
const { promise: settled, resolve } = Promise.withResolvers<void>()
const look = async () => {
  const { status } = await client.of(Deployment).get({ namespace: 'default', name: 'many' })
  if ((status?.readyReplicas ?? 0) >= PODS - 20) resolve()
  else setTimeout(() => void look(), 500)
}
void look()
await Promise.race([settled, new Promise((late) => setTimeout(late, 60_000))])
let stop = false
let written = 0
const writing = (async () => {
  const since = performance.now()
  while (!stop) {
    const due = ((performance.now() - since) / 1000) * EVENTS_A_SECOND
    if (written >= due) await new Promise((later) => setTimeout(later, 5))
    else {
      written++
      await client.of(ConfigMap).patch({ namespace: 'default', name: 'who-is-it' }, 'application/merge-patch+json', {
        data: { n: `${written}` },
      })
    }
  }
})()
const busy = await framesASecond(page, WATCHED_MS)
stop = true
await writing
rows.push([
  `canvas with ${PODS} Pods and ${Math.round(written / (WATCHED_MS / 1000))} writes a second`,
  `${busy.toFixed(0)} frames a second`,
  `${(busy / idle).toFixed(2)} × an empty page`,
])
process.stdout.write(`The lab page\n\n${table(['what', 'figure', 'against'], rows)}\n`)
await browser.close()
await classroom.stop()
await rm(home, { recursive: true, force: true })
process.exit(0)
