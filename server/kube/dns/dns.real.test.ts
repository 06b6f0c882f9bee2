// A real resolver (Debian's dig) against the running server, over UDP and TCP, with a real API server behind it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../../e2e/support/commands.ts'
import { until } from '../../../e2e/support/until.ts'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { noTrace } from '../../base/trace.ts'
import { createApiServer } from '../apiserver/index.ts'
import { createClient } from '../client/client.ts'
import { openPki } from '../cluster/pki.ts'
import { builtInKinds, EndpointSlice, Service } from '../kinds/index.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { openStore } from '../store/store.ts'
import { type RunningDns, startDns } from './index.ts'

const stack = new AsyncDisposableStack()
let dns: RunningDns | undefined
let start: () => Promise<RunningDns>

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-dns-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const clock = systemClock
  const pki = await openPki({ directory: join(directory, 'pki'), clock })
  const store = await openStore({ directory: join(directory, 'store'), clock })
  stack.defer(() => store.close())
  const server = await createApiServer({
    store,
    kinds: builtInKinds,
    schemas: loadSchemas(),
    clock,
    logger: noLogger,
    trace: noTrace,
    serving: { ...(await pki.issue({ commonName: 'kube-apiserver', usages: ['server'] })), caPem: pki.caPem },
    serviceAccounts: { ...pki.serviceAccounts, issuer: 'https://kubernetes.default.svc' },
    serviceClusterIpRange: '10.96.0.0/12',
    nodePortRange: [30000, 32767],
  })
  stack.defer(() => server.close())
  const client = createClient(server.transportFor({ user: 'dns', groups: ['system:masters'], client: 'coredns' }))
  start = () =>
    startDns({
      client,
      installer: client,
      listen: { address: '127.0.0.1', port: dns?.port ?? 0 },
      clusterDomain: 'cluster.local',
      service: { clusterDns: '10.96.0.10', address: '192.0.2.53' },
      clock,
      logger: noLogger,
      random: Math.random,
    })
  dns = await start()
  stack.defer(() => dns?.[Symbol.asyncDispose]())
  await client.of(Service).create({
    metadata: { name: 'many', namespace: 'default' },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  })
  // Somebody writes none at all, which is nothing to the others.
  const bare = { metadata: { name: 'bare', namespace: 'default' }, addressType: 'IPv4' }
  await client.transport.request({
    method: 'POST',
    path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    body: bare,
  })
  await client.of(EndpointSlice).create({
    metadata: { name: 'many-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'many' } },
    addressType: 'IPv4',
    endpoints: Array.from({ length: 60 }, (_, i) => ({
      addresses: [`10.244.1.${i + 1}`],
      conditions: { ready: true },
    })),
    ports: [{ port: 80 }],
  })
})
afterAll(() => stack.disposeAsync())

const dig = async (...args: string[]) =>
  (await run('dig', ['@127.0.0.1', '-p', String(dns?.port), '+tries=1', '+time=2', ...args])).stdout

it('tells dig where the API server is', async () => {
  expect(await dig('+short', 'kubernetes.default.svc.cluster.local')).toBe('10.96.0.1\n')
  expect(await dig('+short', '-x', '10.96.0.10')).toBe('kube-dns.kube-system.svc.cluster.local.\n')
  expect(await dig('nobody.default.svc.cluster.local')).toContain('status: NXDOMAIN')
})

it('cuts an answer that is too long for UDP and gives it whole over TCP', async () => {
  const name = 'many.default.svc.cluster.local'
  await until('the endpoints are known', async () => (await dig('+tcp', '+short', name)).split('\n').length === 61)
  expect(await dig('+noedns', '+ignore', name)).toMatch(/flags: [a-z ]*tc[ ;]/)
  expect(
    (await dig('+noedns', '+short', name))
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith(';')),
  ).toHaveLength(60)
})

it('answers at the same address as before when it is started again, and nobody has to be told', async () => {
  const port = dns?.port
  await dns?.[Symbol.asyncDispose]()
  expect(await dig('kubernetes.default.svc.cluster.local')).toMatch(/no servers could be reached|connection refused/)
  dns = await start()
  expect(dns.port).toBe(port)
  expect(await dig('+short', 'kubernetes.default.svc.cluster.local')).toBe('10.96.0.1\n')
  expect(await dig('+tcp', '+short', 'kubernetes.default.svc.cluster.local')).toBe('10.96.0.1\n')
})
