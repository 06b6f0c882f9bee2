// Kubernetes' own samples of every kind: we read and write them as Go does.

import { beforeAll, describe, expect, it } from 'vitest'
import { decode } from './decode.ts'
import { loadSchemas } from './load-schemas.ts'
import { readProtobuf, writeProtobuf } from './protobuf/protobuf.ts'
import { type UpstreamSample, upstreamSamples } from './testing/upstream-samples.ts'

const schemas = loadSchemas()
let samples: UpstreamSample[] = []

beforeAll(async () => {
  samples = await upstreamSamples(schemas)
}, 120_000)

describe('upstream’s samples', () => {
  it('are found for our kinds', () => {
    expect(samples.length).toBeGreaterThan(80)
  })

  it('decode to themselves, with no field unknown and none lost', () => {
    for (const { name, gvk, text, object } of samples) {
      const decoded = decode(schemas, gvk, text)
      expect(decoded.problems, name).toEqual([])
      expect(decoded.object, name).toEqual(object)
    }
  })

  it('are the same object read from protobuf', () => {
    for (const { name, protobuf, object } of samples)
      expect(readProtobuf(schemas, protobuf).object, name).toEqual(object)
  })

  it('become the very bytes that Go writes', () => {
    for (const { name, protobuf, object } of samples) {
      expect(writeProtobuf(schemas, object)!.equals(protobuf), name).toBe(true)
    }
  })
})
