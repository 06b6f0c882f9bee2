import { describe, expect, it } from 'vitest'
import { writeEmptyFields } from './empty-fields.ts'
import { loadSchemas } from './load-schemas.ts'
import { applySchemaDefaults } from './schema-defaults.ts'

const schemas = loadSchemas()
const pod = { group: '', version: 'v1', kind: 'Pod' }

describe('loadSchemas', () => {
  it('knows a field: its type, number, patch and list keys', () => {
    expect(schemas.fieldAt(pod, ['spec', 'containers', 'ports'])).toMatchObject({
      type: { kind: 'array', items: { kind: 'ref', ref: 'io.k8s.api.core.v1.ContainerPort' } },
      required: false,
      protobuf: { number: 6, wire: 'bytes' },
      patchStrategies: ['merge'],
      patchMergeKey: 'containerPort',
      listType: 'map',
      listMapKeys: ['containerPort', 'protocol'],
    })
    expect(schemas.fieldAt(pod, ['spec', 'volumes'])?.patchStrategies).toEqual(['merge', 'retainKeys'])
    expect(schemas.fieldAt(pod, ['spec', 'restartPolicy'])?.enum).toEqual(['Always', 'Never', 'OnFailure'])
    expect(schemas.fieldAt(pod, ['spec', 'containers', 'ports', 'protocol'])?.default).toBe('TCP')
  })

  it('steps into embedded types as JSON does', () => {
    expect(schemas.fieldAt(pod, ['spec', 'volumes', 'configMap', 'items', 'key'])?.required).toBe(true)
    expect(schemas.type('io.k8s.api.core.v1.Volume')?.embedded).toEqual([
      { type: 'io.k8s.api.core.v1.VolumeSource', protobuf: 2 },
    ])
  })

  it('resolves every type that any field names', () => {
    for (const name of schemas.typeNames()) {
      for (const field of schemas.type(name)!.fields.values()) {
        let type = field.type
        while (type.kind === 'array' || type.kind === 'map') type = type.kind === 'array' ? type.items : type.values
        if (type.kind === 'ref') expect(schemas.type(type.ref), `${name}.${field.name}`).toBeDefined()
      }
    }
  })

  it('lists the kinds of every group the server serves', () => {
    const kinds = schemas.kinds().map(({ group, version, kind }) => `${group}/${version} ${kind}`)
    expect(kinds).toEqual(
      expect.arrayContaining(['/v1 Pod', 'apps/v1 Deployment', 'autoscaling/v2 HorizontalPodAutoscaler']),
    )
    expect(kinds.length).toBeGreaterThan(120)
  })

  it('knows the options of requests in every group', () => {
    expect(
      schemas.typeOf({ group: 'apps', version: 'v1', kind: 'DeleteOptions' })?.fields.has('propagationPolicy'),
    ).toBe(true)
  })

  it('has no type for kinds it was not told of', () => {
    expect(schemas.typeOf({ group: 'example.com', version: 'v1', kind: 'CronTab' })).toBeUndefined()
    for (const kind of ['hasOwnProperty', 'constructor', '__proto__']) {
      expect(schemas.typeOf({ group: 'example.com', version: 'v1', kind })).toBeUndefined()
      expect(schemas.typeOf({ group: 'apps', version: 'v1', kind })).toBeUndefined()
    }
  })
})

describe('writeEmptyFields', () => {
  it('writes what Go writes when nobody set it', () => {
    const object = { spec: { containers: [{ name: 'a' }] } }
    writeEmptyFields(schemas, pod, object)
    expect(object).toEqual({
      metadata: {},
      spec: { containers: [{ name: 'a', resources: {} }] },
      status: {},
    })
  })
})

describe('applySchemaDefaults', () => {
  it('fills declared defaults below what is there, and creates no parents', () => {
    const object = { spec: { containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] } }
    applySchemaDefaults(schemas, pod, object)
    expect(object).toEqual({ spec: { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }] } })
  })
})
