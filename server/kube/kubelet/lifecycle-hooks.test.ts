import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import type { ContainerRuntime } from '../container-runtime/container-runtime.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { hookFailure, runHook } from './lifecycle-hooks.ts'

const clock = new FakeClock()
let asked: { scheme?: string; headers?: { name: string; value: string }[] }[] = []
let said: string[] = []
/** Speaks no TLS. */
let isPlain = false
beforeEach(() => {
  asked = []
  said = []
  isPlain = false
})
const outside = {
  clock,
  runtime: { execSync: async () => ({ exitCode: 7, output: 'no such file' }) } as unknown as ContainerRuntime,
  os: {
    ...createSimulatedNodeOs({ hostname: 'n' }),
    httpGet: async (request: (typeof asked)[number]) => {
      asked.push(request)
      if (isPlain && request.scheme === 'HTTPS') throw new Error('http: server gave HTTP response to HTTPS client')
      return { status: 500, body: '' }
    },
  },
  events: {
    pod: (_: object, type: string, reason: string, text: string) => void said.push(`${type} ${reason} ${text}`),
    claim: () => undefined,
    node: () => undefined,
  },
  hookAgent: 'kube-lifecycle/1.36',
}
const run = (handler: object, timeoutMs = 60_000) =>
  runHook({ handler, pod: {}, container: { name: 'app' }, containerId: 'c', podIP: '10.0.0.7', timeoutMs }, outside)

it('asks over HTTPS where it is told to, and takes every answer', async () => {
  await run({ httpGet: { scheme: 'HTTPS', port: 8443, path: 'bye', httpHeaders: [{ name: 'X-Why', value: 'end' }] } })
  expect(asked).toMatchObject([{ scheme: 'HTTPS', host: '10.0.0.7', port: 8443, path: '/bye' }])
  expect(asked[0]?.headers).toEqual([
    { name: 'User-Agent', value: 'kube-lifecycle/1.36' },
    { name: 'Accept', value: '*/*' },
    { name: 'X-Why', value: 'end' },
  ])
})

it('asks who answers without TLS again without, and without what is secret, and says so', async () => {
  isPlain = true
  const httpHeaders = [
    { name: 'Authorization', value: 'Basic c2VjcmV0' },
    { name: 'X-Why', value: 'end' },
  ]
  await run({ httpGet: { scheme: 'HTTPS', port: 8443, httpHeaders } })
  expect(asked.map(({ scheme }) => scheme)).toEqual(['HTTPS', 'HTTP'])
  expect(asked[1]?.headers?.map(({ name }) => name)).toEqual(['User-Agent', 'Accept', 'X-Why'])
  const text = 'request to HTTPS lifecycle hook 10.0.0.7:8443 got HTTP response, retry with HTTP succeeded'
  expect(said).toEqual([`Warning LifecycleHTTPFallback ${text}`])
})

it.each([
  { sleep: 5, timeoutMs: 60_000, ms: 5_000 },
  { sleep: 90, timeoutMs: 30_000, ms: 30_000 },
])('sleeps $sleep seconds, but no longer than $timeoutMs ms', async ({ sleep, timeoutMs, ms }) => {
  let isOver = false
  const slept = run({ sleep: { seconds: sleep } }, timeoutMs).then(() => {
    isOver = true
  })
  await clock.advance(ms - 1)
  expect(isOver).toBe(false)
  await clock.advance(1)
  await slept
})

it('says how a command failed, and that a socket is no hook', async () => {
  await expect(run({ exec: { command: ['cat', '/nothing'] } })).rejects.toThrow(
    "command 'cat /nothing' exited with 7: no such file",
  )
  await expect(run({ tcpSocket: { port: 80 } })).rejects.toThrow(
    'Cannot run handler: invalid handler: &LifecycleHandler{Exec:nil,HTTPGet:nil,TCPSocket:&TCPSocketAction{Port:80,Host:,},Sleep:nil,}',
  )
})

it('tells in the status of a container which hook failed, and what it printed', async () => {
  const pod = { metadata: { name: 'web', namespace: 'shop', uid: 'u' } }
  const handler = { exec: { command: ['cat', '/nothing'] } }
  const err = await run(handler).catch((thrown: unknown) => thrown)
  expect(hookFailure(handler, pod, { name: 'app' }, err)).toBe(
    'Exec lifecycle hook ([cat /nothing]) for Container "app" in Pod "web_shop(u)" failed - error: ' +
      'command \'cat /nothing\' exited with 7: no such file, message: "no such file"',
  )
})
