import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../json.ts'
import type { PatchSchema } from './patch-schema.ts'
import { strategicMergePatch } from './strategic-merge-patch.ts'

const container: PatchSchema = {
  name: 'Container',
  field: (name) =>
    ({
      name: { strategies: [] },
      args: { strategies: [] },
      env: { strategies: ['merge'], mergeKey: 'name', schema: { name: 'EnvVar', field: () => ({ strategies: [] }) } },
    })[name],
}
const thing: PatchSchema = {
  name: 'Thing',
  field: (name) =>
    ({
      containers: { strategies: ['merge'], mergeKey: 'name', schema: container },
      finalizers: { strategies: ['merge'] },
      args: { strategies: [] },
      labels: { strategies: [], schema: { name: 'map', field: () => ({ strategies: [] }) } },
      strategy: { strategies: ['retainKeys'], schema: { name: 'Strategy', field: () => ({ strategies: [] }) } },
      sealed: { strategies: ['replace'], schema: { name: 'Sealed', field: () => ({ strategies: [] }) } },
    })[name],
}

const patched = (original: JsonObject, patch: JsonObject) => strategicMergePatch({ original, patch, schema: thing })
const named = (...names: string[]) => names.map((name) => ({ name }))

interface Case {
  name: string
  original: JsonObject
  patch: JsonObject
  result: JsonObject
}

const cases: Case[] = [
  {
    name: 'merges objects and deletes by null',
    original: { labels: { a: '1', b: '2' } },
    patch: { labels: { b: null, c: '3' } },
    result: { labels: { a: '1', c: '3' } },
  },
  {
    name: 'replaces lists whose type says nothing',
    original: { args: ['a', 'b'] },
    patch: { args: ['c'] },
    result: { args: ['c'] },
  },
  {
    name: 'merges list elements by key, new ones first',
    original: {
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ],
    },
    patch: {
      containers: [
        { name: 'c', image: '1' },
        { name: 'b', image: '2' },
      ],
    },
    result: {
      containers: [
        { name: 'c', image: '1' },
        { name: 'a', image: '1' },
        { name: 'b', image: '2' },
      ],
    },
  },
  {
    name: 'merges lists inside merged elements',
    original: { containers: [{ name: 'a', env: [{ name: 'X', value: '1' }] }] },
    patch: { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] },
    result: {
      containers: [
        {
          name: 'a',
          env: [
            { name: 'Y', value: '2' },
            { name: 'X', value: '1' },
          ],
        },
      ],
    },
  },
  {
    name: 'deletes an element',
    original: { containers: named('a', 'b', 'c') },
    patch: { containers: [{ name: 'b', $patch: 'delete' }] },
    result: { containers: named('a', 'c') },
  },
  {
    name: 'replaces a whole merging list',
    original: { containers: named('a', 'b') },
    patch: { containers: [{ $patch: 'replace' }, { name: 'z' }] },
    result: { containers: named('z') },
  },
  {
    name: 'replaces a whole object',
    original: { labels: { a: '1' } },
    patch: { labels: { $patch: 'replace', b: '2' } },
    result: { labels: { b: '2' } },
  },
  {
    name: 'empties an object',
    original: { labels: { a: '1' } },
    patch: { labels: { $patch: 'delete' } },
    result: { labels: {} },
  },
  {
    name: 'replaces objects whose type says so',
    original: { sealed: { a: 1 } },
    patch: { sealed: { b: 2 } },
    result: { sealed: { b: 2 } },
  },
  {
    name: 'keeps only the retained keys',
    original: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    patch: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    result: { strategy: { type: 'Recreate' } },
  },
  {
    name: 'orders by $setElementOrder and keeps the server’s own elements in place',
    original: { containers: named('server', 'a', 'b') },
    patch: { '$setElementOrder/containers': named('b', 'new', 'a'), containers: named('new') },
    result: { containers: named('server', 'b', 'new', 'a') },
  },
  {
    name: 'orders a list that the patch does not change',
    original: { containers: named('a', 'b') },
    patch: { '$setElementOrder/containers': named('b', 'a') },
    result: { containers: named('b', 'a') },
  },
  {
    name: 'adds to a merging list of texts without repeating',
    original: { finalizers: ['a', 'b'] },
    patch: { finalizers: ['b', 'c'] },
    result: { finalizers: ['a', 'b', 'c'] },
  },
  {
    name: 'deletes from a list of texts',
    original: { finalizers: ['a', 'b', 'c'] },
    patch: { '$deleteFromPrimitiveList/finalizers': ['b'] },
    result: { finalizers: ['a', 'c'] },
  },
  {
    name: 'puts a new element where the deleted one was',
    original: { containers: named('server', 'old', 'a') },
    patch: {
      '$setElementOrder/containers': named('new', 'a'),
      containers: [{ name: 'new' }, { name: 'old', $patch: 'delete' }, { name: 'a' }],
    },
    result: { containers: named('server', 'new', 'a') },
  },
  {
    name: 'deletes nothing from a list that is not there',
    original: {},
    patch: { '$deleteFromPrimitiveList/finalizers': ['b'] },
    result: {},
  },
  {
    name: 'takes new parts without nulls and directives',
    original: {},
    patch: {
      labels: { a: null, b: '1' },
      strategy: { $patch: 'delete', type: 'x' },
      containers: [{ name: 'a', env: null }],
    },
    result: { labels: { b: '1' }, containers: [{ name: 'a' }] },
  },
  {
    name: 'replaces a value of another type',
    original: { labels: 'text' },
    patch: { labels: { a: '1' } },
    result: { labels: { a: '1' } },
  },
]

