// How requests are let in, timed, counted and ended.

import { once } from 'node:events'
import { get } from 'node:https'
import { connect } from 'node:net'
import type { FlowSchema as FlowSchemaWire } from 'kubernetes-types/flowcontrol/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Transport } from '../client/transport.ts'
import { ConfigMap, FlowSchema, PriorityLevelConfiguration } from '../kinds/index.ts'
import { type RawRequest, rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

describe('serving', () => {
  let test: TestServer
  let port: number
  let admin: { certPem: string; keyPem: string }
  beforeEach(async () => {
    test = await startTestServer({ options: { inFlight: { requests: 6, mutating: 4 } } })
    port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
    admin = await test.pki.issue('admin', ['system:masters'])
  })
  afterEach(() => test[Symbol.asyncDispose]())

  const ask = (request: Omit<RawRequest, 'port' | 'caPem'>) =>
    rawRequest({ port, caPem: test.pki.caPem, ...admin, ...request })
  const metric = async (pattern: RegExp) => {
    const { text } = await ask({ path: '/metrics' })
    return Number(pattern.exec(text)?.[1] ?? Number.NaN)
  }

  describe('health', () => {
    it('is told check by check when asked, without those that are excluded', async () => {
      expect((await ask({ path: '/livez' })).text).toBe('ok')
      const all = (await ask({ path: '/readyz?verbose' })).text
      expect(all).toMatch(/^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]etcd ok\n/)
      // Each is red as long as nobody has said that it is done.
      expect([...all.matchAll(/^\[\+\]poststarthook\/(.*) ok$/gm)].length).toBe(27)
      expect(all).toContain('ok\n[+]poststarthook/kube-apiserver-autoregistration ok\n[+]autoregister-completion ok\n')
      expect(all).toMatch(/\[\+\]shutdown ok\nreadyz check passed\n$/)
      expect((await ask({ path: '/livez?verbose' })).text).not.toContain('shutdown')
      const less = (await ask({ path: '/healthz?verbose&exclude=etcd&exclude=nope&exclude=etcd,log' })).text
      expect(less).toContain('[+]etcd excluded: ok\n')
      expect(less).toContain(
        'warn: some health checks cannot be excluded: no matches for "etcd,log","nope"\nhealthz check passed',
      )
      expect((await ask({ path: '/livez/etcd' })).text).toBe('ok')
      expect((await ask({ path: '/livez/poststarthook/rbac/bootstrap-roles' })).code).toBe(200)
      expect((await ask({ path: '/livez/nope' })).code).toBe(404)
    })

    it('is counted check by check, apart from the other metrics', async () => {
      const slis = async () => (await ask({ path: '/metrics/slis' })).text
      const etcd = async () =>
        Number(
          /^kubernetes_healthchecks_total\{name="etcd",status="success",type="livez"\} (\d+)$/m.exec(await slis())?.[1],
        )
      await ask({ path: '/livez' })
      const before = await etcd()
      await ask({ path: '/livez' })
      expect(await etcd()).toBe(before + 1)
      expect(await slis()).toContain('kubernetes_healthcheck{name="etcd",type="livez"} 1\n')
      expect(await slis()).not.toContain('apiserver_request')
      expect((await ask({ path: '/metrics/nope' })).code).toBe(404)
      expect((await ask({ path: '/metrics' })).text).not.toContain('kubernetes_healthcheck')
    })

    it('fails with the store, and says no more of it than that to everybody', async () => {
      Object.defineProperty(test.store, 'status', {
        value: () => ({ failure: new Error('disk is full'), dbSizeBytes: 0 }),
      })
      const answer = await ask({ path: '/readyz' })
      expect(answer.code).toBe(500)
      expect(answer.text).toMatch(/\[-\]etcd failed: reason withheld\n.*readyz check failed\n$/s)
      expect((await ask({ path: '/readyz/etcd' })).text).toBe('internal server error: disk is full\n')
      expect((await ask({ path: '/livez?exclude=etcd' })).code).toBe(200)
      const { text } = await ask({ path: '/metrics/slis' })
      expect(text).toContain('kubernetes_healthcheck{name="etcd",type="readyz"} 0\n')
    })
  })

  it('counts and times requests under upstream’s names, and gives no name to what nobody serves', async () => {
    await ask({ path: MAPS })
    await ask({ path: `${MAPS}/none` })
    await ask({ path: '/apis/made.up/v1/things' })
    const list =
      'component="apiserver",dry_run="",group="",resource="configmaps",scope="namespace",subresource="",verb="LIST",version="v1"'
    expect(await metric(new RegExp(`apiserver_request_total\\{code="200",${list}\\} (\\d+)`))).toBe(1)
    expect(await metric(new RegExp(`apiserver_request_duration_seconds_count\\{${list}\\} (\\d+)`))).toBe(1)
    expect(await metric(/apiserver_request_total\{code="404",[^}]*resource="configmaps"[^}]*\} (\d+)/)).toBe(1)
    const { text } = await ask({ path: '/metrics' })
    expect(text).not.toContain('made.up')
    expect(text).toMatch(/apiserver_current_inflight_requests\{request_kind="readOnly"\} 1\n/)
    expect(text).toMatch(/etcd_request_duration_seconds_count\{group="",operation="create",resource="namespaces"\} \d/)
    expect(text).toMatch(/apiserver_storage_objects\{resource="namespaces"\} \d/)
    // Loops of its own have queues too.
    expect(text).toMatch(/workqueue_adds_total\{name="apiservice"\} [1-9]/)
  })

  it('counts under no name that a caller has made up, be it of a subresource', async () => {
    const { certPem, keyPem } = await test.pki.issue('nobody')
    const series = async () =>
      (await ask({ path: '/metrics' })).text.split('\n').filter((line) => /^apiserver_request/.test(line)).length
    const path = (at: number) => `/api/v1/namespaces/default/pods/a/made-up-${at}`
    await ask({ path: path(0), certPem, keyPem })
    await ask({ path: '/metrics' })
    const before = await series()
    for (let at = 1; at <= 20; at++) await ask({ path: path(at), certPem, keyPem })
    expect(await series()).toBe(before)
    expect((await ask({ path: '/metrics' })).text).not.toContain('made-up')
  })

  it.each([
    { timeout: '5', message: /invalid timeout specified in the request URL - time: missing unit in duration "5"/ },
    { timeout: 'soon', message: /invalid duration "soon"/ },
  ])('refuses timeout=$timeout', async ({ timeout, message }) => {
    const answer = await ask({ path: `${MAPS}?timeout=${timeout}` })
    expect(answer.code).toBe(400)
    expect(answer.json().message).toMatch(message)
  })

  it('answers 504 when the time is over that the client gives', async () => {
    const range = test.store.range.bind(test.store)
    let release = () => {}
    test.store.range = (request) =>
      new Promise((resolve, reject) => (release = () => range(request).then(resolve, reject)))
    const revision = test.store.revision
    const answer = await ask({ path: `${MAPS}?resourceVersion=${revision}&resourceVersionMatch=Exact&timeout=50ms` })
    expect(answer.code).toBe(504)
    expect(answer.json()).toMatchObject({
      reason: 'Timeout',
      message: 'Timeout: request did not complete within requested timeout - context deadline exceeded',
    })
    release()
  })

  it('says of flow schemas whether their priority level exists, whatever comes and goes', async () => {
    const { client } = test
    const path = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas'
    using log = await watchLog(test.transport, path, { fieldSelector: 'metadata.name=lanes' })
    const until = async (status: string) => {
      for (let count = 1; ; count++) {
        await log.length(count)
        const { object } = log.events[count - 1]!
        const { conditions } = (object as FlowSchemaWire).status ?? {}
        if (conditions?.[0]?.status === status) return { object, condition: conditions[0] }
      }
    }
    const schema = { metadata: { name: 'lanes' }, spec: { priorityLevelConfiguration: { name: 'pool' }, rules: [] } }
    await client.of(FlowSchema).create(schema)
    const { object, condition } = await until('True')
    expect(condition).toEqual({
      type: 'Dangling',
      status: 'True',
      reason: 'NotFound',
      message:
        'This FlowSchema references the PriorityLevelConfiguration object named "pool" but there is no such object',
      lastTransitionTime: expect.any(String),
    })
    expect(object.metadata?.managedFields).toContainEqual(
      expect.objectContaining({
        manager: 'api-priority-and-fairness-config-consumer-v1',
        operation: 'Apply',
        subresource: 'status',
      }),
    )
    await client.of(PriorityLevelConfiguration).create({
      metadata: { name: 'pool' },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    })
    expect((await until('False')).condition).toMatchObject({
      reason: 'Found',
      message: expect.stringMatching(/ and it exists$/),
    })
    const built = await client.of(FlowSchema).get({ name: 'system-nodes' })
    expect(built.status?.conditions).toMatchObject([{ type: 'Dangling', status: 'False' }])
  })

  describe('priority and fairness', () => {
    let blocked: (() => void)[]
    let slow: Transport
    const one = { resourceVersion: '', resourceVersionMatch: 'Exact' }

    /** Lists that go to the store stand still until they are let go. */
    beforeEach(async () => {
      blocked = []
      const range = test.store.range.bind(test.store)
      test.store.range = (request) =>
        new Promise((resolve, reject) => void blocked.push(() => range(request).then(resolve, reject)))
      slow = test.server.transportFor({ user: 'otter', groups: ['swimmers'], client: 'test' })
      one.resourceVersion = String(test.store.revision)
      const { client } = test
      const limited = (limitResponse: object) => ({
        type: 'Limited',
        limited: { nominalConcurrencyShares: 1, limitResponse },
      })
      await client.of(PriorityLevelConfiguration).create({
        metadata: { name: 'pool' },
        spec: limited({ type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit: 2 } }) as never,
      })
      await client
        .of(PriorityLevelConfiguration)
        .create({ metadata: { name: 'no-queue' }, spec: limited({ type: 'Reject' }) as never })
      const rule = (name: string) => ({
        subjects: [{ kind: 'Group', group: { name } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
      })
      const schema = (name: string, level: string) =>
        client.of(FlowSchema).create({
          metadata: { name },
          spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence: 5, rules: [rule(name)] },
        })
      await schema('swimmers', 'pool')
      await schema('divers', 'no-queue')
      await test.transport.request({
        method: 'POST',
        path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
        body: {
          metadata: { name: 'all' },
          roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [
            { kind: 'Group', name: 'swimmers' },
            { kind: 'Group', name: 'divers' },
          ],
        },
      })
    })
    const list = (transport = slow, signal?: AbortSignal) =>
      transport.request({ method: 'GET', path: MAPS, query: { ...one }, ...(signal ? { signal } : {}) })
    const releaseAll = async (...lists: Promise<unknown>[]) => {
      const done = Promise.allSettled(lists)
      let isDone = false
      void done.then(() => (isDone = true))
      while (!isDone) {
        for (const go of blocked.splice(0)) go()
        await new Promise((resolve) => setImmediate(resolve))
      }
      return (await done).map(({ status }) => status)
    }
    const running = (level: string) =>
      metric(new RegExp(`current_executing_requests\\{priority_level="${level}"\\} (\\d+)`))
    const waiting = (level: string) =>
      metric(new RegExp(`current_inqueue_requests\\{priority_level="${level}"\\} (\\d+)`))

    it('lets in as many as there are seats, has some wait, and sends the rest away', async () => {
      const lists: Promise<unknown>[] = []
      let isFull = false
      while (!isFull) {
        const before = await waiting('pool')
        lists.push(list())
        await expect
          .poll(async () => (await running('pool')) + (await waiting('pool')), { timeout: 60_000 })
          .toBe(lists.length)
        isFull = (await waiting('pool')) === 2 && before === 1
      }
      const seats = await running('pool')
      expect(seats, 'its own seat and what others lend').toBeGreaterThan(1)
      expect(seats).toBeLessThan(10)
      await expect(list()).rejects.toMatchObject({
        code: 429,
        message: 'the server has received too many requests and has asked us to try again later',
        details: { retryAfterSeconds: 1 },
      })
      const left = new AbortController()
      expect(await ask({ path: '/api/v1/namespaces' }), 'the exempt never wait').toMatchObject({ code: 200 })
      left.abort()
      expect(new Set(await releaseAll(...lists))).toEqual(new Set(['fulfilled']))
      expect(await running('pool')).toBe(0)
      expect(await metric(/rejected_requests_total\{[^}]*priority_level="pool",reason="queue-full"\} (\d+)/)).toBe(1)
      const dump = (await ask({ path: '/debug/api_priority_and_fairness/dump_priority_levels' })).text
      expect(dump).toMatch(new RegExp(`\\npool, +0, +true, +false, +0, +0, +${lists.length}, +1, +0, +0\\n`))
      const lines = dump.trimEnd().split('\n')
      const names = lines.slice(1).map((line) => line.split(',')[0])
      expect(names, 'by name').toEqual([...names].sort())
      // Columns stand below each other, as a person reads them.
      expect(new Set(lines.map((line) => line.search(/\S+, +\S+, +\S+$/)))).toHaveProperty('size', 1)
    })

    it('sends away at once where nobody may wait, and says so over HTTPS with Retry-After', async () => {
      const diver = test.server.transportFor({ user: 'seal', groups: ['divers'], client: 'test' })
      const lists: Promise<unknown>[] = []
      let refusal: unknown
      while (!refusal) {
        const next = list(diver)
        next.catch((err: unknown) => {
          refusal = err
        })
        lists.push(next)
        await expect.poll(() => blocked.length === lists.length || refusal, { timeout: 60_000 }).toBeTruthy()
      }
      expect(refusal).toMatchObject({ code: 429 })
      expect(lists.length, 'its own seat and what others lend').toBeGreaterThan(1)
      const { certPem, keyPem } = await test.pki.issue('walrus', ['divers'])
      const answer = await ask({ path: MAPS, certPem, keyPem })
      expect(answer.code).toBe(429)
      expect(answer.headers['retry-after']).toBe('1')
      await releaseAll(...lists)
      const schema = await test.client.of(FlowSchema).get({ name: 'divers' })
      const level = await test.client.of(PriorityLevelConfiguration).get({ name: 'no-queue' })
      expect((await ask({ path: MAPS, certPem, keyPem })).headers).toMatchObject({
        'x-kubernetes-pf-flowschema-uid': schema.metadata?.uid,
        'x-kubernetes-pf-prioritylevel-uid': level.metadata?.uid,
      })
    })

    it('takes whoever gives up out of the queue', async () => {
      const lists: Promise<unknown>[] = []
      while (!((await waiting('pool')) === 1)) {
        lists.push(list())
        await expect
          .poll(async () => (await running('pool')) + (await waiting('pool')), { timeout: 60_000 })
          .toBe(lists.length)
      }
      const giveUp = new AbortController()
      const impatient = list(slow, giveUp.signal)
      await expect.poll(() => waiting('pool'), { timeout: 60_000 }).toBe(2)
      giveUp.abort()
      await expect(impatient).rejects.toBeDefined()
      expect(await waiting('pool')).toBe(1)
      await releaseAll(...lists)
    })
  })

  it('ends watches and answers what is under way when it is closed', async () => {
    const { resourceVersion } = (await test.client.of(ConfigMap).list()).metadata
    const watch = ask({ path: `${MAPS}?watch=1&resourceVersion=${resourceVersion}` })
    await expect
      .poll(() => metric(/longrunning_requests\{[^}]*resource="configmaps"[^}]*\} (\d+)/), { timeout: 60_000 })
      .toBe(1)
    const txn = test.store.txn.bind(test.store)
    const begun = new Promise<() => void>((resolve) => {
      test.store.txn = (request) => {
        const isLast = request.success.some((one) => one.type === 'put' && one.key.endsWith('/configmaps/default/last'))
        if (!isLast) return txn(request)
        return new Promise((done, fail) => resolve(() => txn(request).then(done, fail)))
      }
    })
    const made = ask({
      method: 'POST',
      path: MAPS,
      body: '{"metadata":{"name":"last"}}',
      headers: { 'content-type': 'application/json' },
    })
    const go = await begun
    const closed = test.server.close()
    expect((await watch).code, 'a clean end').toBe(200)
    await expect(
      new Promise((resolve, reject) =>
        get({ host: '127.0.0.1', port, ca: test.pki.caPem, agent: false }, resolve).on('error', reject),
      ),
    ).rejects.toBeDefined()
    go()
    expect((await made).code).toBe(201)
    await closed
  })

  it('hangs up on who has not finished shaking hands when it is closed', async () => {
    const socket = connect(port, '127.0.0.1')
    const ended = once(socket.resume(), 'close')
    await once(socket, 'connect')
    // Served after it was let in.
    expect((await ask({ path: '/livez' })).code).toBe(200)
    await test.server.close()
    await ended
  })
})
