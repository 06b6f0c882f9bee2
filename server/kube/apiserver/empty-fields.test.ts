// Go leaves no struct out: programs that read `status.conditions` of an object that nobody has looked at yet find a status,
// those that read `jobTemplate.metadata.labels` find metadata. Debian's Python client, for one, ends at
// `csr.status.conditions` where there is none.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const pod = { containers: [{ name: 'web', image: 'nginx' }] }
const template = { metadata: { labels: { app: 'web' } }, spec: pod }
const selector = { matchLabels: { app: 'web' } }
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const job = { template: { spec: { ...pod, restartPolicy: 'Never' } } }
const port = { name: 'web', port: { number: 80 } }
const claim = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }

describe('what nobody has written', () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer()
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const request = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
    const answer = await test.transport.request({ method, path, ...(body ? { body } : {}) })
    return answer as KubeObject & Record<string, unknown>
  }

  it.each([
    ['apps/v1', 'deployments', { selector, template }, { status: {} }],
    [
      'apps/v1',
      'statefulsets',
      { selector, template, volumeClaimTemplates: [{ metadata: { name: 'data' }, ...claim }] },
      { spec: { serviceName: '', updateStrategy: {}, template: { spec: { containers: [{ resources: {} }] } } } },
    ],
    [
      'batch/v1',
      'cronjobs',
      { schedule: '@daily', jobTemplate: { spec: job } },
      { spec: { jobTemplate: { metadata: {}, spec: { template: { metadata: {} } } } }, status: {} },
    ],
    ['networking.k8s.io/v1', 'networkpolicies', { policyTypes: ['Ingress'] }, { spec: { podSelector: {} } }],
    ['networking.k8s.io/v1', 'ingresses', { defaultBackend: { service: port } }, { status: { loadBalancer: {} } }],
    [
      'autoscaling/v2',
      'horizontalpodautoscalers',
      { maxReplicas: 3, scaleTargetRef },
      { status: { desiredReplicas: 0 } },
    ],
    ['policy/v1', 'poddisruptionbudgets', { minAvailable: 1, selector }, { status: { disruptionsAllowed: 0 } }],
    ['resource.k8s.io/v1', 'resourceclaimtemplates', { spec: {} }, { spec: { metadata: {}, spec: { devices: {} } } }],
  ])('is there in %s %s, and stays when others are written', async (version, resource, spec, expected) => {
    const path = `/apis/${version}/namespaces/default/${resource}`
    expect(await request('POST', path, { metadata: { name: 'web' }, spec })).toMatchObject(expected)
    const seen = await request('GET', `${path}/web`)
    const put = ({ metadata }: KubeObject) => {
      const { resourceVersion } = metadata ?? {}
      return request('PUT', `${path}/web`, { metadata: { name: 'web', resourceVersion, labels: { a: 'b' } }, spec })
    }
    const labelled = await put(seen)
    expect(labelled).toMatchObject(expected)
    const again = await put(labelled)
    expect(again).toMatchObject(expected)
    expect(again.metadata?.resourceVersion).not.toBe(seen.metadata?.resourceVersion)
  })

  // Upstream compares with an object of Go's that nothing was written to, which has its structs too; an element of a list is new as a whole.
  it('is nobody’s, but in a new element of a list its maker’s who did not apply it', async () => {
    const path = '/apis/batch/v1/namespaces/default/cronjobs'
    const ownedBy = ({ metadata }: KubeObject) =>
      JSON.stringify(metadata?.managedFields?.map(({ fieldsV1 }) => fieldsV1))
    const spec = { schedule: '@daily', jobTemplate: { spec: job } }
    const made = await request('POST', path, { metadata: { name: 'made' }, spec })
    expect(ownedBy(made)).toContain('"f:jobTemplate":{"f:spec":')
    expect(ownedBy(made)).toContain('"f:resources":{}')
    const applied = (await test.transport.request({
      method: 'PATCH',
      path: `${path}/applied`,
      query: { fieldManager: 'me' },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'applied' }, spec },
    })) as KubeObject
    expect(applied).toMatchObject({ spec: { jobTemplate: { metadata: {} } } })
    expect(ownedBy(applied)).not.toMatch(/f:metadata|f:resources/)
  })

  it('is no change where it was stored before we wrote it', async () => {
    const { store } = test
    const path = '/apis/batch/v1/namespaces/default/cronjobs'
    const spec = { schedule: '@daily', jobTemplate: { spec: job } }
    await request('POST', path, { metadata: { name: 'old' }, spec })
    const key = '/registry/cronjobs/default/old'
    const [kept] = (await store.range({ key })).kvs
    const old = JSON.parse(kept!.value.toString()) as { spec: { jobTemplate: { metadata?: object } } }
    delete old.spec.jobTemplate.metadata
    const { revision } = await store.txn({
      compare: [],
      success: [{ type: 'put', key, value: Buffer.from(JSON.stringify(old)) }],
      failure: [],
    })
    const again = await request('PUT', `${path}/old`, { metadata: { name: 'old' }, spec })
    expect(again.metadata?.resourceVersion).toBe(String(revision))
  })

  describe('and is null in Go', () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
    const pods = '/api/v1/namespaces/default/pods'
    const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
    let ask: (path: string, headers?: Record<string, string>) => Promise<string>
    beforeAll(async () => {
      await request('POST', rbac, { metadata: { name: 'nothing' } })
      await request('POST', slices, { metadata: { name: 'nothing' }, addressType: 'IPv4' })
      await request('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
      await request('POST', pods, { metadata: { name: 'web' }, spec: pod })
      const { metadata } = await request('GET', `${pods}/web`)
      const status = { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }] }
      await request('PUT', `${pods}/web/status`, { metadata, spec: pod, status })
      const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
      const admin = await test.pki.issue('admin', ['system:masters'])
      ask = async (path, headers = {}) =>
        (await rawRequest({ port, caPem: test.pki.caPem, ...admin, path, headers })).text
    })
    const condition =
      '{"type":"Ready","status":"False","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"}'

    it('is null on the wire, in its place, alone, in a list and in a watch', async () => {
      expect(await ask(`${pods}/web`)).toContain(`"conditions":[${condition}]`)
      expect(await ask(pods)).toContain(condition)
      expect(await ask(`${pods}?watch=true&timeoutSeconds=1`)).toContain(condition)
      expect(await ask(`${rbac}/nothing`)).toMatch(/"rules":null\}\n$/)
      const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
      expect(await ask(`${rbac}/nothing?includeObject=Object`, { accept: table })).toContain('"rules":null}')
      const begun = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
      const bookmark = `${pods}?${begun}&allowWatchBookmarks=true&timeoutSeconds=1`
      expect(await ask(bookmark)).toContain('"spec":{"containers":null},"status":{}}}')
      expect(await ask(`${slices}/nothing`)).toMatch(/"addressType":"IPv4","endpoints":null,"ports":null\}\n$/)
    })

    it('is owned by who wrote what it is in', async () => {
      const owned = (await request('GET', `${pods}/web`)).metadata?.managedFields?.find(
        ({ subresource }) => subresource === 'status',
      )
      expect(owned?.fieldsV1).toMatchObject({
        'f:status': { 'f:conditions': { 'k:{"type":"Ready"}': { '.': {}, 'f:lastProbeTime': {}, 'f:status': {} } } },
      })
    })

    it('is there for a JSON patch, which is written by who has seen it', async () => {
      const body = [{ op: 'remove', path: '/rules' }]
      const contentType = 'application/json-patch+json'
      const patched = await test.transport.request({ method: 'PATCH', path: `${rbac}/nothing`, body, contentType })
      expect(patched).not.toHaveProperty('rules')
    })

    it('is so for people, and in YAML', async () => {
      expect(await ask(`${rbac}/nothing`, { 'user-agent': 'curl/8' })).toContain('\n  "rules": null\n')
      expect(await ask(`${pods}/web`, { accept: 'application/yaml' })).toContain('lastProbeTime: null')
    })

    it('is nothing to us, neither in memory nor when it comes from the store, and no change when it is sent back', async () => {
      const role = await request('GET', `${rbac}/nothing`)
      expect(role).not.toHaveProperty('rules')
      const second = await startTestServer({ options: { store: test.store } })
      const again = (await second.transport.request({ method: 'GET', path: `${rbac}/nothing` })) as KubeObject
      expect(again).not.toHaveProperty('rules')
      const sent = JSON.parse(await ask(`${rbac}/nothing`)) as object
      const put = (await second.transport.request({ method: 'PUT', path: `${rbac}/nothing`, body: sent })) as KubeObject
      expect(put.metadata?.resourceVersion).toBe(role.metadata?.resourceVersion)
      await second[Symbol.asyncDispose]()
    })
  })
})
