// Marked secrets, sent in every way in which a cluster takes them, and looked for in all that its host lets out: log,
// traces, pictures, earlier states, audit log, events.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { FakeClock, systemClock } from '../base/clock.ts'
import { createLogger } from '../base/logger.ts'
import type { TraceEvent } from '../base/trace.ts'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../kube/client/index.ts'
import { LocalClusterHost } from '../kube/cluster/index.ts'
import { Event, Pod, Secret } from '../kube/kinds/index.ts'
import { loadSchemas } from '../kube/schemas/load-schemas.ts'
import { ObjectFeed } from './object-feed.ts'
import { momentOf } from './past.ts'
import { nextThat } from './testing/next-that.ts'

const name = 'guarded'
const MARKS = {
  value: 'marked-value-7d1',
  second: 'marked-value-8e2',
  patched: 'marked-value-9f3',
  listed: 'marked-token-a04',
  password: 'marked-password-b15',
}
const namespace = 'default'
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

let stateDir: string
let host: LocalClusterHost
let client: Client
let revision: number
let kubeconfig: ReturnType<typeof parseKubeconfig>
const log: string[] = []
const traces: TraceEvent[] = []
/** Of service accounts, which the cluster made itself. */
const tokens: string[] = []

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'podium-secrets-'))
  const file = async (file: string, line: string) => {
    await writeFile(join(stateDir, file), line)
    return join(stateDir, file)
  }
  host = new LocalClusterHost({
    stateDir,
    machines: () => Promise.reject(new Error('no machines in a test')),
    schemas: loadSchemas(),
    clock: systemClock,
    logger: createLogger({ level: 'debug', write: (line) => void log.push(line) }),
    random: Math.random,
  })
  const info = await host.createCluster({
    name,
    nodes: 0,
    simulatedNodes: 1,
    extraConfig: {
      'apiserver.token-auth-file': await file('tokens.csv', `${MARKS.listed},otter,1\n`),
      'apiserver.basic-auth-file': await file('passwords.csv', `${MARKS.password},seal,2\n`),
    },
  })
  host.watchTraces(name, 0, ({ events }) => void traces.push(...events))
  kubeconfig = parseKubeconfig(info.superKubeconfig)
  client = createClient(httpsTransport({ ...kubeconfig, userAgent: 'kubectl/test' }))
  await use()
})
afterAll(async () => {
  await host[Symbol.asyncDispose]()
  await rm(stateDir, { recursive: true, force: true })
})

/** All that people do with secrets; much of it wrong. */
async function use(): Promise<void> {
  const secrets = client.of(Secret)
  const made = await secrets.create({
    metadata: {
      namespace,
      name: 'a',
      annotations: { [APPLIED]: JSON.stringify({ stringData: { key: MARKS.value } }) },
    },
    stringData: { key: MARKS.value },
  })
  const patch = (body: object) => secrets.patch({ namespace, name: 'a' }, 'application/merge-patch+json', body)
  await patch({ stringData: { key: MARKS.patched } })
  const stale = { ...made, stringData: { key: MARKS.second } }
  await expect(secrets.update(stale), 'a conflict').rejects.toMatchObject({ code: 409 })
  const { resourceVersion } = made.metadata ?? {}
  await expect(patch({ metadata: { resourceVersion }, stringData: { key: MARKS.second } })).rejects.toMatchObject({
    code: 409,
  })
  await expect(
    secrets.create({ metadata: { namespace, name: 'b' }, data: { key: MARKS.second } }),
    'no base64',
  ).rejects.toThrow()
  await expect(
    secrets.create({ metadata: { namespace, name: 'c' }, stringData: { 'no key': MARKS.second } }),
  ).rejects.toThrow()
  await expect(
    secrets.create({
      metadata: { namespace, name: 'd' },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': MARKS.second },
    }),
  ).rejects.toThrow()
  const container = {
    name: 'a',
    image: 'a:1',
    env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'key' } } }],
  }
  const volumes = [{ name: 'v', secret: { secretName: 'a' } }]
  await client.of(Pod).create({ metadata: { namespace, name: 'web' }, spec: { containers: [container], volumes } })
  const missing = [{ name: 'v', secret: { secretName: 'a', items: [{ key: 'other', path: 'p' }] } }]
  await client
    .of(Pod)
    .create({ metadata: { namespace, name: 'waits' }, spec: { containers: [container], volumes: missing } })
  const review = (await client.transport.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
    body: { spec: {} },
  })) as { status: { token: string } }
  tokens.push(review.status.token)
  const reviews = '/apis/authentication.k8s.io/v1/tokenreviews'
  for (const token of [review.status.token, `${review.status.token}x`, MARKS.listed]) {
    await client.transport.request({ method: 'POST', path: reviews, body: { spec: { token } } })
    await ask({ authorization: `Bearer ${token}` })
  }
  await ask({ authorization: `Bearer ${MARKS.listed}-not` })
  await ask({ authorization: `Basic ${Buffer.from(`seal:${MARKS.password}`).toString('base64')}` })
  await ask({ authorization: `Basic ${Buffer.from(`seal:${MARKS.password}-not`).toString('base64')}` })
  const phase = async () => (await client.of(Pod).get({ namespace, name: 'web' })).status?.phase
  await vi.waitFor(async () => expect(await phase()).toBe('Running'), { timeout: 60_000 })
  revision = Number((await secrets.get({ namespace, name: 'a' })).metadata?.resourceVersion)
  await secrets.delete({ namespace, name: 'a' })
}

