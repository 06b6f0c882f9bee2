// Runs inside a container of the machine image, in a network of its own: how long it takes to bring the kernel's rules up
// to date when one endpoint of many changes, and whether connections are lost meanwhile. Prints one JSON line per mode.

import { connect, createServer } from 'node:net'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { IptablesMode } from '../../server/kube/kube-proxy/iptables/iptables-mode.ts'
import { NftablesMode } from '../../server/kube/kube-proxy/nftables/nftables-mode.ts'
import type { ProxyMode } from '../../server/kube/kube-proxy/proxy-mode.ts'
import { ServiceBook } from '../../server/kube/kube-proxy/service-book.ts'
import { createLinuxNodeOs } from '../../server/kube/node-os/linux-node-os.ts'

const SERVICES = 1000
const ENDPOINTS = 10
const CHANGES = 50
const CALLERS = 8
const PORT = 8080
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
const addressOf = (at: number) => `10.244.${at >> 8}.${at & 255}`

function fill(at: number, shift: number): string {
  const key = `default/s${at}`
  services.set(key, {
    metadata: { namespace: 'default', name: `s${at}` },
    spec: { clusterIP: `10.96.${(at >> 8) + 1}.${at & 255}`, ports: [{ port: 80, protocol: 'TCP' }] },
  })
  slices.set(key, {
    addressType: 'IPv4',
    // Of the first Service the endpoints are here, and answer.
    endpoints: Array.from({ length: ENDPOINTS }, (_, index) => ({
      addresses: [
        at === 0 ? here((index + shift) % HERE) : addressOf(at * ENDPOINTS + index + (index === 0 ? shift : 0)),
      ],
      conditions: { ready: true },
    })),
    ports: [{ port: PORT, protocol: 'TCP' }],
  })
  return key
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
const server = createServer((socket) => socket.end('ok'))
await new Promise<void>((listening) => server.listen(PORT, '0.0.0.0', listening))
const own = Array.from({ length: HERE }, (_, at) => `address add ${here(at)}/32 dev lo`)
for (const command of ['link set lo up', ...own, `route add 10.96.0.0/12 dev lo src ${here(0)}`])
  await os.run('ip', command.split(' '))

function call(): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: '10.96.1.0', port: 80, timeout: 5000 })
    let heard = ''
    socket.on('data', (data) => {
      heard += data.toString()
    })
    socket.once('error', () => done(false))
    socket.once('timeout', () => socket.destroy())
    socket.once('close', () => done(heard === 'ok'))
  })
}

async function measure(name: string, mode: ProxyMode): Promise<void> {
  const book = new ServiceBook({ service: (key) => services.get(key), slicesOf: (key) => [slices.get(key)!] })
  for (let at = 0; at < SERVICES; at++) book.touch(fill(at, 0))
  let began = performance.now()
  await mode.sync(book.read(from))
  const firstMs = performance.now() - began
  const callers = new Worker(new URL(import.meta.url))
  const syncs: number[] = []
  for (let change = 1; change <= CHANGES; change++) {
    // Now and then the Service that is being called.
    book.touch(fill(change % 5 === 0 ? 0 : change, change))
    began = performance.now()
    await mode.sync(book.read(from))
    syncs.push(performance.now() - began)
  }
  callers.postMessage('enough')
  const { calls, lost } = await new Promise<{ calls: number; lost: number }>((heard) => callers.once('message', heard))
  const sorted = syncs.sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  process.stdout.write(
    `${JSON.stringify({ name, firstMs: Math.round(firstMs), p50: at(0.5), p99: at(0.99), calls, lost })}\n`,
  )
}

await measure('iptables', new IptablesMode(os, ground))
await os.run('iptables', ['-t', 'nat', '-F'])
await os.run('iptables', ['-F'])
await measure('nftables', new NftablesMode(os, ground))
process.exit(0)
