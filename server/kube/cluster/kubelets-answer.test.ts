import { mkdtemp, rm } from 'node:fs/promises'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { kubeletsAnswer } from './kubelets-answer.ts'
import { type KeyPairPem, openPki, type Pki } from './pki.ts'

let directory: string
let pki: Pki
let pair: KeyPairPem
let server: https.Server
let port: number
let status: number
const stop = new AbortController()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubelets-'))
  pki = await openPki({ directory, clock: systemClock })
  pair = await pki.keep('kubelet', { commonName: 'system:node:node-1', usages: ['server'], ipAddresses: ['127.0.0.1'] })
})
afterAll(() => rm(directory, { recursive: true }))
beforeEach(async () => {
  status = 200
  server = https.createServer({ cert: pair.certPem, key: pair.keyPem }, (_, answer) =>
    answer.writeHead(status).end('ok'),
  )
  await listen(0)
  port = (server.address() as AddressInfo).port
})
afterEach(close)

const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
async function close(): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const answers = (timeoutMs: number, caPem = pki.caPem) =>
  kubeletsAnswer({
    kubelets: [{ name: 'node-1', address: '127.0.0.1', port }],
    caPem,
    clock: systemClock,
    timeoutMs,
    signal: stop.signal,
  })

it('waits for a kubelet that begins to listen only now, and to be well', async () => {
  await close()
  status = 500
  let isThere = false
  const waiting = answers(60_000).then(() => {
    isThere = true
  })
  const asked = new Promise((resolve) => server.once('request', resolve))
  await listen(port)
  await asked
  expect(isThere).toBe(false)
  status = 200
  await waiting
})

it('says who does not answer, and why', async () => {
  await close()
  await expect(answers(30)).rejects.toThrow(/^the kubelet of node-1 does not answer: connect ECONNREFUSED/)
})
