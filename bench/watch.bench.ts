// How soon many watchers hear of a write: 200 writes a second of one object each, over HTTPS, every watcher on a
// connection of its own. The time is taken from before the write is sent until the client's process has the bytes.
//
// The client is a process of its own, which only looks for the moment that stands in each event; what it costs stands
// beside what the server costs. Where both together need more than the machine has, they say how late is their fault.
//
// What a real apiserver needs on another machine is no yardstick; the rows are to be read against each other, and
// against the last one, which is the same for one watcher.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import tls from 'node:tls'
import { startTestServer } from '../server/kube/apiserver/testing/test-server.ts'
import { percentile, table } from './table.ts'

const WATCHERS = process.argv[2] ? process.argv.slice(2).map(Number) : [200, 2000, 1]
const WRITES_PER_SECOND = 200
const SECONDS = 8
/** Counted, but not measured: both processes compile what they have never run. */
const WARM_UP_SECONDS = 1
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
  measured: number
  /** Bytes of the watcher that got least, of those of the one that got most. */
  least: number
  p50: number
  p99: number
  worst: number
  micros: number
}

const nowMs = () => performance.timeOrigin + performance.now()
const cpuMicros = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * Of so many watchers one looks for the moment in each event; of the others only the bytes are counted. Looking at all
 * would cost more than the server needs to send them.
 */
const ONE_OF = 10

/** Opens the watches, says so, and counts until it is told to stop. */
async function clientProcess(): Promise<void> {
  const [told] = (await once(process, 'message')) as [Told]
  const secureContext = tls.createSecureContext(told)
  const path = `${MAPS}?watch=1&resourceVersion=${told.from}&labelSelector=bench`
  const delays: number[] = []
  let measuresFrom = Number.POSITIVE_INFINITY
  let events = 0
  const bytes: number[] = []
  const shared = Buffer.alloc(64 * 1024)
  const open = async (index: number) => {
    let isAnswered: (() => void) | undefined
    const answered = new Promise<void>((resolve) => {
      isAnswered = resolve
    })
    bytes[index] = 0
    let rest: Buffer = Buffer.alloc(0)
    const callback = (length: number) => {
      isAnswered?.()
      isAnswered = undefined
      bytes[index]! += length
      if (index % ONE_OF > 0) return true
      const now = nowMs()
      const piece = Buffer.concat([rest, shared.subarray(0, length)])
      let at = 0
      for (let next = piece.indexOf(SENT); next >= 0; next = piece.indexOf(SENT, at)) {
        if (next + SENT.length + MOMENT > piece.length) break
        at = next + SENT.length + MOMENT
        const moment = Number(piece.toString('latin1', at - MOMENT, at))
        events++
        if (moment > measuresFrom) delays.push(now - moment)
      }
      rest = piece.subarray(Math.max(at, piece.length - SENT.length - MOMENT))
      return true
    }
    const options = { host: '127.0.0.1', port: told.port, secureContext, onread: { buffer: shared, callback } }
    const socket = tls.connect(options as tls.ConnectionOptions)
    await once(socket, 'secureConnect')
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    await answered
    return socket
  }
  const sockets: tls.TLSSocket[] = []
  for (let at = 0; at < told.watchers; at += 50)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(50, told.watchers - at) }, (_, i) => open(at + i)))),
    )
  const before = cpuMicros()
  measuresFrom = nowMs() + WARM_UP_SECONDS * 1000
  process.send?.('open')
  await once(process, 'message')
  const micros = cpuMicros() - before
  const [p50, p99, worst] = [percentile(delays, 0.5), percentile(delays, 0.99), percentile(delays, 1)]
  // Chunks have heads, so watchers who get the same do not get quite as many bytes.
  const least = Math.min(...bytes) / Math.max(...bytes)
  process.send?.({ events, measured: Math.ceil(told.watchers / ONE_OF), least, p50, p99, worst, micros })
  for (const socket of sockets) socket.destroy()
  process.disconnect()
}

const SENT = Buffer.from('"sent":"')
/** As long as 1790000000000.123 */
const MOMENT = 17

async function main(): Promise<void> {
  const rows: (string | number)[][] = []
  for (const watchers of WATCHERS) {
    await using test = await startTestServer()
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const { certPem: cert, keyPem: key } = await test.pki.issue('bench', ['system:masters'])
    const body = (turn: number) => ({
      metadata: { name: `bench-${turn % OBJECTS}`, labels: { bench: 'yes' } },
      data: { sent: nowMs().toFixed(3), filler: 'x'.repeat(500) },
    })
    for (let turn = 0; turn < OBJECTS; turn++) {
      await test.transport.request({ method: 'POST', path: MAPS, body: { ...body(turn), data: {} } })
    }
    const before = process.memoryUsage().rss
    const child = fork(import.meta.filename, ['--client'], { execArgv: [...process.execArgv] })
    child.send({ port, ca: test.pki.caPem, cert, key, watchers, from: String(test.store.revision) })
    await once(child, 'message')
    globalThis.gc?.()
    const perWatch = (process.memoryUsage().rss - before) / watchers / 1024
    const cpu = cpuMicros()
    const from = performance.now()
    const writes: Promise<unknown>[] = []
    for (let turn = 0; turn < WRITES_PER_SECOND * (WARM_UP_SECONDS + SECONDS); turn++) {
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
    const micros = cpuMicros() - cpu
    const answer = once(child, 'message') as Promise<[Heard]>
    child.send('stop')
    const [heard] = await answer
    await once(child, 'exit')
    const { events, measured, least, p50, p99, worst } = heard
    const deliveries = watchers * writes.length
    rows.push([
      watchers,
      (writes.length / seconds).toFixed(0),
      `${((100 * events) / (measured * writes.length)).toFixed(2)} %`,
      least,
      p50,
      p99,
      worst,
      micros / deliveries,
      heard.micros / deliveries,
      perWatch.toFixed(0),
    ])
  }
  const header = [
    'watchers',
    'writes/s',
    'delivered',
    'least of most',
    'p50 ms',
    'p99 ms',
    'worst',
    'server µs per delivery',
    'client µs',
    'KiB per idle watch',
  ]
  process.stdout.write(`${table(header, rows)}\n`)
}

await (process.argv.includes('--client') ? clientProcess() : main())
