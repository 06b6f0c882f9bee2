// One question and its answer in upstream's words; what is asked goes to a scripted machine.

import { expect, it } from 'vitest'
import type { ContainerRuntime } from '../../container-runtime/container-runtime.ts'
import type { GrpcHealth } from '../../node-os/grpc-health.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import { runProbe } from './run-probe.ts'

const target = {
  container: { name: 'app', ports: [{ name: 'web', containerPort: 8080 }] },
  containerId: 'c',
  podIP: '10.0.0.7',
}
const runtime = { execSync: async () => ({ exitCode: 0, output: '' }) } as unknown as ContainerRuntime
const ask = (probe: object, os: Partial<NodeOs>) =>
  runProbe(probe, target, {
    os: { ...createSimulatedNodeOs({ hostname: 'n' }), ...os },
    runtime,
    userAgent: 'kube-probe/1.36',
  })

it.each<{ health: GrpcHealth; output?: string }>([
  { health: { status: 'SERVING' } },
  { health: { status: 'NOT_SERVING' }, output: 'service unhealthy (responded with "NOT_SERVING")' },
  {
    health: { error: 'unconnected' },
    output: 'timeout: failed to connect service "10.0.0.7:9000" within 2s: context deadline exceeded',
  },
  { health: { error: 'late' }, output: 'timeout: health rpc did not complete within 2s' },
  {
    health: { error: 'refused', code: 'Unimplemented', message: 'unknown service grpc.health.v1.Health' },
    output:
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health',
  },
  {
    health: { error: 'refused', code: 'NotFound', message: 'unknown service' },
    output: 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
  },
])('a gRPC probe is answered by $health', async ({ health, output }) => {
  const asked: object[] = []
  const grpcHealth = async (request: object) => {
    asked.push(request)
    return health
  }
  const answer = await ask({ grpc: { port: 9000, service: 'books' }, timeoutSeconds: 2 }, { grpcHealth })
  expect(answer).toEqual(output === undefined ? { outcome: 'success' } : { outcome: 'failure', output })
  const what = { host: '10.0.0.7', port: 9000, service: 'books', timeoutMs: 2000, userAgent: 'kube-probe/1.36' }
  expect(asked).toEqual([what])
})

it.each([
  { status: 200, outcome: 'success' },
  { status: 302, outcome: 'success' },
  { status: 404, outcome: 'failure' },
])('an HTTPS probe of a named port is a $outcome at $status', async ({ status, outcome }) => {
  let asked: object = {}
  const httpGet: NodeOs['httpGet'] = async (request) => {
    asked = request
    return { status, body: '' }
  }
  const answer = await ask({ httpGet: { scheme: 'HTTPS', port: 'web', path: 'ready' } }, { httpGet })
  expect(answer.outcome).toBe(outcome)
  expect(asked).toMatchObject({ scheme: 'HTTPS', host: '10.0.0.7', port: 8080, path: '/ready', timeoutMs: 1000 })
})

it('a redirect that was not followed is a success, told with what came with it', async () => {
  const httpGet = async () => ({ status: 302, body: 'over there' })
  const warning = 'Probe terminated redirects, Response body: over there'
  expect(await ask({ httpGet: { port: 80 } }, { httpGet })).toEqual({ outcome: 'success', warning })
})

it.each([
  { name: 'are those of a probe', own: [], sent: ['User-Agent: kube-probe/1.36', 'Accept: */*'] },
  {
    name: 'may be others',
    own: [{ name: 'accept', value: 'text/html' }],
    sent: ['User-Agent: kube-probe/1.36', 'accept: text/html'],
  },
  {
    name: 'are left out when they are named without a value',
    own: [
      { name: 'User-Agent', value: '' },
      { name: 'Accept', value: '' },
      { name: 'X-Tag', value: '' },
    ],
    sent: ['X-Tag: '],
  },
])('its headers $name', async ({ own, sent }) => {
  let asked: string[] = []
  const httpGet: NodeOs['httpGet'] = async ({ headers }) => {
    asked = headers.map(({ name, value }) => `${name}: ${value}`)
    return { status: 200, body: '' }
  }
  await ask({ httpGet: { port: 80, httpHeaders: own } }, { httpGet })
  expect(asked).toEqual(sent)
})

it.each([
  [{ httpGet: { port: 'admin' } }, 'strconv.Atoi: parsing "admin": invalid syntax'],
  [{ tcpSocket: { port: 'admin' } }, 'strconv.Atoi: parsing "admin": invalid syntax'],
  [{ tcpSocket: { port: 70_000 } }, 'invalid port number: 70000'],
])('a port that the container has not got is no answer: %o', async (probe, output) => {
  expect(await ask(probe, {})).toEqual({ outcome: 'error', output })
})

it.each([
  { answers: ['lost', 'lost', 0], outcome: 'success', asked: 3 },
  { answers: ['lost', 'lost', 'lost', 0], outcome: 'error', asked: 3 },
  { answers: [1, 0], outcome: 'failure', asked: 1 },
])('what could not be asked is asked again at once: $answers', async ({ answers, outcome, asked }) => {
  const left = [...answers]
  const execSync = async () => {
    const next = left.shift()
    if (typeof next === 'string') throw new Error('container not found')
    return { exitCode: next ?? 0, output: '' }
  }
  const os = createSimulatedNodeOs({ hostname: 'n' })
  const shaky = { execSync } as unknown as ContainerRuntime
  const answer = await runProbe({ exec: { command: ['ls'] } }, target, { os, runtime: shaky, userAgent: '' })
  expect(answer.outcome).toBe(outcome)
  expect(answers.length - left.length).toBe(asked)
})

it('a command knows the variables whose values stand in the spec', async () => {
  const asked: string[][] = []
  const noting = {
    execSync: async (_: string, command: string[]) => {
      asked.push(command)
      return { exitCode: 0, output: '' }
    },
  } as unknown as ContainerRuntime
  const env = [
    { name: 'FILE', value: '/tmp/ready' },
    { name: 'SECRET', valueFrom: {} },
  ]
  const os = createSimulatedNodeOs({ hostname: 'n' })
  const probe = { exec: { command: ['cat', '$(FILE)', '[$(SECRET)]', '$(NOBODY)', '$$(FILE)'] } }
  await runProbe(probe, { ...target, container: { name: 'app', env } }, { os, runtime: noting, userAgent: '' })
  expect(asked).toEqual([['cat', '/tmp/ready', '[]', '$(NOBODY)', '$(FILE)']])
})

it('a command that takes too long fails its probe, in words that say how long', async () => {
  const slow = {
    execSync: async () => {
      throw new Error('command "sleep 5" timed out')
    },
  } as unknown as ContainerRuntime
  const os = createSimulatedNodeOs({ hostname: 'n' })
  const probe = { exec: { command: ['sleep', '5'] }, timeoutSeconds: 2 }
  const answer = await runProbe(probe, target, { os, runtime: slow, userAgent: '' })
  expect(answer).toEqual({ outcome: 'failure', output: 'command timed out: "sleep 5" timed out after 2s' })
})
