import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../base/trace.ts'
import { createClient } from '../client/client.ts'
import { ConfigMap } from '../kinds/index.ts'
import { type AuditEvent, METADATA_OF_ALL } from './index.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

describe('what the server tells of itself', () => {
  let test: TestServer
  const events: TraceEvent[] = []
  const audited: AuditEvent[] = []
  beforeEach(async () => {
    test = await startTestServer({
      trace: { emit: (event) => void (isOwn(event) || events.push(event)) },
      options: {
        audit: {
          policy: METADATA_OF_ALL,
          write: (event) => void (event.userAgent.startsWith('kube-apiserver/') || audited.push(event)),
        },
      },
    })
    events.length = 0
    audited.length = 0
  })
  afterEach(() => test[Symbol.asyncDispose]())

  /** The server's own loops are clients like others, and not what is asked about here. */
  const isOwn = (event: TraceEvent) => 'client' in event && event.client.startsWith('kube-apiserver/')
  const of = <T extends TraceEvent['type']>(type: T) =>
    events.filter((event): event is Extract<TraceEvent, { type: T }> => event.type === type)

  it('walks a loop’s write back to the request that started it', async () => {
    const loop = createClient(
      test.server.transportFor({
        user: 'system:kube-controller-manager',
        groups: ['system:masters'],
        client: 'kube-controller-manager/x-controller',
      }),
    )
    const person = await test.client.of(ConfigMap).create({ metadata: { name: 'a', namespace: 'default' } })
    const [root] = of('request')
    const reaction = await loop
      .of(ConfigMap)
      .create({ metadata: { name: 'b', namespace: 'default' } }, { because: person })
    await loop.of(ConfigMap).create({ metadata: { name: 'c', namespace: 'default' } }, { because: reaction })
    expect(of('request').map(({ cause }) => cause)).toEqual([root?.id, root?.id, root?.id])
    expect(of('append').map(({ name, cause, client }) => [name, cause, client])).toEqual([
      ['a', root?.id, 'test'],
      ['b', root?.id, 'kube-controller-manager/x-controller'],
      ['c', root?.id, 'kube-controller-manager/x-controller'],
    ])
    expect(root).toMatchObject({
      verb: 'create',
      resource: 'configmaps',
      namespace: 'default',
      code: 201,
      revision: Number(person.metadata?.resourceVersion),
    })
    expect(root?.stages.map(({ name }) => name)).toEqual(['authentication', 'authorization', 'admission', 'store'])
  })

  it('says for which state a write was meant, and what was refused because there was a newer one', async () => {
    const maps = test.client.of(ConfigMap)
    const mine = await maps.create({ metadata: { name: 'a', namespace: 'default' }, data: { who: 'nobody' } })
    await maps.update({ ...mine, data: { who: 'she' } })
    await expect(maps.update({ ...mine, data: { who: 'he' } })).rejects.toMatchObject({ code: 409 })
    const meantFor = Number(mine.metadata?.resourceVersion)
    const [made, taken, refused] = of('request')
    expect(made).not.toHaveProperty('meantFor')
    expect(taken).toMatchObject({ code: 200, meantFor })
    expect(taken).not.toHaveProperty('refused')
    expect(refused).toMatchObject({ code: 409, meantFor, refused: { data: { who: 'he' } } })
  })

  it('takes a patch for one that is meant for any state, unless it names one', async () => {
    const maps = test.client.of(ConfigMap)
    const { metadata } = await maps.create({ metadata: { name: 'a', namespace: 'default' } })
    const at = { namespace: 'default', name: 'a' }
    await maps.patch(at, 'application/merge-patch+json', { data: { x: '1' } })
    const named = { metadata: { resourceVersion: metadata?.resourceVersion }, data: { x: '2' } }
    await expect(maps.patch(at, 'application/merge-patch+json', named)).rejects.toMatchObject({ code: 409 })
    const [, free, bound] = of('request')
    expect(free).not.toHaveProperty('meantFor')
    expect(bound).toMatchObject({ meantFor: Number(metadata?.resourceVersion), refused: { data: { x: '2' } } })
  })

  it('says to whom each change was handed, and why it happened', async () => {
    const log = await watchLog(test.transport, '/api/v1/configmaps', { resourceVersion: String(test.store.revision) })
    await test.client.of(ConfigMap).create({ metadata: { name: 'a', namespace: 'default' } })
    await log.length(1)
    log[Symbol.dispose]()
    await log.ended
    const [opened] = of('watch')
    const write = of('request').find(({ verb }) => verb === 'create')
    expect(of('deliver')).toMatchObject([
      { event: 'ADDED', name: 'a', watch: opened?.watch, cause: write?.id, client: 'test' },
    ])
    expect(of('watch').map(({ state }) => state)).toEqual(['open', 'closed'])
  })

  it('shows the stage at which a request was refused', async () => {
    const stranger = test.server.transportFor({
      user: 'stranger',
      groups: ['system:authenticated'],
      client: 'curl/8.0',
    })
    await expect(stranger.request({ method: 'GET', path: '/api/v1/pods' })).rejects.toMatchObject({ code: 403 })
    const [request] = of('request')
    expect(request).toMatchObject({ client: 'curl', user: 'stranger', code: 403 })
    expect(request?.stages.at(-1)).toMatchObject({ name: 'authorization', ok: false })
    expect(request?.decision).toMatchObject({ allowed: false, groups: ['system:authenticated'] })
    expect(request).not.toHaveProperty('path')
    await expect(stranger.request({ method: 'GET', path: '/metrics' })).rejects.toMatchObject({ code: 403 })
    expect(of('request').at(-1)).toMatchObject({ resource: '', path: '/metrics' })
    expect(audited[0]).toMatchObject({
      level: 'Metadata',
      stage: 'ResponseComplete',
      verb: 'list',
      user: { username: 'stranger' },
      userAgent: 'curl/8.0',
      objectRef: { resource: 'pods', apiVersion: 'v1' },
      responseStatus: { code: 403, reason: 'Forbidden' },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    })
  })
})
