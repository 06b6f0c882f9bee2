import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ConfigMap, Pod, Secret, ServiceAccount } from '../../kinds/index.ts'
import { dayOf, INVALID_SINCE, LAST_USED, TRACKING } from '../../kinds/legacy-token.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

const namespace = 'default'
const DAY_MS = 24 * 60 * 60 * 1000
/** The days that Secrets tell are compared whole. */
const CLEAN_UP_MS = 60_000
let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  loops.kubelets.on = false
})
afterEach(() => loops[Symbol.asyncDispose]())

const secrets = () => loops.client.of(Secret)
const ago = (days: number) => dayOf(loops.clock.now() - days * DAY_MS)

async function makeToken(name: string, labels: Record<string, string> = {}, { listed = true } = {}) {
  const account = await loops.client.of(ServiceAccount).create({
    metadata: { namespace, name },
    ...(listed ? { secrets: [{ name }] } : {}),
  })
  const annotations = {
    'kubernetes.io/service-account.name': name,
    'kubernetes.io/service-account.uid': account.metadata?.uid ?? '',
  }
  await secrets().create({
    metadata: { namespace, name, labels, annotations },
    type: 'kubernetes.io/service-account-token',
  })
}

/** Use has been noted since long ago, and the loop has looked once. */
async function look(since = ago(2)) {
  await loops.client.of(ConfigMap).patch(TRACKING, 'application/merge-patch+json', { data: { since } })
  const running = await loops.run(['legacy-serviceaccount-token-cleaner'], { legacyTokenCleanUpMs: CLEAN_UP_MS })
  await loops.until('it has looked', () => running.idle())
}

const stateOf = async (name: string) => {
  const secret = await secrets()
    .get({ namespace, name })
    .catch(() => undefined)
  return secret ? (secret.metadata?.labels?.[INVALID_SINCE] ?? 'good') : 'gone'
}

it('marks what nobody has used for so long, and deletes what was marked so long ago', async () => {
  await makeToken('used', { [LAST_USED]: ago(0) })
  await makeToken('never')
  await makeToken('long', { [LAST_USED]: ago(1) })
  await makeToken('marked', { [INVALID_SINCE]: ago(1) })
  await makeToken('marked-now', { [INVALID_SINCE]: ago(0) })
  await makeToken('odd', { [LAST_USED]: 'yesterday' })
  await makeToken('scribbled', { [INVALID_SINCE]: 'long-ago' })
  await makeToken('by-hand', {}, { listed: false })
  await makeToken('mounted')
  await loops.client.of(ServiceAccount).create({ metadata: { namespace, name: 'default' } })
  await loops.client.of(Pod).create({
    metadata: { namespace, name: 'web' },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 't', secret: { secretName: 'mounted' } }],
    },
  })
  await loops.clock.advance(CLEAN_UP_MS + 1000)
  await makeToken('young')
  await look()
  const today = ago(0)
  const states = (...names: string[]) => Promise.all(names.map(stateOf))
  expect(await states('never', 'long', 'scribbled', 'marked-now')).toEqual(Array(4).fill(today))
  expect(await stateOf('marked')).toBe('gone')
  expect(await states('used', 'odd', 'by-hand', 'mounted', 'young')).toEqual(Array(5).fill('good'))
})

it('touches nothing before use has been noted for a whole day and so long', async () => {
  await makeToken('never')
  await loops.clock.advance(CLEAN_UP_MS + 1000)
  await look(ago(0))
  expect(await stateOf('never')).toBe('good')
})
