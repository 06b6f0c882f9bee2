// The cluster's DNS over UDP, asked by a process of its own: names of Services, of headless ones and of nobody, with 1,000
// Services there. Unanswered questions are counted, not repeated.

import { createSocket } from 'node:dgram'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import * as packet from 'dns-packet'
import type { Service } from 'kubernetes-types/core/v1'
import { systemClock } from '../server/base/clock.ts'
import { answerPacket } from '../server/kube/dns/answer.ts'
import { Zone } from '../server/kube/dns/records.ts'
import { listenForQueries } from '../server/kube/dns/sockets.ts'
import { percentile, table } from './table.ts'

const SERVICES = 1000
const SECONDS = 4
/** Asked at once. */
const OPEN = 64
const DOMAIN = 'cluster.local'

/** Asks as fast as answers come. */
async function ask(port: number): Promise<void> {
  const socket = createSocket('udp4')
  const questions = Array.from({ length: 65_536 }, (_, id) => {
    const service = `s${id % SERVICES}`
    const name = id % 5 === 0 ? `nobody.default.svc.${DOMAIN}` : `${service}.default.svc.${DOMAIN}`
    return packet.encode({
      type: 'query',
      id,
      flags: packet.RECURSION_DESIRED,
      questions: [{ name, type: id % 3 ? 'A' : 'AAAA' }],
    })
  })
  const sent = new Map<number, number>()
  const took: number[] = []
  let next = 0
  const end = performance.now() + SECONDS * 1000
  const send = () => {
    const id = next++ & 0xffff
    sent.set(id, performance.now())
    socket.send(questions[id]!, port, '127.0.0.1')
  }
  socket.on('message', (answer) => {
    const began = sent.get(answer.readUInt16BE(0))
    if (began === undefined) return
    sent.delete(answer.readUInt16BE(0))
    took.push(performance.now() - began)
    if (performance.now() < end) send()
  })
  for (let open = 0; open < OPEN; open++) send()
  await new Promise((over) => setTimeout(over, SECONDS * 1000 + 500))
  socket.close()
  parentPort?.postMessage({
    answered: took.length,
    lost: sent.size,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
  })
}

async function serve(): Promise<void> {
  const services = new Map<string, Service>(
    Array.from({ length: SERVICES }, (_, at) => [
      `s${at}`,
      { metadata: { namespace: 'default', name: `s${at}` }, spec: { clusterIP: `10.96.${at >> 8}.${at & 255}` } },
    ]),
  )
  const zone = new Zone(
    {
      service: (_, name) => services.get(name),
      services: () => [...services.values()],
      slicesOf: () => [],
      slicesAt: () => [],
      hasNamespace: (name) => name === 'default',
    },
    DOMAIN,
  )
  await using sockets = await listenForQueries({
    address: '127.0.0.1',
    port: 0,
    clock: systemClock,
    answer: (query, transport) =>
      answerPacket(query, { zone, domain: DOMAIN, nowSeconds: 1, random: Math.random, transport }) as Buffer,
  })
  const before = process.cpuUsage()
  const asker = new Worker(new URL(import.meta.url), { workerData: sockets.port })
  const { answered, lost, p50, p99 } = await new Promise<{ answered: number; lost: number; p50: number; p99: number }>(
    (heard) => asker.once('message', heard),
  )
  const used = process.cpuUsage(before)
  const rows = [
    ['UDP on loopback', Math.round(answered / SECONDS), p50, p99, lost, (used.user + used.system) / answered],
  ]
  const header = ['DNS', 'answers/s', 'p50 ms', 'p99 ms', 'lost', 'processor of both sides, µs each']
  process.stdout.write(`${table(header, rows)}\n`)
}

await (isMainThread ? serve() : ask(workerData as number))
