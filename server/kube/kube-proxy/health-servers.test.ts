import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { noLogger } from '../../base/logger.ts'
import { HealthServers } from './health-servers.ts'

let servers: HealthServers
let healthy = true
let port: number
beforeEach(async () => {
  healthy = true
  servers = new HealthServers({ logger: noLogger, isHealthy: () => healthy })
  const probe = createServer()
  await new Promise<void>((listening) => probe.listen(0, listening))
  port = (probe.address() as { port: number }).port
  await new Promise((closed) => probe.close(closed))
})
afterEach(() => servers[Symbol.asyncDispose]())

const told = (localEndpoints: number) => [{ namespace: 'default', name: 'web', port, localEndpoints }]
const ask = async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  return { status: answer.status, body: await answer.json() }
}

it('says 200 with endpoints here and 503 without, or while rules cannot be written', async () => {
  await servers.sync(told(2))
  const service = { namespace: 'default', name: 'web' }
  expect(await ask()).toEqual({ status: 200, body: { service, localEndpoints: 2, serviceProxyHealthy: true } })
  healthy = false
  expect(await ask()).toMatchObject({ status: 503, body: { serviceProxyHealthy: false } })
  healthy = true
  await servers.sync(told(0))
  expect(await ask()).toMatchObject({ status: 503, body: { localEndpoints: 0 } })
})

it('closes the port with the Service, and goes on where a port cannot be had', async () => {
  await servers.sync([...told(1), { namespace: 'default', name: 'other', port, localEndpoints: 1 }])
  expect((await ask()).status).toBe(200)
  await servers.sync([])
  await expect(ask()).rejects.toThrow('fetch failed')
})
