import { describe, expect, it } from 'vitest'
import { isJsonObject, type JsonValue } from '../json.ts'
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
    [
      'a failed test',
      [{ op: 'test', path: '/spec/replicas', value: 9 }],
      422,
      'testing value /spec/replicas failed: test failed',
    ],
    [
      'the removal of what is not there',
      [{ op: 'remove', path: '/spec/nothing' }],
      422,
      "error in remove for path: '/spec/nothing': Unable to remove nonexistent key: nothing: missing value",
    ],
    [
      'an addition below what is not there',
      [{ op: 'add', path: '/no/where', value: 1 }],
      422,
      'add operation does not apply: doc is missing path: "/no/where": missing value',
    ],
    [
      'a place beyond a list',
      [{ op: 'add', path: '/spec/list/9', value: 1 }],
      422,
      "error in add for path: '/spec/list/9': Unable to access invalid index: 9: invalid index referenced",
    ],
    [
      'a place that is no number',
      [{ op: 'add', path: '/spec/list/a', value: 1 }],
      422,
      `error in add for path: '/spec/list/a': value was not a proper array index: 'a': strconv.Atoi: parsing "a": invalid syntax`,
    ],
    [
      'to replace beyond a list',
      [{ op: 'replace', path: '/spec/list/9', value: 1 }],
      422,
      'replace operation does not apply: doc is missing key: /spec/list/9: missing value',
    ],
    [
      'to move what is not there',
      [{ op: 'move', from: '/spec/nothing', path: '/spec/a' }],
      422,
      "error in move for path: 'nothing': Unable to remove nonexistent key: nothing: missing value",
    ],
    [
      'to move from nowhere',
      [{ op: 'move', path: '/spec/a' }],
      422,
      'move operation failed to decode from: operation, missing from field: missing value',
    ],
    ['an unknown operation', [{ op: 'explode', path: '/spec' }], 422, 'Unexpected kind: explode'],
    ['no operation', [{ path: '/spec' }], 422, 'Unexpected kind: unknown'],
    [
      'a path that is none',
      [{ op: 'add', path: 'spec', value: 1 }],
      422,
      'add operation does not apply: doc is missing path: "spec": missing value',
    ],
    ['no path', [{ op: 'add', value: 1 }], 422, 'add operation failed to decode path: missing value'],
    ['an object', { op: 'add' }, 400, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
    [
      'the way to the prototype',
      [{ op: 'add', path: '/__proto__/x', value: 1 }],
      422,
      'add operation does not apply: doc is missing path: "/__proto__/x": missing value',
    ],
    [
      'a number in place of the object',
      [{ op: 'replace', path: '', value: 1 }],
      422,
      'replace operation value must be object or array: %!w(<nil>)',
    ],
  ] satisfies [string, JsonValue, number, string][])('refuses %s', (_, patch, code, words) => {
    expect(() => jsonPatched(patch)).toThrow(expect.objectContaining({ code, message: words }))
  })

  // More than RFC 6902 allows, and what Kubernetes takes.
  it.each([
    ['nothing', null, original],
    ['a place counted from behind', [{ op: 'replace', path: '/spec/list/-1', value: 9 }], { list: [1, 2, 9] }],
    ['an addition before the last', [{ op: 'add', path: '/spec/list/-2', value: 9 }], { list: [1, 2, 9, 3] }],
    ['the replacement of what is not there', [{ op: 'replace', path: '/spec/new', value: 9 }], { new: 9 }],
    ['an addition without a value', [{ op: 'add', path: '/spec/replicas' }], { replicas: null }],
    [
      'a copy of what is not there',
      [{ op: 'copy', from: '/spec/nothing', path: '/spec/replicas' }],
      { replicas: null },
    ],
    ['a test of what is not there for null', [{ op: 'test', path: '/spec/nothing', value: null }], {}],
    ['another document', [{ op: 'replace', path: '', value: [] }], []],
  ] satisfies [string, JsonValue, JsonValue][])('takes %s', (_, patch, result) => {
    const isPart = isJsonObject(result) && result !== original
    expect(jsonPatched(patch)).toEqual(isPart ? { ...original, spec: { ...original.spec, ...result } } : result)
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

  it('refuses to move a long list again and again', () => {
    const list = Array.from({ length: 1_000_000 }, (_, at) => at)
    const patch = Array.from({ length: 2_000 }, () => ({ op: 'move', from: '/0', path: '/1000' }))
    const run = () => applyPatch({ contentType: 'application/json-patch+json', original: list as never, patch })
    expect(run).toThrow('Unable to move more than 500000000 elements of lists')
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
