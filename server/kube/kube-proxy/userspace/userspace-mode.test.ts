// The sockets are real, on loopback; the kernel's rules are what was written for it.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../base/clock.ts'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import type { ServicePort } from '../service-ports.ts'
import { balanced, ports as portsOf, service, slice } from '../testing/sample-services.ts'
import { UserspaceMode } from './userspace-mode.ts'

let mode: UserspaceMode
let restored: string[]
const stack: (() => unknown)[] = []

beforeEach(() => {
  restored = []
  const os = createSimulatedNodeOs({ hostname: 'n1' })
  const run: typeof os.run = async (command, _args, { input = '' } = {}) => {
    if (command === 'iptables-restore') restored.push(input)
    return { exitCode: 0, stdout: '', stderr: '' }
  }
  const ground = { family: 'IPv4' as const, clusterCidr: '10.244.0.0/16', nodeIP: '10.160.1.11' }
  mode = new UserspaceMode({ ...os, run }, ground, { clock: systemClock, random: () => 0.99 })
})
afterEach(async () => {
  await mode.close()
  for (const close of stack.splice(0)) close()
})

/** Answers its name when the caller has said all. */
async function serve(name: string): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.end(`${name} heard ${await text(socket)}`)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  stack.push(() => server.close())
  return (server.address() as { port: number }).port
}
const port = (endpoints: number[], told: Partial<ServicePort> = {}): ServicePort => ({
  ...portsOf(service(), [])[0]!,
  cluster: endpoints.map((number) => ({ ip: '127.0.0.1', port: number, isLocal: true })),
  ...told,
})
const socketPort = () => Number(/--to-ports (\d+)/.exec(restored.at(-1) ?? '')?.[1])
async function call(): Promise<string> {
  const socket: Socket = connect({ port: socketPort(), host: '127.0.0.1', allowHalfOpen: true })
  socket.end('hello')
  return text(socket)
}

it('leads calls to one endpoint after another, and hands on the end of what was said', async () => {
  const [a, b] = [await serve('a'), await serve('b')]
  await mode.sync([port([a, b])])
  expect([await call(), await call(), await call()]).toEqual(['a heard hello', 'b heard hello', 'a heard hello'])
})

it('keeps a client with who answered it first, until that one is gone', async () => {
  const [a, b] = [await serve('a'), await serve('b')]
  await mode.sync([port([a, b], { affinitySeconds: 60 })])
  expect([await call(), await call()]).toEqual(['a heard hello', 'a heard hello'])
  await mode.sync([port([b], { affinitySeconds: 60 })])
  expect(await call()).toBe('b heard hello')
})

it('tries the next one when an endpoint does not take the call, also for who is remembered', async () => {
  const a = await serve('a')
  const gone = createServer()
  await once(gone.listen(0, '127.0.0.1'), 'listening')
  const nobody = (gone.address() as { port: number }).port
  gone.close()
  await mode.sync([port([nobody, a], { affinitySeconds: 60 })])
  expect(await call()).toBe('a heard hello')
})

it('takes the call and ends it where nobody is, on the socket that it had all along', async () => {
  const a = await serve('a')
  await mode.sync([port([a])])
  const before = socketPort()
  await mode.sync([port([])])
  await expect(call().then((heard) => heard || Promise.reject(new Error('nothing')))).rejects.toThrow()
  expect(socketPort()).toBe(before)
})

it('hands packets of UDP on, and answers to who asked', async () => {
  const echo = createSocket('udp4')
  echo.on('message', (packet, from) => echo.send(`heard ${packet}`, from.port, from.address))
  echo.bind(0, '127.0.0.1')
  await once(echo, 'listening')
  stack.push(() => echo.close())
  await mode.sync([port([echo.address().port], { protocol: 'udp' })])
  const client = createSocket('udp4')
  stack.push(() => client.close())
  for (const word of ['one', 'two']) {
    client.send(word, socketPort(), '127.0.0.1')
    expect(String((await once(client, 'message'))[0])).toBe(`heard ${word}`)
  }
})

it('writes portals for pods and for the machine itself, and node ports behind everything else', async () => {
  const [told] = portsOf(balanced(), [slice()])
  await mode.sync([{ ...told!, name: 'default/web' }])
  const [written = ''] = restored
  const to = socketPort()
  const called = '-m comment --comment "default/web" -p tcp -m tcp --dport'
  expect(written.match(/^-A KUBE-.*/gm)).toEqual([
    `-A KUBE-NODEPORT-NON-LOCAL ${called} ${to} -m state --state NEW -j ACCEPT`,
    ...['10.96.0.50', '1.2.3.4'].map(
      (ip) => `-A KUBE-PORTALS-CONTAINER ${called} 80 -d ${ip}/32 -j REDIRECT --to-ports ${to}`,
    ),
    `-A KUBE-PORTALS-CONTAINER ${called} 80 -d 192.168.99.22/32 -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j REDIRECT --to-ports ${to}`,
    `-A KUBE-PORTALS-CONTAINER ${called} 80 -d 192.168.99.22/32 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports ${to}`,
    ...['10.96.0.50', '1.2.3.4'].map(
      (ip) => `-A KUBE-PORTALS-HOST ${called} 80 -d ${ip}/32 -j DNAT --to-destination 10.160.1.11:${to}`,
    ),
    `-A KUBE-PORTALS-HOST ${called} 80 -d 192.168.99.22/32 -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.160.1.11:${to}`,
    `-A KUBE-NODEPORT-CONTAINER ${called} 30080 -j REDIRECT --to-ports ${to}`,
    `-A KUBE-NODEPORT-HOST ${called} 30080 -j DNAT --to-destination 10.160.1.11:${to}`,
  ])
  expect(written).toMatch(/^-I PREROUTING 1 .*-j KUBE-PORTALS-CONTAINER$/m)
  expect(written).toMatch(/^-A PREROUTING -m addrtype --dst-type LOCAL .*-j KUBE-NODEPORT-CONTAINER$/m)
})
