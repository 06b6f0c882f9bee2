import { expect, it } from 'vitest'
import type { JsonObject } from './json.ts'
import { withoutNulls } from './nulls.ts'

const role = (rest: JsonObject) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', ...rest })

it('leaves out what is null, at every depth, and what is without it as it is', () => {
  const kept = { a: [{ b: 1 }], c: 'null' }
  const first = { d: [kept, { e: null, f: [null, { g: null, h: 2 }] }], i: null, __proto__: null, j: kept }
  const without = withoutNulls(role(first))
  expect(without).toEqual(role({ d: [kept, { f: [null, { h: 2 }] }], j: kept }))
  expect(without.j).toBe(kept)
  const whole = role({ kept })
  expect(withoutNulls(whole)).toBe(whole)
})

it('leaves what may be meant', () => {
  const meant = { apiVersion: 'example.com/v1', kind: 'Widget', spec: null }
  expect(withoutNulls(meant)).toBe(meant)
  expect(withoutNulls({ spec: null })).toEqual({ spec: null })
})
