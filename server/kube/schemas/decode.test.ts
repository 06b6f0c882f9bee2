import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../apimachinery/json.ts'
import { decode, strictDecodingError } from './decode.ts'
import { loadSchemas } from './load-schemas.ts'

const schemas = loadSchemas()
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' }
const pod = { group: '', version: 'v1', kind: 'Pod' }
const specOf = (object: JsonObject) => object.spec as JsonObject

describe('decode', () => {
  it('names the field, its struct and both types when a value is of the wrong type', () => {
    expect(() => decode(schemas, deployment, { spec: { replicas: 'three' } })).toThrow(
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    )
  })

  const inPod = (container: JsonObject) => ({ spec: { containers: [{ name: 'a', ...container }] } })
  it.each([
    [
      'a number for a text',
      { env: [{ name: 'A', value: 1 }] },
      'number into Go struct field EnvVar.spec.containers.env.value of type string',
    ],
    [
      'an object for a list',
      { ports: {} },
      'object into Go struct field Container.spec.containers.ports of type []v1.ContainerPort',
    ],
    [
      'a list for an object',
      { resources: [] },
      'array into Go struct field Container.spec.containers.resources of type v1.ResourceRequirements',
    ],
    [
      'a number for a named text',
      { imagePullPolicy: 3 },
      'number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy',
    ],
    ['a text for a truth', { tty: 'yes' }, 'string into Go struct field Container.spec.containers.tty of type bool'],
    [
      'a fraction for an integer',
      { ports: [{ containerPort: 80.5 }] },
      'number 80.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      'too great an integer',
      { ports: [{ containerPort: 3000000000 }] },
      'number 3000000000 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
  ])('refuses %s', (_, container, words) => {
    expect(() => decode(schemas, pod, inPod(container))).toThrow(`json: cannot unmarshal ${words}`)
  })

  it('names the map, not the key, when a map value is of the wrong type', () => {
    expect(() => decode(schemas, pod, { metadata: { labels: { a: 1 } } })).toThrow(
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    )
  })

  it('answers wrong input with 400', () => {
    expect(() => decode(schemas, pod, { spec: 3 })).toThrow(
      expect.objectContaining({ reason: 'BadRequest', code: 400 }),
    )
    expect(() => decode(schemas, pod, '{"spec": nope}')).toThrow(
      expect.objectContaining({
        code: 400,
        message: expect.stringContaining("invalid character 'o' in literal null (expecting 'u')"),
      }),
    )
  })

  it('drops unknown fields and reports each with its place', () => {
    const { object, problems } = decode(schemas, deployment, {
      spec: { replcas: 1, template: { spec: { containers: [{ name: 'a' }, { name: 'b', imagee: 'x' }] } } },
    })
    expect(problems.map(({ message }) => message)).toEqual([
      'unknown field "spec.replcas"',
      'unknown field "spec.template.spec.containers[1].imagee"',
    ])
    expect(specOf(object).template).toMatchObject({ spec: { containers: [{ name: 'a' }, { name: 'b' }] } })
    expect(JSON.stringify(object)).not.toMatch(/replcas|imagee/)
    expect(
      strictDecodingError(
        deployment,
        problems.map(({ message }) => message),
      ).message,
    ).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replcas", unknown field "spec.template.spec.containers[1].imagee"',
    )
  })

  it('reports duplicate fields of a text and keeps the last value', () => {
    const { object, problems } = decode(schemas, deployment, '{"spec":{"replicas":1,"replicas":3}}')
    expect(problems).toEqual([{ kind: 'duplicate', path: 'spec.replicas', message: 'duplicate field "spec.replicas"' }])
    expect(specOf(object).replicas).toBe(3)
  })

  it('takes null as nothing said', () => {
    const { object } = decode(schemas, pod, { metadata: { labels: null }, spec: { containers: null, nodeName: null } })
    expect(object).toEqual({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: {}, status: {} })
  })

  it('leaves out what Go would: empty fields that are no pointers', () => {
    const { object } = decode(schemas, pod, {
      metadata: { labels: {}, finalizers: [] },
      spec: {
        hostNetwork: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    })
    expect(object).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {},
      spec: { enableServiceLinks: false, terminationGracePeriodSeconds: 0, volumes: [{ name: 'v', emptyDir: {} }] },
      status: {},
    })
  })

  it('has what Go writes though nobody set it', () => {
    const { object } = decode(schemas, pod, { spec: { containers: [{ name: 'a' }] } })
    expect(object).toMatchObject({ metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] }, status: {} })
  })

  it.each([
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1000m', '1'],
    ['2e3', '2e3'],
  ])('writes the quantity %s as %s', (given, written) => {
    const { object } = decode(schemas, pod, inPod({ resources: { limits: { cpu: given } } }))
    const [container] = specOf(object).containers as JsonObject[]
    expect(container).toMatchObject({ resources: { limits: { cpu: written } } })
  })

  it('keeps a quantity given as a number exact', () => {
    const text = '{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":0.10}}}]}}'
    const [container] = specOf(decode(schemas, pod, text).object).containers as JsonObject[]
    expect(container).toMatchObject({ resources: { limits: { cpu: '100m' } } })
  })

  it('refuses what is no quantity in the words users know', () => {
    expect(() => decode(schemas, pod, inPod({ resources: { limits: { memory: '64MB' } } }))).toThrow(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    )
  })

  it('writes times in UTC and whole seconds, micro times with six digits', () => {
    const { object } = decode(schemas, pod, { metadata: { creationTimestamp: '2026-01-02T03:04:05.678+02:00' } })
    expect(object.metadata).toEqual({ creationTimestamp: '2026-01-02T01:04:05Z' })
    const lease = decode(
      schemas,
      { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
      { spec: { renewTime: '2026-01-02T03:04:05.678Z' } },
    )
    expect(lease.object.spec).toEqual({ renewTime: '2026-01-02T03:04:05.678000Z' })
  })

  it.each([
    ['yesterday', 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
    ['2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
    ['2026-02-30T00:00:00Z', 'parsing time "2026-02-30T00:00:00Z": day out of range'],
  ])('refuses the time %s', (given, words) => {
    expect(() => decode(schemas, pod, { metadata: { creationTimestamp: given } })).toThrow(words)
  })

  it('takes a number or a text where either may stand, and nothing else', () => {
    const service = { group: '', version: 'v1', kind: 'Service' }
    const withTarget = (targetPort: JsonObject[string]) => ({ spec: { ports: [{ port: 80, targetPort }] } })
    expect(specOf(decode(schemas, service, withTarget('web')).object).ports).toEqual([{ port: 80, targetPort: 'web' }])
    expect(specOf(decode(schemas, service, withTarget(8080)).object).ports).toEqual([{ port: 80, targetPort: 8080 }])
    expect(() => decode(schemas, service, withTarget(true))).toThrow(
      'cannot unmarshal bool into Go value of type int32',
    )
  })

  it('refuses bad base64 and names the byte', () => {
    const secret = { group: '', version: 'v1', kind: 'Secret' }
    expect(decode(schemas, secret, { data: { a: 'aGk=' } }).object.data).toEqual({ a: 'aGk=' })
    expect(() => decode(schemas, secret, { data: { a: 'not base64!' } })).toThrow('illegal base64 data at input byte 3')
  })

  it('keeps fields of free form as they are', () => {
    const revision = { group: 'apps', version: 'v1', kind: 'ControllerRevision' }
    const data = { spec: { any: [1.5, null, { thing: true }] } }
    expect(decode(schemas, revision, JSON.stringify({ data, revision: 1 })).object.data).toEqual(data)
  })

  it('says which kind and version it decoded', () => {
    expect(Object.entries(decode(schemas, deployment, {}).object).slice(0, 2)).toEqual([
      ['apiVersion', 'apps/v1'],
      ['kind', 'Deployment'],
    ])
  })

  it('tells apart what it decoded as and what the sender said', () => {
    const { object, told } = decode(schemas, deployment, { apiVersion: 'v1', kind: 'Pod' })
    expect(object.kind).toBe('Deployment')
    expect(told).toEqual({ apiVersion: 'v1', kind: 'Pod' })
    expect(decode(schemas, deployment, {}).told).toEqual({})
  })

  it('does not let a body reach the prototype', () => {
    const { object, problems } = decode(
      schemas,
      pod,
      '{"__proto__":{"polluted":1},"metadata":{"labels":{"__proto__":"x"}}}',
    )
    expect(problems).toHaveLength(1)
    expect(({} as JsonObject).polluted).toBeUndefined()
    expect(Object.keys((object.metadata as JsonObject).labels as JsonObject)).toEqual(['__proto__'])
  })

  it('reads schemas within schemas as such, though a list or a flag may stand in their place', () => {
    const crd = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' }
    const read = (schema: object) => {
      const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }]
      const { object, problems } = decode(schemas, crd, { spec: { versions } } as never)
      const [version] = (object.spec as unknown as { versions: [{ schema: { openAPIV3Schema: object } }] }).versions
      return { schema: version.schema.openAPIV3Schema, problems }
    }
    const within = { type: 'object', properties: { a: null }, allOf: null, more: 1 }
    expect(read({ items: within, additionalProperties: within })).toEqual({
      schema: {
        items: { type: 'object', properties: { a: {} } },
        additionalProperties: { type: 'object', properties: { a: {} } },
      },
      problems: [],
    })
    expect(read({ items: [{ type: 'string', x: 1 }], additionalProperties: true }).schema).toEqual({
      items: [{ type: 'string' }],
      additionalProperties: true,
    })
    expect(() => read({ items: { type: 5 } })).toThrow('cannot unmarshal number into Go struct field JSONSchemaProps')
  })
})
