import { describe, expect, it, vi } from 'vitest'
import type { JsonObject } from '../../apimachinery/json.ts'
import { loadSchemas } from '../load-schemas.ts'
import { readProtobuf, writeProtobuf, writeProtobufWatchEvent } from './protobuf.ts'

const schemas = loadSchemas()

const objects: { name: string; object: JsonObject }[] = [
  {
    name: 'a pod: embedded types, quantities, number or text, times',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', labels: { x: 'ü', y: '' }, creationTimestamp: '2026-01-02T03:04:05Z', generation: 7 },
      spec: {
        volumes: [{ name: 'c', configMap: { name: 'conf', defaultMode: 420 } }],
        containers: [
          {
            name: 'a',
            resources: { limits: { cpu: '100m', memory: '1Gi' } },
            livenessProbe: { httpGet: { port: 'web' } },
            readinessProbe: { tcpSocket: { port: 8080 } },
          },
        ],
        terminationGracePeriodSeconds: 0,
        priority: -1,
        hostNetwork: true,
      },
    },
  },
  {
    name: 'a lease: times to the microsecond',
    object: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {},
      spec: { renewTime: '2026-01-02T03:04:05.000678Z' },
    },
  },
  {
    name: 'a secret: bytes',
    object: { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { a: 'AAH/', empty: '' } },
  },
  {
    name: 'a revision: any JSON',
    object: { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: {}, data: { any: [1, null] }, revision: 2 },
  },
  {
    name: 'a review: lists as values of a map',
    object: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: { user: 'u', extra: { scopes: ['a', 'b'], none: [] } },
      status: {},
    },
  },
  {
    name: 'a definition: schemas in schemas, and what may stand in their place',
    object: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {},
      spec: {
        versions: [
          {
            name: 'v1',
            schema: {
              openAPIV3Schema: {
                properties: {
                  a: { items: { type: 'string', default: 'x', minimum: 0.5, multipleOf: -2 } },
                  b: { items: [{ type: 'integer' }, { type: 'string' }] },
                  c: { additionalProperties: true },
                  d: { additionalProperties: false },
                  e: { additionalProperties: { type: 'boolean', enum: [1, 'two', null] } },
                  f: { dependencies: { x: ['y', 'z'], w: { type: 'object' } } },
                },
              },
            },
          },
        ],
      },
    },
  },
]

describe('protobuf', () => {
  it.each(objects)('writes and reads $name', ({ object }) => {
    expect(readProtobuf(schemas, writeProtobuf(schemas, object)!).object).toEqual(object)
  })

  it('starts with the magic and names its kind', () => {
    const bytes = writeProtobuf(schemas, { apiVersion: 'apps/v1', kind: 'Deployment' })!
    expect(bytes.subarray(0, 4)).toEqual(Buffer.from('k8s\0'))
    expect(readProtobuf(schemas, bytes)).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
  })

  it('reads a body that does not say its kind as the kind expected', () => {
    const full = writeProtobuf(schemas, { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' })!
    const typeMeta = 2 + full[5]!
    const bytes = Buffer.concat([full.subarray(0, 4), full.subarray(4 + typeMeta)])
    const expected = { group: '', version: 'v1', kind: 'DeleteOptions' }
    expect(readProtobuf(schemas, bytes, expected).object).toEqual({ propagationPolicy: 'Foreground' })
  })

  it('finds out once what a type has', () => {
    const containers = Array.from({ length: 100 }, (_, index) => ({ name: `c${index}`, resources: {} }))
    const pod = { apiVersion: 'v1', kind: 'Pod', spec: { containers } }
    const bytes = writeProtobuf(schemas, pod)!
    const { fields } = schemas.type('io.k8s.api.core.v1.Container')!
    const looks = vi.spyOn(fields, 'values')
    expect(readProtobuf(schemas, bytes).object).toMatchObject(pod)
    expect(looks).toHaveBeenCalledOnce()
    looks.mockRestore()
  })

  it('frames a watch event with its length', () => {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }
    const frame = writeProtobufWatchEvent(schemas, 'ADDED', object)!
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4)
    expect(frame.subarray(6, 11).toString()).toBe('ADDED')
    expect(frame.subarray(frame.indexOf('k8s\0'))).toEqual(writeProtobuf(schemas, object))
  })

  it('has no form for kinds without facts', () => {
    expect(writeProtobuf(schemas, { apiVersion: 'example.com/v1', kind: 'Thing' })).toBeUndefined()
  })

  it.each([
    ['JSON', Buffer.from('{}')],
    ['half a message', writeProtobuf(schemas, objects[0]!.object)!.subarray(0, 40)],
    ['a length beyond the end', Buffer.from([0x6b, 0x38, 0x73, 0, 0x12, 0xff, 0xff, 0x03])],
    ['an endless number', Buffer.from([0x6b, 0x38, 0x73, 0, ...Array.from({ length: 12 }, () => 0xff)])],
    ['an unknown kind', Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, 5, 0x12, 3]), Buffer.from('Odd')])],
  ])('answers %s with 400', (_, bytes) => {
    expect(() => readProtobuf(schemas, bytes)).toThrow(expect.objectContaining({ code: 400 }))
  })
})
