// Go leaves no struct out: programs that read `status.conditions` of an object that nobody has looked at yet find a status.
// Debian's Python client, for one, ends at `csr.status.conditions` where there is none.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const pod = { containers: [{ name: 'web', image: 'nginx' }] }
const template = { metadata: { labels: { app: 'web' } }, spec: pod }
const selector = { matchLabels: { app: 'web' } }
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const job = { template: { spec: { ...pod, restartPolicy: 'Never' } } }
const port = { name: 'web', port: { number: 80 } }

describe('a status that nobody has written', () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer()
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const request = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
    const answer = await test.transport.request({ method, path, ...(body ? { body } : {}) })
    return answer as Record<string, unknown>
  }

  it.each([
    ['apps/v1', 'deployments', { selector, template }, { status: {} }],
    ['batch/v1', 'cronjobs', { schedule: '@daily', jobTemplate: { spec: job } }, { status: {} }],
    ['networking.k8s.io/v1', 'ingresses', { defaultBackend: { service: port } }, { status: { loadBalancer: {} } }],
    [
      'autoscaling/v2',
      'horizontalpodautoscalers',
      { maxReplicas: 3, scaleTargetRef },
      { status: { desiredReplicas: 0 } },
    ],
    ['policy/v1', 'poddisruptionbudgets', { minAvailable: 1, selector }, { status: { disruptionsAllowed: 0 } }],
  ])('is there in %s %s, and stays when others are written', async (version, resource, spec, expected) => {
    const path = `/apis/${version}/namespaces/default/${resource}`
    expect(await request('POST', path, { metadata: { name: 'web' }, spec })).toMatchObject(expected)
    const seen = await request('GET', `${path}/web`)
    const { resourceVersion } = seen.metadata as { resourceVersion: string }
    const labelled = { metadata: { name: 'web', labels: { a: 'b' } }, spec }
    expect(await request('PUT', `${path}/web`, labelled)).toMatchObject(expected)
    const again = await request('PUT', `${path}/web`, labelled)
    expect(again).toMatchObject(expected)
    expect((again.metadata as { resourceVersion: string }).resourceVersion).not.toBe(resourceVersion)
  })
})
