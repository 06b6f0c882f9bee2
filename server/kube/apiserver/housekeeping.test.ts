import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import type { TraceEvent } from '../../base/trace.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import {
  ConfigMap,
  FlowSchema,
  IPAddress,
  PriorityClass,
  PriorityLevelConfiguration,
  ServiceCIDR,
} from '../kinds/index.ts'
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

  it('says since when it notes the use of old tokens, and does not insist on it for half an hour', async () => {
    const name = 'kube-apiserver-legacy-service-account-token-tracking'
    const maps = test.client.of(ConfigMap)
    const since = async () =>
      maps.get({ namespace: 'kube-system', name }).then(
        ({ data }) => data?.since,
        () => undefined,
      )
    const becomes = async (told: string | undefined) => {
      while ((await since()) !== told) await settlePromises()
    }
    const day = () => new Date(clock.now()).toISOString().slice(0, 10)
    const started = day()
    expect(await since()).toBe(started)
    await clock.advance(24 * 60 * MINUTE_MS)
    const map = await maps.get({ namespace: 'kube-system', name })
    await maps.update({ ...map, data: { ...map.data, since: '2026-02-30', other: 'kept' } })
    await clock.advance(10_000)
    await becomes(day())
    expect((await maps.get({ namespace: 'kube-system', name })).data).toEqual({ since: day(), other: 'kept' })

    await maps.delete({ namespace: 'kube-system', name })
    await clock.advance(10_000)
    await becomes(day())
    await maps.delete({ namespace: 'kube-system', name })
    await clock.advance(29 * MINUTE_MS)
    for (let turns = 0; turns < 10; turns++) await settlePromises()
    expect(await since()).toBeUndefined()
    await clock.advance(2 * MINUTE_MS)
    await becomes(day())
  })

  it('has what a fresh cluster has', async () => {
    const names = async (kind: AnyKind) =>
      (await test.client.of(kind).list()).items.map(({ metadata }) => metadata?.name)
    expect(await names(PriorityClass)).toEqual(['system-cluster-critical', 'system-node-critical'])
    expect(await names(ServiceCIDR)).toEqual(['kubernetes'])
    expect(await names(IPAddress)).toEqual(['10.96.0.1'])
    expect(await names(PriorityLevelConfiguration)).toEqual([
      'catch-all',
      'exempt',
      'global-default',
      'leader-election',
      'node-high',
      'system',
      'workload-high',
      'workload-low',
    ])
    expect(await names(FlowSchema)).toHaveLength(12)
    const address = await test.client.of(IPAddress).get({ name: '10.96.0.1' })
    expect(address).toMatchObject({
      metadata: {
        uid: expect.any(String),
        creationTimestamp: expect.any(String),
        labels: {
          'ipaddress.kubernetes.io/ip-family': 'IPv4',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'kubernetes' } },
    })
  })

  it('keeps default flow schemas as they are meant, except those that somebody has taken over', async () => {
    const schemas = test.client.of(FlowSchema)
    const precedenceOf = async (name: string) => (await schemas.get({ name })).spec?.matchingPrecedence
    const change = async (name: string, precedence: number, autoUpdate: string) => {
      const now = await schemas.get({ name })
      const annotations = { 'apf.kubernetes.io/autoupdate-spec': autoUpdate }
      await schemas.update({
        ...now,
        metadata: { ...now.metadata, annotations },
        spec: { ...now.spec, matchingPrecedence: precedence },
      } as typeof now)
    }
    await change('global-default', 9000, 'true')
    await change('service-accounts', 8000, 'false')
    await schemas.delete({ name: 'probes' })
    const before = test.store.revision
    await clock.advance(10_000)
    while ((await precedenceOf('global-default')) !== 9900) await settlePromises()
    expect(await precedenceOf('service-accounts')).toBe(8000)
    // The one that is made again is told that its level exists.
    while (test.store.revision < before + 3) await settlePromises()
    expect(await precedenceOf('probes')).toBe(2)
    await clock.advance(10_000)
    for (let turn = 0; turn < 50; turn++) await settlePromises()
    expect(test.store.revision, 'writes nothing when nothing is missing').toBe(before + 3)
  })

  it('leaves no timers when it is closed', async () => {
    await test[Symbol.asyncDispose]()
    expect(clock.pending).toBe(0)
  })
})
