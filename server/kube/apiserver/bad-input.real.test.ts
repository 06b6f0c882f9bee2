// Whatever is sent, the answer is a refusal with a reason or the object: never a 500, never a hang.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deepCopy } from '../apimachinery/deep.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import { collectionPath } from '../client/client.ts'
import { type AnyKind, apiVersionOf } from '../kinds/define-kind.ts'
import { builtInKinds } from '../kinds/index.ts'
import { SAMPLES } from './testing/sample-objects.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const SEED = Number(process.env.PODIUM_SEED ?? 20261127)
const ROUNDS = 60

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const ODD = [
  null,
  '',
  'x',
  -1,
  0,
  1.5,
  2 ** 40,
  true,
  [],
  {},
  [null],
  [{}],
  [[]],
  { a: null },
  { '': '' },
  '__proto__',
  '../..',
  '\u0000',
]
const FIELDS = [
  'metadata',
  'spec',
  'status',
  'data',
  'subsets',
  'endpoints',
  'ports',
  'template',
  'selector',
  'containers',
  'volumes',
  'env',
  'tolerations',
  'labels',
  'annotations',
  'ownerReferences',
  'managedFields',
  'finalizers',
  'type',
  'strategy',
  'taints',
  'matchExpressions',
  'initContainers',
  'resources',
  'limits',
  'clusterIP',
  'livenessProbe',
  'stringData',
  'involvedObject',
]

function mutate(value: unknown, random: () => number): unknown {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  if (typeof value !== 'object' || value === null || random() < 0.1) return deepCopy(pick(ODD))
  if (Array.isArray(value)) {
    if (value.length === 0) return [deepCopy(pick(ODD))]
    const at = Math.floor(random() * value.length)
    return value.map((item, index) => (index === at ? mutate(item, random) : item))
  }
  const keys = Object.keys(value)
  const key = random() < 0.25 || keys.length === 0 ? pick(FIELDS) : pick(keys)
  const inner = (value as Record<string, unknown>)[key]
  return { ...value, [key]: inner === undefined ? deepCopy(pick(ODD)) : mutate(inner, random) }
}

describe(`bad input (seed ${SEED})`, () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer()
    await test.transport.request({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts',
      body: { metadata: { name: 'default' } },
    })
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const refusal = async (
    request: Parameters<TestServer['transport']['request']>[0],
  ): Promise<StatusError | undefined> => {
    try {
      await test.transport.request(request)
      return undefined
    } catch (err) {
      expect(err).toBeInstanceOf(StatusError)
      return err as StatusError
    }
  }

  /** What has been let in can be shown. */
  const prints = async (kind: AnyKind, path: string) => {
    const object = await test.transport.request({ method: 'GET', path }).catch(() => undefined)
    if (object) for (const column of kind.columns) expect(() => column.value(object, 0)).not.toThrow()
  }

  it.each(builtInKinds.map((kind) => ({ kind, name: kind.kind })))(
    'is refused by name: $name',
    async ({ kind }) => {
      const random = seeded(SEED)
      const collection = collectionPath(kind, kind.namespaced ? 'default' : undefined)
      for (let round = 0; round < ROUNDS; round++) {
        const name = `m-${round}`
        let body: unknown = { ...deepCopy(SAMPLES[kind.plural]?.object), metadata: { name } }
        const mutations = 1 + Math.floor(random() * 3)
        for (let count = 0; count < mutations; count++) body = mutate(body, random)
        const told = JSON.stringify(body)
        const created = await refusal({ method: 'POST', path: collection, body })
        expect(created?.code, `POST ${told}: ${created?.message}`).not.toBe(500)
        if (!created) await prints(kind, `${collection}/${name}`)
        await refusal({
          method: 'POST',
          path: collection,
          body: { ...SAMPLES[kind.plural]?.object, metadata: { name } },
        })
        for (const contentType of [
          'application/merge-patch+json',
          'application/strategic-merge-patch+json',
          'application/json-patch+json',
        ]) {
          const patched = await refusal({ method: 'PATCH', path: `${collection}/${name}`, contentType, body })
          expect(patched?.code, `${contentType} ${told}: ${patched?.message}`).not.toBe(500)
        }
        const applied = await refusal({
          method: 'PATCH',
          path: `${collection}/${name}`,
          contentType: 'application/apply-patch+yaml',
          query: { fieldManager: 'm', force: 'true' },
          body: { ...(body as object), apiVersion: apiVersionOf(kind), kind: kind.kind },
        })
        expect(applied?.reason, `apply ${told}: ${applied?.message}`).not.toBe('InternalError')
        const put = await refusal({ method: 'PUT', path: `${collection}/${name}`, body })
        expect(put?.code, `PUT ${told}: ${put?.message}`).not.toBe(500)
        const removed = await refusal({ method: 'DELETE', path: `${collection}/${name}`, body })
        expect(removed?.code, `DELETE ${told}: ${removed?.message}`).not.toBe(500)
      }
    },
    60_000,
  )
})
