// The lab page in a real browser, on simulated nodes: what it loads and how soon it can be used, how long a write takes
// until it stands on the screen, and how smooth the canvas is with 200 Pods and 100 events a second.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser } from '../e2e/support/browser.ts'
import { startClassroom } from '../e2e/support/classroom.ts'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { clusterDirectory, clusterNames, readRunRecord } from '../server/kube/cluster/index.ts'
import { ConfigMap, Deployment } from '../server/kube/kinds/index.ts'
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
const untilShown = (text: string) =>
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

const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
const idle = await framesASecond(page, 2000)
await page.goto(classroom.url)
const began = performance.now()
await page.goto(`${classroom.origin}/labs/pods`)
await page.getByText('2 simulated nodes Ready').waitFor()
const usableMs = performance.now() - began
const loaded = await page.evaluate(() => {
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  return entries.reduce((sum, entry) => sum + ((entry as PerformanceResourceTiming).transferSize || 0), 0)
})
rows.push(['first load of the lab page', `${(loaded / 1024).toFixed(0)} KiB over the wire`, ''])
rows.push(['click → Ready nodes on the page', `${usableMs.toFixed(0)} ms`, ''])

const client = await clientOfLearner()
const shown: number[] = []
const answered: number[] = []
for (let i = 1; i <= WRITES; i++) {
  const name = `seen-${i}`
  const sent = performance.now()
  const onScreen = untilShown(name)
  await client.of(ConfigMap).create({ metadata: { name, namespace: 'default' } })
  answered.push(performance.now() - sent)
  await onScreen
  shown.push(performance.now() - sent)
}
for (const [words, share] of [
  ['p50', 0.5],
  ['p99', 0.99],
] as const) {
  const ms = percentile(shown, share)
  rows.push([
    `write → on the screen, ${words}`,
    `${ms.toFixed(0)} ms`,
    `${(ms / percentile(answered, share)).toFixed(0)} × the write`,
  ])
}

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
