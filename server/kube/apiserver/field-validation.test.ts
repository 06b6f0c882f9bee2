// What a sender hears of fields that nobody knows or that it has given twice: over HTTPS, since only text can show them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const JSON_TYPE = 'application/json'
const YAML_TYPE = 'application/yaml'

describe('field validation', () => {
  let test: TestServer
  let send: (
    method: string,
    path: string,
    contentType: string,
    body: string,
  ) => Promise<{ code: number; warnings: string[]; message: string }>

  beforeAll(async () => {
    test = await startTestServer()
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const admin = await test.pki.issue('admin', ['system:masters'])
    send = async (method, path, contentType, body) => {
      const answer = await rawRequest({
        port,
        caPem: test.pki.caPem,
        ...admin,
        method,
        path,
        headers: { 'content-type': contentType },
        body,
      })
      const warnings = [answer.headers.warning ?? []].flat().flatMap((line) => line.match(/"(?:[^"\\]|\\.)*"/g) ?? [])
      return {
        code: answer.code,
        warnings: warnings.map((text) => JSON.parse(text)),
        message: answer.json().message ?? '',
      }
    }
    await test.transport.request({
      method: 'POST',
      path: DEPLOYMENTS,
      body: {
        metadata: { name: 'web' },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
        },
      },
    })
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const twice = '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"},"daat":{}}'
  const yaml = 'metadata: {name: x}\ndata:\n  a: "1"\n  "a": "2"\ndaat: {}\n'
  const strategic = '{"spec":{"replicas":1,"replicas":2,"replcas":3}}'
  const jsonPatch = '[{"op":"replace","path":"/spec/replicas","value":1,"value":2}]'
  const configuration = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "y"}\ndata:\n  a: "1"\n  a: "2"\n'

  it.each([
    {
      what: 'JSON',
      method: 'POST',
      path: MAPS,
      type: JSON_TYPE,
      body: twice,
      warnings: ['duplicate field "data.a"', 'unknown field "daat"'],
      code: 400,
      strict:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a", unknown field "daat"',
    },
    {
      what: 'JSON in the order of its text',
      method: 'POST',
      path: DEPLOYMENTS,
      type: JSON_TYPE,
      body: '{"metadata":{"name":"z"},"spec":{"unknown":{"a":1,"a":2},"replicas":2,"replicas":3,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"a","image":"b"}]}}}}',
      warnings: ['unknown field "spec.unknown"', 'duplicate field "spec.replicas"'],
      code: 400,
      strict:
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.unknown", duplicate field "spec.replicas"',
    },
    {
      what: 'YAML',
      method: 'POST',
      path: MAPS,
      type: YAML_TYPE,
      body: yaml,
      warnings: ['line 4: key "a" already set in map', 'unknown field "daat"'],
      code: 400,
      strict:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 4: key "a" already set in map, unknown field "daat"',
    },
    {
      what: 'a strategic merge patch',
      method: 'PATCH',
      path: `${DEPLOYMENTS}/web`,
      type: 'application/strategic-merge-patch+json',
      body: strategic,
      warnings: ['duplicate field "spec.replicas"', 'unknown field "spec.replcas"'],
      code: 422,
      strict:
        ' "" is invalid: patch: Invalid value: "map[spec:map[replcas:3 replicas:2]]": strict decoding error: duplicate field "spec.replicas", unknown field "spec.replcas"',
    },
    {
      what: 'a JSON patch',
      method: 'PATCH',
      path: `${DEPLOYMENTS}/web`,
      type: 'application/json-patch+json',
      body: jsonPatch,
      warnings: ['json patch duplicate field "[0].value"'],
      code: 422,
      strict:
        /^ "" is invalid: patch: Invalid value: ".*": strict decoding error: json patch duplicate field "\[0\]\.value"$/,
    },
    {
      what: 'an applied configuration',
      method: 'PATCH',
      path: `${MAPS}/y`,
      type: 'application/apply-patch+yaml',
      body: configuration,
      warnings: ['line 6: key "a" already set in map'],
      code: 400,
      strict:
        'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "a" already set in map',
    },
  ])('of $what warns, refuses or is silent, as asked', async ({ method, path, type, body, warnings, code, strict }) => {
    const ask = (fieldValidation: string) =>
      send(method, `${path}?dryRun=All&fieldManager=me&fieldValidation=${fieldValidation}`, type, body)
    expect((await ask('Warn')).warnings).toEqual(warnings)
    expect((await ask('')).warnings, 'warning is the default').toEqual(warnings)
    expect(await ask('Ignore')).toMatchObject({ warnings: [], message: '' })
    const refused = await ask('Strict')
    expect(refused.code).toBe(code)
    if (typeof strict === 'string') expect(refused.message).toBe(strict)
    else expect(refused.message).toMatch(strict)
  })

  it('calls a patch invalid that makes no object of its kind', async () => {
    const contentType = 'application/merge-patch+json'
    const refused = await send('PATCH', `${DEPLOYMENTS}/web`, contentType, '{"spec":{"replicas":"two"}}')
    expect(refused.code).toBe(422)
    expect(refused.message).toMatch(
      /^ "" is invalid: patch: Invalid value: "\{.*\}": json: cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32$/,
    )
  })

  it.each([
    { spec: { replicas: 'two' }, why: 'patch: Invalid value: "map[spec:map[replicas:two]]": unrecognized type: int32' },
    {
      spec: { template: { spec: { nodeSelector: 'x' } } },
      why: 'patch: Invalid value: "map[spec:map[template:map[spec:map[nodeSelector:x]]]]": cannot restore map from string',
    },
  ])('words the errors of a strategic merge patch as people find them: $why', async ({ spec, why }) => {
    const contentType = 'application/strategic-merge-patch+json'
    const refused = await send('PATCH', `${DEPLOYMENTS}/web`, contentType, JSON.stringify({ spec }))
    expect(refused).toMatchObject({ code: 422, message: ` "" is invalid: ${why}` })
  })

  it('knows its own directives only, and dry runs are for all or nothing', async () => {
    const { code, message } = await send('POST', `${MAPS}?fieldValidation=Maybe&dryRun=Some`, JSON_TYPE, '{}')
    expect(code).toBe(422)
    expect(message).toBe(
      'CreateOptions.meta.k8s.io "" is invalid: [dryRun: Unsupported value: ["Some"]: supported values: "All", fieldValidation: Unsupported value: "Maybe": supported values: "", "Ignore", "Strict", "Warn"]',
    )
    const deleted = await send('DELETE', `${DEPLOYMENTS}/web?dryRun=Some`, JSON_TYPE, '')
    expect(deleted.message).toMatch(/^DeleteOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value/)
  })

  it('refuses a patch of too many steps', async () => {
    const steps = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'Deployment' }))
    const refused = await send('PATCH', `${DEPLOYMENTS}/web`, 'application/json-patch+json', JSON.stringify(steps))
    expect(refused).toMatchObject({
      code: 413,
      message: 'The allowed maximum operations in a JSON patch is 10000, got 10001',
    })
  })

  it('names an owner once that was named twice', async () => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u-1' }
    const body = JSON.stringify({ metadata: { name: 'owned', ownerReferences: [owner, { ...owner }] } })
    expect((await send('POST', MAPS, JSON_TYPE, body)).warnings).toEqual([
      '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u-1',
    ])
    const made = await test.transport.request({ method: 'GET', path: `${MAPS}/owned` })
    expect(made).toMatchObject({ metadata: { ownerReferences: [owner] } })
  })
})
