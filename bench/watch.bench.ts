// How soon many watchers hear of a write: 200 writes a second of one object each, over HTTPS, every watcher on a
// connection of its own. The time is taken from before the write is sent until the client's process has the bytes.
//
// What a real apiserver needs on another machine is no yardstick; the rows are to be read against each other, and
// against the last one, which is the same for one watcher.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import https from 'node:https'
import { startTestServer } from '../server/kube/apiserver/testing/test-server.ts'
import { percentile, table } from './table.ts'

const WATCHERS = [200, 2000, 1]
const WRITES_PER_SECOND = 200
const SECONDS = 8
const OBJECTS = 100
const MAPS = '/api/v1/namespaces/default/configmaps'

interface Told {
  port: number
  ca: string
  cert: string
  key: string
  watchers: number
  from: string
}
interface Heard {
  events: number
  p50: number
  p99: number
}

const nowMs = () => performance.timeOrigin + performance.now()

/** Opens the watches, says so, and counts until it is told to stop. */
async function clientProcess(): Promise<void> {
  const delays: number[] = []
  process.once('message', async ({ port, ca, cert, key, watchers, from }: Told) => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, ca, cert, key })
    const open = () =>
      new Promise<void>((resolve, reject) => {
        const path = `${MAPS}?watch=1&resourceVersion=${from}&labelSelector=bench`
        const request = https.get({ host: '127.0.0.1', port, path, agent }, (answer) => {
          resolve()
          answer.on('data', (chunk: Buffer) => {
            const now = nowMs()
            for (const [, sent] of chunk.toString('latin1').matchAll(/"sent":"([\d.]+)"/g))
              delays.push(now - Number(sent))
          })
          answer.on('error', () => {})
        })
        request.on('error', reject)
      })
    for (let at = 0; at < watchers; at += 50)
      await Promise.all(Array.from({ length: Math.min(50, watchers - at) }, open))
    process.send?.('open')
    process.once('message', () => {
      process.send?.({ events: delays.length, p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) })
      agent.destroy()
      process.disconnect()
    })
  })
}

async function main(): Promise<void> {
  const rows: (string | number)[][] = []
  for (const watchers of WATCHERS) {
    await using test = await startTestServer()
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const { certPem: cert, keyPem: key } = await test.pki.issue('bench', ['system:masters'])
    const body = (turn: number) => ({
      metadata: { name: `bench-${turn % OBJECTS}`, labels: { bench: 'yes' } },
      data: { sent: String(nowMs()), filler: 'x'.repeat(500) },
    })
    for (let turn = 0; turn < OBJECTS; turn++) {
      await test.transport.request({ method: 'POST', path: MAPS, body: { ...body(turn), data: {} } })
    }
    const before = process.memoryUsage().rss
    const child = fork(import.meta.filename, ['--client'])
    child.send({ port, ca: test.pki.caPem, cert, key, watchers, from: String(test.store.revision) })
    await once(child, 'message')
    globalThis.gc?.()
    const perWatch = (process.memoryUsage().rss - before) / watchers / 1024
    const cpu = process.cpuUsage()
    const from = performance.now()
    const writes: Promise<unknown>[] = []
    for (let turn = 0; turn < WRITES_PER_SECOND * SECONDS; turn++) {
      const due = from + (turn * 1000) / WRITES_PER_SECOND
      const early = due - performance.now()
      if (early > 0) await new Promise((later) => setTimeout(later, early))
      const object = body(turn)
      const path = `${MAPS}/${object.metadata.name}`
      writes.push(test.transport.request({ method: 'PUT', path, body: object }))
    }
    await Promise.all(writes)
    const seconds = (performance.now() - from) / 1000
    await new Promise((later) => setTimeout(later, 1000))
    const { user, system } = process.cpuUsage(cpu)
    const answer = once(child, 'message') as Promise<[Heard]>
    child.send('stop')
    const [{ events, p50, p99 }] = await answer
    await once(child, 'exit')
    const share = `${((100 * events) / (watchers * writes.length)).toFixed(0)} %`
    const micros = (user + system) / events
    rows.push([watchers, (writes.length / seconds).toFixed(0), share, p50, p99, micros, perWatch.toFixed(0)])
  }
  const header = [
    'watchers',
    'writes/s',
    'delivered',
    'p50 ms',
    'p99 ms',
    'server µs per delivery',
    'KiB per idle watch',
  ]
  process.stdout.write(`${table(header, rows)}\n`)
}

await (process.argv.includes('--client') ? clientProcess() : main())
