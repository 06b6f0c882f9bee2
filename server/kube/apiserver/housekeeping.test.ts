import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import type { TraceEvent } from '../../base/trace.ts'
import { ConfigMap } from '../kinds/index.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const MINUTE_MS = 60_000

describe('what the server does by itself', () => {
  let clock: FakeClock
  let test: TestServer
  const traces: TraceEvent[] = []
  beforeEach(async () => {
    clock = new FakeClock()
    traces.length = 0
    test = await startTestServer({ clock, trace: { emit: (event) => void traces.push(event) } })
  })
  afterEach(() => test[Symbol.asyncDispose]())

  it('forgets history that is older than five minutes, and none that is younger', async () => {
    const maps = test.client.of(ConfigMap)
    await clock.advance(5 * MINUTE_MS)
    const old = await maps.create({ metadata: { name: 'old', namespace: 'default' } })
    await clock.advance(5 * MINUTE_MS)
    const between = test.store.revision
    const young = await maps.create({ metadata: { name: 'young', namespace: 'default' } })
    await clock.advance(5 * MINUTE_MS)
    while (test.store.compactRevision < between) await settlePromises()
    expect(test.store.compactRevision).toBe(between)
    expect(traces.findLast(({ type }) => type === 'compact')).toMatchObject({ revision: between })
    expect(Number(old.metadata?.resourceVersion)).toBeLessThanOrEqual(between)
    expect(Number(young.metadata?.resourceVersion)).toBeGreaterThan(between)
  })

  it('brings its own Service back', async () => {
    const path = '/api/v1/namespaces/default/services/kubernetes'
    await test.transport.request({ method: 'DELETE', path })
    await clock.advance(10_000)
    const isBack = async () =>
      test.transport.request({ method: 'GET', path }).then(
        () => true,
        () => false,
      )
    while (!(await isBack())) await settlePromises()
    expect(await test.transport.request({ method: 'GET', path })).toMatchObject({ spec: { clusterIP: '10.96.0.1' } })
  })

  it('leaves no timers when it is closed', async () => {
    await test[Symbol.asyncDispose]()
    expect(clock.pending).toBe(0)
  })
})
