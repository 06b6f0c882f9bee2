// Against the gRPC library that others write their servers with.

import net from 'node:net'
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { grpcHealth } from './grpc-health.ts'

const LONG = 'a-service-whose-name-takes-two-bytes-to-tell-how-long-it-is-'.repeat(3)
const STATUS: Record<string, number> = { '': 1, down: 2, [LONG]: 1, strange: 3 }
const identity = (bytes: Buffer) => bytes
const health = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
} as const
const asked: string[] = []
const server = new Server()
const other = new Server()
const silent = net.createServer()
const ports = { health: 0, other: 0, silent: 0 }

beforeAll(async () => {
  const check: handleUnaryCall<Buffer, Buffer> = ({ request, metadata }, answer) => {
    const service = request.subarray(request.length > 129 ? 3 : 2).toString()
    asked.push(String(metadata.get('user-agent')[0]))
    if (service === 'slow') return
    const value = STATUS[service]
    if (value === undefined) answer({ code: status.NOT_FOUND, details: 'unknown service' })
    else answer(null, Buffer.from([0x08, value]))
  }
  server.addService(health, { check })
  const listen = (one: Server) =>
    new Promise<number>((resolve, reject) =>
      one.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (err, port) =>
        err ? reject(err) : resolve(port),
      ),
    )
  ports.health = await listen(server)
  ports.other = await listen(other)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  ports.silent = (silent.address() as net.AddressInfo).port
})
afterAll(() => {
  server.forceShutdown()
  other.forceShutdown()
  silent.close()
})

const ask = (service: string, port = ports.health, timeoutMs = 5_000) =>
  grpcHealth({ host: '127.0.0.1', port, service, timeoutMs, userAgent: 'kube-probe/1.36' })

it.each([
  { service: '', health: { status: 'SERVING' } },
  { service: 'down', health: { status: 'NOT_SERVING' } },
  { service: LONG, health: { status: 'SERVING' } },
  { service: 'strange', health: { status: 'SERVICE_UNKNOWN' } },
  { service: 'nobody', health: { error: 'refused', code: 'NotFound', message: 'unknown service' } },
])('asks a real server about "$service"', async ({ service, health }) => {
  expect(await ask(service)).toEqual(health)
  expect(asked.at(-1)).toMatch(/^kube-probe\/1\.36/)
})

it('tells who does not answer from who is not there, and who has no health to tell', async () => {
  expect(await ask('slow', ports.health, 100)).toEqual({ error: 'late' })
  expect(await ask('', ports.silent, 100)).toEqual({ error: 'unconnected' })
  expect(await ask('', 1)).toEqual({ error: 'unconnected' })
  expect(await ask('', ports.other)).toMatchObject({ error: 'refused', code: 'Unimplemented' })
})