const ask = (headers: Record<string, string>) =>
  new Promise<void>((resolve, reject) => {
    const url = `${kubeconfig.server}/api/v1/namespaces/default/secrets`
    https
      .get(url, { ca: kubeconfig.caPem, headers, agent: false }, (answer) => answer.resume().on('end', resolve))
      .on('error', reject)
  })

/** As they are, and as base64 and a header would write them. */
function marksIn(told: string): string[] {
  const marks = [...Object.values(MARKS), ...tokens]
  return marks.filter(
    (mark) => told.includes(mark) || told.includes(Buffer.from(mark).toString('base64').replace(/=+$/, '')),
  )
}

it.each<[string, () => Promise<string>]>([
  ['the log', async () => log.join('')],
  ['the traces', async () => JSON.stringify(traces)],
  ['the audit log', () => readFile(join(stateDir, 'clusters', name, 'audit', 'audit.log'), 'utf8')],
  ['events', async () => JSON.stringify(await client.of(Event).list())],
  ['earlier moments', async () => JSON.stringify(await momentOf(host, name, revision))],
  [
    'the states of a Secret',
    async () =>
      JSON.stringify(
        await host.objectVersions(name, {
          group: '',
          resource: 'secrets',
          namespace,
          name: 'a',
          upTo: revision,
          limit: 10,
        }),
      ),
  ],
  [
    'the states of a Pod',
    async () =>
      JSON.stringify(
        await host.objectVersions(name, { group: '', resource: 'pods', namespace, name: 'web', limit: 10 }),
      ),
  ],
  ['the lens of all objects', objectsShown],
])('lets no secret out by %s', async (_where, told) => {
  const text = await told()
  expect(text.length, 'something is told').toBeGreaterThan(100)
  expect(marksIn(text)).toEqual([])
})

it('shows that a Secret was there, and how long its values were', async () => {
  const { versions } = await host.objectVersions(name, {
    group: '',
    resource: 'secrets',
    namespace,
    name: 'a',
    upTo: revision,
    limit: 10,
  })
  expect(versions.map(({ object }) => (object as { data?: object }).data)).toEqual([
    { key: '16 bytes' },
    { key: '16 bytes' },
  ])
  const conflict = traces.find((event) => event.type === 'request' && event.resource === 'secrets' && event.refused)
  expect(conflict).toMatchObject({ refused: { metadata: { name: 'a' } } })
})

async function objectsShown(): Promise<string> {
  const clock = new FakeClock()
  const transport = httpsTransport({ ...kubeconfig, userAgent: 'podium-observe' })
  await client.of(Secret).create({ metadata: { namespace, name: 'seen' }, stringData: { key: MARKS.value } })
  const feed = new ObjectFeed({
    connect: () => transport,
    clock,
    logger: createLogger({ level: 'debug', write: (line) => void log.push(line) }),
    random: Math.random,
  })
  const stop = new AbortController()
  const shown = await nextThat(clock, feed.watch(stop.signal), ({ objects }) =>
    objects.some(({ name }) => name === 'seen'),
  )
  stop.abort()
  feed[Symbol.dispose]()
  return JSON.stringify(shown)
}
