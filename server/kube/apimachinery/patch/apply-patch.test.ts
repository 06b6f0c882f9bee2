import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../json.ts'
import { applyPatch } from './apply-patch.ts'

const original = { metadata: { labels: { 'a/b': '1', c: '2' } }, spec: { list: [1, 2, 3], replicas: 1 } }
const jsonPatched = (patch: JsonValue) => applyPatch({ contentType: 'application/json-patch+json', original, patch })
const mergePatched = (patch: JsonValue) => applyPatch({ contentType: 'application/merge-patch+json', original, patch })

describe('a JSON patch', () => {
  it('applies its operations in order and leaves the original alone', () => {
    const before = structuredClone(original)
    const result = jsonPatched([
      { op: 'test', path: '/spec/replicas', value: 1 },
      { op: 'replace', path: '/spec/replicas', value: 5 },
      { op: 'add', path: '/spec/list/-', value: 4 },
      { op: 'remove', path: '/metadata/labels/a~1b' },
      { op: 'copy', from: '/spec/list/0', path: '/spec/first' },
      { op: 'move', from: '/metadata/labels/c', path: '/metadata/labels/d' },
    ])
    expect(result).toEqual({
      metadata: { labels: { d: '2' } },
      spec: { list: [1, 2, 3, 4], replicas: 5, first: 1 },
    })
    expect(original).toEqual(before)
  })

  it.each([
    ['a failed test', [{ op: 'test', path: '/spec/replicas', value: 9 }], 422, 'testing value /spec/replicas failed'],
    [
      'the removal of what is not there',
      [{ op: 'remove', path: '/spec/nothing' }],
      422,
      'remove operation does not apply: doc is missing path: "/spec/nothing": missing value',
    ],
    [
      'an addition below what is not there',
      [{ op: 'add', path: '/no/where', value: 1 }],
      422,
      'add operation does not apply: doc is missing path: "/no/where": missing value',
    ],
    ['a place beyond a list', [{ op: 'add', path: '/spec/list/9', value: 1 }], 422, 'invalid index referenced'],
    ['an unknown operation', [{ op: 'explode', path: '/spec' }], 400, 'Unexpected kind: explode'],
    ['a path that is none', [{ op: 'add', path: 'spec', value: 1 }], 400, 'add operation has no valid "path"'],
    ['an object', { op: 'add' }, 400, 'must be a list'],
    ['the way to the prototype', [{ op: 'add', path: '/__proto__/x', value: 1 }], 422, ''],
    ['a list in place of the object', [{ op: 'replace', path: '', value: [] }], 400, 'not an object'],
  ] satisfies [string, JsonValue, number, string][])('refuses %s', (_, patch, code, words) => {
    expect(() => jsonPatched(patch)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }))
  })

  it('copies no more than upstream does', () => {
    const text = 'x'.repeat(100_000)
    const copies = Array.from({ length: 10 }, (_, at) => ({ op: 'copy', from: '/a', path: `/a/${at}` }))
    const patch: JsonValue = [{ op: 'add', path: '/a', value: { text } }, ...copies]
    const words =
      /^Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728$/
    expect(() => jsonPatched(patch)).toThrow(
      expect.objectContaining({ code: 422, message: expect.stringMatching(words) }),
    )
  })

  it('refuses more operations than anyone writes', () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/spec/replicas', value: 1 }))
    expect(() => jsonPatched(many)).toThrow(expect.objectContaining({ code: 413 }))
  })
})

describe('a merge patch', () => {
  it('merges objects, replaces lists, deletes by null', () => {
    expect(mergePatched({ metadata: { labels: { c: null, e: { f: null, g: 1 } } }, spec: { list: [] } })).toEqual({
      metadata: { labels: { 'a/b': '1', e: { g: 1 } } },
      spec: { list: [], replicas: 1 },
    })
  })

  it('refuses what is no object', () => {
    expect(() => mergePatched([])).toThrow(expect.objectContaining({ code: 400 }))
  })
})

describe('a strategic merge patch', () => {
  it('is not for kinds without a schema', () => {
    expect(() => applyPatch({ contentType: 'application/strategic-merge-patch+json', original, patch: {} })).toThrow(
      expect.objectContaining({ code: 415 }),
    )
  })
})
