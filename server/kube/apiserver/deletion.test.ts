import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { ConfigMap, Event, Namespace, Pod } from '../kinds/index.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

describe('deletion', () => {
  const clock = new FakeClock()
  let test: TestServer
  beforeEach(async () => {
    test = await startTestServer({ clock })
    await test.transport.request({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts',
      body: { metadata: { name: 'default' } },
    })
  })
  afterEach(() => test[Symbol.asyncDispose]())

  const at = (name: string) => ({ namespace: 'default', name })
  const runningPod = async (name: string, finalizers?: string[]) =>
    test.client.of(Pod).create({
      metadata: { ...at(name), ...(finalizers ? { finalizers } : {}) },
      spec: { nodeName: 'node-1', containers: [{ name: 'web', image: 'nginx' }] },
    })

  it('takes an unassigned pod at once', async () => {
    const pods = test.client.of(Pod)
    await pods.create({ metadata: at('a'), spec: { containers: [{ name: 'web', image: 'nginx' }] } })
    await pods.delete(at('a'))
    await expect(pods.get(at('a'))).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('takes an event at once whatever is to become of its dependents: it has none', async () => {
    const events = test.client.of(Event)
    for (const propagationPolicy of ['Foreground', 'Orphan'] as const) {
      await events.create({ metadata: at('a'), involvedObject: { namespace: 'default' } })
      await events.delete(at('a'), { propagationPolicy })
      await expect(events.get(at('a'))).rejects.toMatchObject({ reason: 'NotFound' })
    }
  })

  it('shortens what is left to a last second where more is over already, whatever the pod does meanwhile', async () => {
    const pods = test.client.of(Pod)
    await runningPod('a')
    await pods.delete(at('a'), { gracePeriodSeconds: 60 })
    const { metadata } = await pods.get(at('a'))
    const begun = Date.parse(String(metadata?.deletionTimestamp)) - 60_000
    await clock.advance(10_000)
    const ended = { ...(await pods.get(at('a'))), status: { phase: 'Succeeded' } }
    await test.transport.request({ method: 'PUT', path: '/api/v1/namespaces/default/pods/a/status', body: ended })
    await pods.delete(at('a'), { gracePeriodSeconds: 50 })
    const sooner = await pods.get(at('a'))
    expect(sooner.metadata?.deletionGracePeriodSeconds).toBe(50)
    expect(Date.parse(String(sooner.metadata?.deletionTimestamp))).toBe(begun + 50_000)
    await clock.advance(20_000)
    await pods.delete(at('a'), { gracePeriodSeconds: 20 })
    const last = await pods.get(at('a'))
    expect(last.metadata?.deletionGracePeriodSeconds).toBe(1)
    expect(Date.parse(String(last.metadata?.deletionTimestamp))).toBe(clock.now())
  })

  it.each([
    ['Orphan', ['example.com/a', 'orphan', 'example.com/b'], ['example.com/a', 'orphan', 'example.com/b']],
    ['Orphan', ['example.com/a', 'example.com/b'], ['example.com/a', 'example.com/b', 'orphan']],
    ['Foreground', ['orphan', 'example.com/a'], ['example.com/a', 'foregroundDeletion']],
    ['Background', ['orphan', 'example.com/a'], ['example.com/a']],
    [undefined, ['orphan', 'example.com/a'], ['orphan', 'example.com/a']],
  ] as const)('%s makes of %j, in order, %j', async (propagationPolicy, finalizers, after) => {
    const maps = test.client.of(ConfigMap)
    await maps.create({ metadata: { ...at('held'), finalizers: [...finalizers] } })
    await maps.delete(at('held'), propagationPolicy ? { propagationPolicy } : {})
    expect((await maps.get(at('held'))).metadata?.finalizers).toEqual(after)
  })

  it('gives a running pod its grace period, shortens it when asked, and ends with grace 0', async () => {
    const pods = test.client.of(Pod)
    await runningPod('a')
    await pods.delete(at('a'))
    const going = await pods.get(at('a'))
    expect(going.metadata?.deletionGracePeriodSeconds).toBe(30)
    expect(Date.parse(String(going.metadata?.deletionTimestamp))).toBe(clock.now() + 30_000)
    expect(going.metadata?.generation).toBe(2)
    await pods.delete(at('a'))
    expect(await pods.get(at('a')), 'a second DELETE changes nothing').toBe(going)
    await pods.delete(at('a'), { gracePeriodSeconds: 5 })
    const sooner = await pods.get(at('a'))
    expect(sooner.metadata?.deletionGracePeriodSeconds).toBe(5)
    expect(Date.parse(String(sooner.metadata?.deletionTimestamp))).toBe(clock.now() + 5_000)
    await pods.delete(at('a'), { gracePeriodSeconds: 0 })
    await expect(pods.get(at('a'))).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('keeps a pod with a finalizer after its grace period until the finalizer goes', async () => {
    const pods = test.client.of(Pod)
    await runningPod('a', ['example.com/hold'])
    await pods.delete(at('a'), { gracePeriodSeconds: 0 })
    const held = await pods.get(at('a'))
    expect(held.metadata?.deletionTimestamp).toBeDefined()
    await expect(
      pods.update({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/hold', 'example.com/more'] } }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('no new finalizers can be added if the object is being deleted'),
    })
    const { finalizers: _gone, ...metadata } = held.metadata ?? {}
    await pods.update({ ...held, metadata } as WirePod)
    await expect(pods.get(at('a'))).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('turns the propagation policy into finalizers', async () => {
    const maps = test.client.of(ConfigMap)
    for (const [policy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      await maps.create({ metadata: at(finalizer.toLowerCase()) })
      await maps.delete(at(finalizer.toLowerCase()), { propagationPolicy: policy })
      const held = await maps.get(at(finalizer.toLowerCase()))
      expect(held.metadata?.finalizers).toEqual([finalizer])
      expect(held.metadata?.deletionTimestamp).toBeDefined()
      await maps.delete(at(finalizer.toLowerCase()), { propagationPolicy: 'Background' })
      await expect(maps.get(at(finalizer.toLowerCase()))).rejects.toMatchObject({ reason: 'NotFound' })
    }
  })

  it('holds a DELETE to its preconditions', async () => {
    const maps = test.client.of(ConfigMap)
    const made = await maps.create({ metadata: at('a') })
    await expect(maps.delete(at('a'), { uid: 'other' })).rejects.toMatchObject({
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${made.metadata?.uid}). The object might have been deleted and then recreated`,
    })
    await expect(maps.delete(at('a'), { resourceVersion: '1' })).rejects.toMatchObject({
      message: `Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${made.metadata?.resourceVersion}). The object might have been modified`,
    })
    const path = '/api/v1/namespaces/default/configmaps/a'
    const nobody = { preconditions: { uid: '' } }
    await expect(test.transport.request({ method: 'DELETE', path, body: nobody })).rejects.toMatchObject({ code: 409 })
    await test.client.of(Namespace).create({ metadata: { name: 'own' } })
    await expect(test.client.of(Namespace).delete({ name: 'own' }, { uid: 'x' })).rejects.toMatchObject({
      message: expect.stringContaining('on namespaces "own": Precondition failed: UID in precondition: x,'),
    })
    await maps.delete(at('a'), { uid: made.metadata?.uid ?? '', resourceVersion: made.metadata?.resourceVersion ?? '' })
  })

  it('shows on a dry run what a DELETE would begin, and begins nothing', async () => {
    await runningPod('a')
    const path = '/api/v1/namespaces/default/pods/a'
    const body = { gracePeriodSeconds: 7, dryRun: ['All'] }
    const shown = await test.transport.request({ method: 'DELETE', path, body })
    expect(shown).toMatchObject({ metadata: { name: 'a', deletionGracePeriodSeconds: 7 } })
    expect((await test.client.of(Pod).get(at('a'))).metadata).not.toHaveProperty('deletionTimestamp')
  })

  it.each<[string, object]>([
    ['no kind "Pod" is registered for version "v1" in scheme', { body: { kind: 'Pod', apiVersion: 'v1' } }],
    ["couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value", { body: [] }],
    [
      'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
      { body: { gracePeriodSeconds: '3' } },
    ],
    ['strconv.ParseInt: parsing "soon": invalid syntax', { query: { gracePeriodSeconds: 'soon' } }],
    [
      'DeleteOptions.meta.k8s.io "" is invalid: [propagationPolicy: Invalid value: "No": orphanDependents and deletionPropagation cannot be both set, propagationPolicy: Unsupported value: "No": supported values: "Foreground", "Background", "Orphan", "nil"]',
      { query: { propagationPolicy: 'No', orphanDependents: 'true' } },
    ],
  ])('refuses options in upstream’s words: %s', async (message, options) => {
    await test.client.of(ConfigMap).create({ metadata: at('a') })
    const path = '/api/v1/namespaces/default/configmaps/a'
    await expect(test.transport.request({ method: 'DELETE', path, ...options })).rejects.toMatchObject({
      message: expect.stringContaining(message),
    })
    expect(await test.client.of(ConfigMap).get(at('a'))).toMatchObject({ metadata: { name: 'a' } })
  })

  it('goes by what the body says, of any version, and then by nothing of the query', async () => {
    await test.client.of(ConfigMap).create({ metadata: at('a') })
    const path = '/api/v1/namespaces/default/configmaps/a'
    const body = { kind: 'DeleteOptions', apiVersion: 'apps/v1beta1' }
    await test.transport.request({ method: 'DELETE', path, query: { dryRun: 'All' }, body })
    await expect(test.client.of(ConfigMap).get(at('a'))).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('deletes no more of a collection than the limit says, and everything of a dry run stays', async () => {
    const maps = test.client.of(ConfigMap)
    for (const name of ['a', 'b', 'c']) await maps.create({ metadata: at(name) })
    const remove = (query: Record<string, string>) =>
      test.transport.request({ method: 'DELETE', path: '/api/v1/namespaces/default/configmaps', query })
    const names = async () => (await maps.list({ namespace: 'default' })).items.map((map) => map.metadata?.name)
    await remove({ dryRun: 'All' })
    expect(await names()).toEqual(['a', 'b', 'c'])
    await remove({ limit: '2' })
    expect(await names()).toEqual(['c'])
    await remove({ fieldSelector: 'metadata.name!=c' })
    expect(await names()).toEqual(['c'])
  })

  it('deletes a collection by selector and leaves the rest', async () => {
    const maps = test.client.of(ConfigMap)
    for (const name of ['a', 'b', 'c'])
      await maps.create({ metadata: { ...at(name), labels: { odd: String(name !== 'b') } } })
    await test.transport.request({
      method: 'DELETE',
      path: '/api/v1/namespaces/default/configmaps',
      query: { labelSelector: 'odd=true' },
    })
    expect((await maps.list({ namespace: 'default' })).items.map((map) => map.metadata?.name)).toEqual(['b'])
  })

  it('writes nothing on a dry run', async () => {
    const { transport, store } = test
    const path = '/api/v1/namespaces/default/configmaps'
    const before = store.revision
    const made = await transport.request({
      method: 'POST',
      path,
      query: { dryRun: 'All' },
      body: { metadata: { name: 'a' } },
    })
    expect(made).toMatchObject({ metadata: { name: 'a', uid: expect.any(String) } })
    expect(store.revision).toBe(before)
    await transport.request({ method: 'POST', path, body: { metadata: { name: 'a' } } })
    const after = store.revision
    const query = { dryRun: 'All' }
    await transport.request({
      method: 'PUT',
      path: `${path}/a`,
      query,
      body: { metadata: { name: 'a' }, data: { x: 'y' } },
    })
    await transport.request({ method: 'DELETE', path: `${path}/a`, query })
    expect(store.revision).toBe(after)
  })

  it('keeps the namespaces that the system lives in', async () => {
    await expect(
      test.transport.request({ method: 'DELETE', path: '/api/v1/namespaces/default' }),
    ).rejects.toMatchObject({
      code: 403,
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    })
  })

  it('lets nothing new into a namespace that is going', async () => {
    const { transport } = test
    await transport.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'going' } } })
    await transport.request({ method: 'DELETE', path: '/api/v1/namespaces/going' })
    await expect(
      transport.request({
        method: 'POST',
        path: '/api/v1/namespaces/going/configmaps',
        body: { metadata: { name: 'late' } },
      }),
    ).rejects.toMatchObject({
      code: 403,
      message:
        'configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated',
    })
    await expect(
      transport.request({
        method: 'POST',
        path: '/api/v1/namespaces/none/configmaps',
        body: { metadata: { name: 'x' } },
      }),
    ).rejects.toMatchObject({ code: 404, message: 'namespaces "none" not found' })
  })
})
