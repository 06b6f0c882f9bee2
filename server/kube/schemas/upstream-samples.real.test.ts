// Kubernetes' own samples of every kind, with every field filled in: JSON and protobuf of the same object, made by Go.
// They come with the Debian package that our facts were read from.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDebianSuite } from '../../../bin/debian-package.mjs'
import type { JsonObject } from '../apimachinery/json.ts'
import { decode } from './decode.ts'
import { writeEmptyFields } from './empty-fields.ts'
import { loadSchemas } from './load-schemas.ts'
import { readProtobuf, writeProtobuf } from './protobuf/protobuf.ts'
import type { GroupVersionKind } from './schemas.ts'

interface Sample {
  name: string
  gvk: GroupVersionKind
  text: string
  object: JsonObject
  protobuf: Buffer
}

const schemas = loadSchemas()
const scratch = mkdtempSync(join(tmpdir(), 'podium-samples-'))
const samples: Sample[] = []

beforeAll(async () => {
  const suite = await openDebianSuite({ suite: 'sid' })
  await suite.downloadAndUnpack('golang-k8s-api-dev', scratch)
  const dir = join(scratch, 'usr/share/gocode/src/k8s.io/api/testdata/HEAD')
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.json'))) {
    const text = readFileSync(join(dir, file), 'utf8')
    const object = JSON.parse(text) as JsonObject
    if (typeof object.apiVersion !== 'string') continue
    const [version = '', group = ''] = object.apiVersion.split('/').reverse()
    const gvk = { group, version, kind: String(object.kind) }
    if (!schemas.typeOf(gvk)) continue
    const protobuf = readFileSync(join(dir, file.replace(/json$/, 'pb')))
    samples.push({ name: file, gvk, text, object, protobuf })
  }
}, 120_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('upstream’s samples', () => {
  it('are found for our kinds', () => {
    expect(samples.length).toBeGreaterThan(80)
  })

  it('decode to themselves, with no field unknown and none lost', () => {
    for (const { name, gvk, text, object } of samples) {
      const decoded = decode(schemas, gvk, text)
      writeEmptyFields(schemas, gvk, decoded.object)
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
