// How every list and map of every kind is merged: one patch that touches all of them at once, ours against kubectl's, on
// Kubernetes' own sample of the kind with every field filled in.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchKubectl } from '../../../bin/fetch-kubectl.mjs'
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts'
import { applyPatch } from '../apimachinery/patch/apply-patch.ts'
import { builtInKinds } from '../kinds/index.ts'
import { servedKinds } from '../kinds/other-version.ts'
import { decode } from './decode.ts'
import { loadSchemas } from './load-schemas.ts'
import { patchSchemaOf } from './patch-schema.ts'
import type { FieldFact } from './schemas.ts'
import { type UpstreamSample, upstreamSamples } from './testing/upstream-samples.ts'

const run = promisify(execFile)
const schemas = loadSchemas()
const scratch = mkdtempSync(join(tmpdir(), 'podium-patch-'))
let kubectl = ''
let samples: UpstreamSample[] = []
beforeAll(async () => {
  kubectl = await fetchKubectl({ version: '1.36' })
  samples = await upstreamSamples(schemas)
}, 120_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Another value of the same type. */
function other(value: JsonValue | undefined): JsonValue {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  return typeof value === 'string' ? `${value}-other` : (value ?? null)
}

/** Touches every list and every map below: what is there already in lists, and one more. */
function patchOf(typeName: string, object: JsonObject): JsonObject {
  const fields = schemas.type(typeName)?.fields ?? new Map<string, FieldFact>()
  const patch: JsonObject = {}
  for (const [name, value] of Object.entries(object)) {
    const field = fields.get(name)
    if (!field || name === 'managedFields') continue
    const { type } = field
    if (Array.isArray(value)) patch[name] = listPatch(field, value)
    else if (type.kind === 'ref' && isJsonObject(value)) {
      // What keeps only the keys that are named is told of all of them.
      const inner = patchOf(type.ref, value)
      if (field.patchStrategies.includes('retainKeys')) inner.$retainKeys = Object.keys(value)
      patch[name] = inner
    } else if (type.kind === 'map' && isJsonObject(value)) {
      const first = Object.values(value)[0] ?? null
      // Maps of anything else take new keys only.
      patch[name] = { ...(typeof first === 'object' ? {} : value), another: first }
    }
  }
  return patch
}

function listPatch({ type, patchMergeKey }: FieldFact, list: readonly JsonValue[]): JsonValue {
  const [first] = list
  if (!isJsonObject(first)) return [other(first)]
  const items = type.kind === 'array' && type.items.kind === 'ref' ? type.items.ref : ''
  if (!patchMergeKey) return [patchOf(items, first)]
  const key = first[patchMergeKey] ?? null
  return [
    { ...patchOf(items, first), [patchMergeKey]: key },
    { ...first, [patchMergeKey]: other(key) },
  ]
}

const served = servedKinds(builtInKinds).map(({ group, version, kind }) => `${group}/${version} ${kind}`)

describe('our strategic merge patch and kubectl’s', () => {
  it('agree on the lists and maps of every kind', { timeout: 120_000 }, async () => {
    const seen: string[] = []
    const compare = async ({ gvk, object: original }: UpstreamSample) => {
      const name = `${gvk.group}/${gvk.version} ${gvk.kind}`
      if (!served.includes(name)) return
      const patch = patchOf(schemas.typeOf(gvk)!.name, original)
      const canonical = (object: JsonObject) => decode(schemas, gvk, object).object
      const file = join(scratch, `${gvk.group}-${gvk.version}-${gvk.kind}.json`)
      writeFileSync(file, JSON.stringify(original))
      const args = [
        'patch',
        '--local',
        '--type=strategic',
        '-f',
        file,
        '-p',
        JSON.stringify(patch),
        '-o',
        'json',
        '--show-managed-fields',
      ]
      const { stdout } = await run(kubectl, args, { encoding: 'utf8', maxBuffer: 64 << 20 })
      const contentType = 'application/strategic-merge-patch+json'
      const ours = applyPatch({ contentType, original, patch, patchSchema: patchSchemaOf(schemas, gvk)! })
      expect(canonical(ours as JsonObject), name).toEqual(canonical(JSON.parse(stdout) as JsonObject))
      seen.push(name)
    }
    const waiting = [...samples]
    const worker = async () => {
      for (let sample = waiting.pop(); sample; sample = waiting.pop()) await compare(sample)
    }
    await Promise.all([worker(), worker()])
    // Kinds that kubectl itself has no types of.
    expect(served.filter((name) => !seen.includes(name))).toEqual([
      'apiextensions.k8s.io/v1 CustomResourceDefinition',
      'apiregistration.k8s.io/v1 APIService',
    ])
  })

  it('both refuse to look into the values of a map', async () => {
    const { gvk, object: original } = samples.find(({ gvk: { kind } }) => kind === 'CertificateSigningRequest')!
    const { extra } = original.spec as { extra: JsonObject }
    const patch = { spec: { extra } }
    const file = join(scratch, 'map.json')
    writeFileSync(file, JSON.stringify(original))
    const args = ['patch', '--local', '--type=strategic', '-f', file, '-p', JSON.stringify(patch), '-o', 'json']
    const words = 'merging an object in json but data type is not struct, instead is: map'
    await expect(run(kubectl, args)).rejects.toThrow(words)
    const contentType = 'application/strategic-merge-patch+json'
    const patchSchema = patchSchemaOf(schemas, gvk)!
    expect(() => applyPatch({ contentType, original, patch, patchSchema })).toThrow(words)
  })
})
