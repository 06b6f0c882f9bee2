// Runs inside a container of the machine image, in a network of its own: how long it takes to bring the kernel's rules up
// to date when one endpoint of many changes, whether connections are lost meanwhile, and how many can be made in a second
// through a Service, beside how many without one. Prints one JSON line per mode.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { IptablesMode } from '../../server/kube/kube-proxy/iptables/iptables-mode.ts'
import { removeOtherChains } from '../../server/kube/kube-proxy/iptables/restored-tables.ts'
import { NftablesMode } from '../../server/kube/kube-proxy/nftables/nftables-mode.ts'
import type { ProxyMode } from '../../server/kube/kube-proxy/proxy-mode.ts'
import { ServiceBook } from '../../server/kube/kube-proxy/service-book.ts'
import { createLinuxNodeOs } from '../../server/kube/node-os/linux-node-os.ts'
import { percentile } from '../table.ts'

const SERVICES = 1000
const ENDPOINTS = 10
const CHANGES = 50
const CALLERS = 8
const RATE_MS = 1000
const ROUNDS = 7
/** The one that is called: rules that are looked through one by one come to it last. */
const CALLED = SERVICES - 1
const PORT = 8080
/** Without a Service; why another one: SERVED_PORT in load.ts. */
const PLAIN_PORT = 8081
/** So many addresses answer. */
const HERE = 20
const from = { nodeName: 'n1', zone: '', family: 'IPv4' as const }
const ground = {
  family: 'IPv4' as const,
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
  nodeIP: '127.0.0.1',
}

const services = new Map<string, Service>()
const slices = new Map<string, EndpointSlice>()
const here = (at: number) => `10.244.255.${at + 1}`
const clusterIPOf = (at: number) => `10.96.${(at >> 8) + 1}.${at & 255}`
const addressOf = (at: number) => `10.244.${at >> 8}.${at & 255}`

function fill(at: number, shift: number): string {
  const key = `default/s${at}`
  services.set(key, {
    metadata: { namespace: 'default', name: `s${at}` },
    spec: { clusterIP: clusterIPOf(at), ports: [{ port: 80, protocol: 'TCP' }] },
  })
  slices.set(key, {
    addressType: 'IPv4',
    // Of the one that is called the endpoints are here, and answer.
    endpoints: Array.from({ length: ENDPOINTS }, (_, index) => ({
      addresses: [
        at === CALLED ? here((index + shift) % HERE) : addressOf(at * ENDPOINTS + index + (index === 0 ? shift : 0)),
      ],
      conditions: { ready: true },
    })),
    ports: [{ port: PORT, protocol: 'TCP' }],
  })
  return key
}

interface Target {
  host: string
  port: number
}

/** In a thread of their own, so that they and the rules do not wait for each other here. */
async function callUntilTold(): Promise<void> {
  let calling = true
  let calls = 0
  let lost = 0
  parentPort?.once('message', () => {
    calling = false
  })
  const caller = async () => {
    while (calling) {
      calls++
      if (!(await call())) lost++
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  parentPort?.postMessage({ calls, lost })
}

const os = createLinuxNodeOs()
if (!isMainThread) {
  await callUntilTold()
  process.exit(0)
}
const servers = [PORT, PLAIN_PORT].map((port) => createServer((socket) => socket.end('ok')).listen(port, '0.0.0.0'))
await Promise.all(servers.map((server) => once(server, 'listening')))
const own = Array.from({ length: HERE }, (_, at) => `address add ${here(at)}/32 dev lo`)
for (const command of ['link set lo up', ...own, `route add 10.96.0.0/12 dev lo src ${here(0)}`])
  await os.run('ip', command.split(' '))

function call(): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ ...(workerData as Target), timeout: 5000 })
    let heard = ''
    socket.on('data', (data) => {
      heard += data.toString()
    })
    socket.once('error', () => done(false))
    socket.once('timeout', () => socket.destroy())
    socket.once('close', () => done(heard === 'ok'))
  })
}

function startCalls(target: Target): { stop(): Promise<{ calls: number; lost: number }> } {
  const callers = new Worker(new URL(import.meta.url), { workerData: target })
  return {
    stop() {
      callers.postMessage('enough')
      return new Promise((heard) => callers.once('message', heard))
    },
  }
}

async function callsPerSecond(target: Target): Promise<number> {
  const calls = startCalls(target)
  await new Promise((over) => setTimeout(over, RATE_MS))
  return Math.round((await calls.stop()).calls / (RATE_MS / 1000))
}

async function measure(name: string, mode: ProxyMode): Promise<void> {
  const book = new ServiceBook({ service: (key) => services.get(key), slicesOf: (key) => [slices.get(key)!] })
  for (let at = 0; at < SERVICES; at++) book.touch(fill(at, 0))
  let began = performance.now()
  await mode.sync(book.read(from))
  const firstMs = performance.now() - began
  const service = { host: clusterIPOf(CALLED), port: 80 }
  const callers = startCalls(service)
  const syncs: number[] = []
  for (let change = 1; change <= CHANGES; change++) {
    // Now and then the Service that is being called.
    book.touch(fill(change % 5 === 0 ? CALLED : change, change))
    began = performance.now()
    await mode.sync(book.read(from))
    syncs.push(performance.now() - began)
  }
  const { calls, lost } = await callers.stop()
  // Taking turns, for the machine has other things to do.
  const plains: number[] = []
  const throughs: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    plains.push(await callsPerSecond({ host: here(0), port: PLAIN_PORT }))
    throughs.push(await callsPerSecond(service))
  }
  const at = (share: number) => Math.round(percentile(syncs, share))
  const measured = {
    name,
    firstMs: Math.round(firstMs),
    p50: at(0.5),
    p99: at(0.99),
    calls,
    lost,
    plain: percentile(plains, 0.5),
    through: percentile(throughs, 0.5),
  }
  process.stdout.write(`${JSON.stringify(measured)}\n`)
}

await measure('iptables', new IptablesMode(os, ground))
await removeOtherChains(os, 'IPv4', () => false)
await measure('nftables', new NftablesMode(os, ground))
process.exit(0)