describe('strategicMergePatch', () => {
  it.each(cases)('$name', ({ original, patch, result }) => {
    const before = structuredClone({ original, patch })
    expect(patched(original, patch)).toEqual(result)
    expect({ original, patch }).toEqual(before)
  })

  it.each([
    [
      'an element without its key',
      { containers: [{ image: 'x' }] },
      'map: map[image:x] does not contain declared merge key: name',
    ],
    [
      'an unknown directive',
      { labels: { $patch: 'explode' } },
      'unknown patch type: explode in map: map[$patch:explode]',
    ],
    ['lists of lists', { containers: [['a']] }, 'lists of lists are not supported'],
    ['mixed elements', { containers: [{ name: 'a' }, 'b'] }, 'list element types are not identical'],
    ['a field not retained', { strategy: { $retainKeys: ['a'], b: 1 } }, 'invalid patch format of retainKeys'],
    [
      'another order than wished',
      { '$setElementOrder/containers': named('a', 'b'), containers: named('b', 'a') },
      'The order in patch list',
    ],
    ['a directive that names no list', { $setElementOrder: [] }, 'invalid patch format of setElementOrder list'],
    [
      'an order that is no list',
      { '$setElementOrder/containers': {} },
      'expected a []interface {}, but received a map[string]interface {}',
    ],
  ] satisfies [string, JsonObject, string][])('refuses %s', (_, patch, words) => {
    const original = { containers: named('a', 'b'), labels: { a: '1' }, strategy: { b: 2 } }
    expect(() => patched(original, patch)).toThrow(
      expect.objectContaining({ code: 400, message: expect.stringContaining(words) }),
    )
  })

  it('refuses to merge below a field that the type does not have', () => {
    expect(() => patched({ odd: {} }, { odd: { a: 1 } })).toThrow(
      'unable to find api field in struct Thing for the json field "odd"',
    )
  })

  it('does not let a patch reach the prototype', () => {
    const result = patched({}, JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject)
    expect(({} as JsonObject).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
  })

  it('knows the first of two with one key, and new ones by theirs', () => {
    const original: JsonObject = { containers: [{ name: 'a', image: '1' }, { name: 'b' }, { name: 'a', image: '2' }] }
    const containers: JsonObject[] = [{ name: 'a', args: ['x'] }, { name: 'c' }, { name: 'c', image: '3' }]
    expect(patched(original, { containers }).containers).toEqual([
      { name: 'a', image: '1', args: ['x'] },
      { name: 'a', image: '2' },
      { name: 'c', image: '3' },
      { name: 'b' },
    ])
  })

  it('goes once through each list', () => {
    const names = Array.from({ length: 60_000 }, (_, index) => String(index))
    const containers = named(...names)
    const deletions = containers.map((container) => ({ $patch: 'delete', ...container }))
    const before = process.cpuUsage()
    expect(patched({ containers: named('a') }, { containers }).containers).toHaveLength(60_001)
    expect(patched({ containers }, { containers: deletions })).toEqual({ containers: [] })
    const rest = patched({ finalizers: [...names, 'a'] }, { '$deleteFromPrimitiveList/finalizers': names })
    expect(rest).toEqual({ finalizers: ['a'] })
    // A few tenths of a second; each of them took the square.
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000)
  })
})
