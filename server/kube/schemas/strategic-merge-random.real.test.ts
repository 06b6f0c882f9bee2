// Random deployments and random patches, ours against kubectl's. A failure prints the seed that made it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchKubectl } from '../../../bin/fetch-kubectl.mjs'
import type { JsonObject, JsonValue } from '../apimachinery/json.ts'
import { applyPatch } from '../apimachinery/patch/apply-patch.ts'
import { decode } from './decode.ts'
import { loadSchemas } from './load-schemas.ts'
import { patchSchemaOf } from './patch-schema.ts'

const CASES = 40
const FIRST_SEED = Number(process.env.PODIUM_SEED ?? 1)
const NAMES = ['a', 'b', 'c', 'd', 'e']

class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) % 2_147_483_647
  }
  below(limit: number): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647
    return this.#state % limit
  }
  oneIn(chances: number): boolean {
    return this.below(chances) === 0
  }
  pick<T>(choices: T[]): T {
    return choices[this.below(choices.length)]!
  }
  some(choices: string[]): string[] {
    return this.shuffled(choices).slice(0, this.below(choices.length))
  }
  shuffled<T>(list: T[]): T[] {
    const rest = [...list]
    return list.map(() => rest.splice(this.below(rest.length), 1)[0]!)
  }
}

const named = (names: string[]) => names.map((name) => ({ name }))
const finalizers = NAMES.map((name) => `example.com/${name}`)

function randomContainer(dice: Dice, name: string): JsonObject {
  return {
    name,
    image: `image:${dice.below(3)}`,
    ...(dice.oneIn(2) ? { env: dice.some(NAMES).map((key) => ({ name: key, value: `${1 + dice.below(9)}` })) } : {}),
    ...(dice.oneIn(2) ? { ports: dice.some(['80', '81', '82']).map((port) => ({ containerPort: Number(port) })) } : {}),
    ...(dice.oneIn(3) ? { args: dice.some(NAMES) } : {}),
  }
}

const randomDeployment = (dice: Dice): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    labels: Object.fromEntries(dice.some(NAMES).map((name) => [name, '1'])),
    finalizers: dice.some(finalizers),
  },
  spec: {
    selector: { matchLabels: { a: '1' } },
    template: {
      spec: {
        containers: dice.some(NAMES).map((name) => randomContainer(dice, name)),
        volumes: dice.some(NAMES).map((name) =>
          dice.pick<JsonObject>([
            { name, emptyDir: {} },
            { name, hostPath: { path: '/x' } },
          ]),
        ),
      },
    },
  },
})

function randomPatch(dice: Dice): JsonObject {
  const spec: JsonObject = {}
  const metadata: JsonObject = {}
  const touched = dice.some(NAMES)
  const deleted = new Set(touched.filter(() => dice.oneIn(5)))
  spec.containers = touched.map((name) => {
    if (deleted.has(name)) return { name, $patch: 'delete' }
    const container = randomContainer(dice, name)
    if (dice.oneIn(5)) container.image = null
    if (container.env && dice.oneIn(3)) container['$setElementOrder/env'] = named(dice.shuffled(NAMES))
    return container
  })
  if (dice.oneIn(8)) spec.containers.unshift({ $patch: 'replace' })
  if (dice.oneIn(3)) {
    const others = dice.some(NAMES.filter((name) => !touched.includes(name)))
    spec['$setElementOrder/containers'] = named([...touched.filter((name) => !deleted.has(name)), ...others])
  }
  if (dice.oneIn(3)) {
    spec.volumes = dice.some(NAMES).map((name) =>
      dice.pick<JsonObject>([
        { name, $retainKeys: ['name', 'emptyDir'], emptyDir: { medium: 'Memory' } },
        { name, hostPath: { type: 'File' } },
        { name, $patch: 'delete' },
      ]),
    )
  }
  if (dice.oneIn(2)) {
    metadata.labels = dice.pick<JsonValue>([
      { a: null, f: '2' },
      { $patch: 'replace', z: '1' },
      { $patch: 'delete' },
      null,
    ])
  }
  const added = dice.some(finalizers)
  if (dice.oneIn(2)) metadata.finalizers = added
  // What is deleted and added at once is upstream's to chance: its maps have no order.
  if (dice.oneIn(3)) {
    const unwanted = dice.some(finalizers).filter((finalizer) => !added.includes(finalizer))
    metadata['$deleteFromPrimitiveList/finalizers'] = unwanted
  }
  return { metadata, spec: { template: { spec } } }
}

const schemas = loadSchemas()
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' }
let kubectl = ''
let scratch = ''
beforeAll(async () => {
  kubectl = await fetchKubectl({ version: '1.36' })
  scratch = mkdtempSync(join(tmpdir(), 'podium-patch-'))
}, 120_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const canonical = (object: JsonObject): JsonObject => decode(schemas, deployment, object).object

function theirs(original: JsonObject, patch: JsonObject): JsonObject | 'refused' {
  const file = join(scratch, 'original.json')
  writeFileSync(file, JSON.stringify(original))
  const args = ['patch', '--local', '--type=strategic', '-f', file, '-p', JSON.stringify(patch), '-o', 'json']
  try {
    return canonical(JSON.parse(execFileSync(kubectl, args, { encoding: 'utf8', stdio: 'pipe' })) as JsonObject)
  } catch {
    return 'refused'
  }
}

function ours(original: JsonObject, patch: JsonObject): JsonObject | 'refused' {
  const patchSchema = patchSchemaOf(schemas, deployment)!
  try {
    const contentType = 'application/strategic-merge-patch+json'
    return canonical(applyPatch({ contentType, original, patch, patchSchema }) as JsonObject)
  } catch {
    return 'refused'
  }
}

describe('our strategic merge patch and kubectl’s', () => {
  it(`agree on ${CASES} random patches`, { timeout: 60_000 }, () => {
    let merged = 0
    for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
      const dice = new Dice(seed)
      const original = randomDeployment(dice)
      const patch = randomPatch(dice)
      const result = ours(original, patch)
      expect(result, `PODIUM_SEED=${seed}: ${JSON.stringify({ original, patch })}`).toEqual(theirs(original, patch))
      if (result !== 'refused') merged++
    }
    expect(merged).toBeGreaterThan(CASES / 2)
  })
})
