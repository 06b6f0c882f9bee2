import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../apimachinery/json.ts'
import type { ApplySchema } from './apply-schema.ts'
import { FieldSet } from './field-set.ts'
import { compareTyped, fieldSetOf, mergeTyped, removeItems } from './typed-value.ts'

const leaf: ApplySchema = { kind: 'leaf' }
const letters: ApplySchema = { kind: 'list', keys: [], keyDefaults: {}, items: leaf }
const pair: ApplySchema = { kind: 'map', field: () => ({ schema: leaf, isDeclared: true }) }
const pairs: ApplySchema = { kind: 'list', keys: ['n'], keyDefaults: {}, items: pair }
const labels: ApplySchema = { kind: 'map', field: () => ({ schema: leaf, isDeclared: false }) }
const schema: ApplySchema = {
  kind: 'map',
  field: (name) => ({ isDeclared: true, schema: { letters, pairs, labels, whole: leaf }[name] ?? leaf }),
}

describe('mergeTyped', () => {
  it.each([
    { name: 'new elements go to the end', live: 'cd', applied: 'ab', merged: 'cdab' },
    { name: 'the applied order wins', live: 'abc', applied: 'cab', merged: 'cab' },
    { name: 'others keep their neighbours', live: 'abcde', applied: 'efc', merged: 'abdefc' },
    { name: 'what is applied comes before the next that both have', live: 'abd', applied: 'acd', merged: 'abcd' },
    { name: 'new elements go between the two they stand between', live: 'abcd', applied: 'bxc', merged: 'abxcd' },
    { name: 'unnamed elements stay in front of what has moved', live: 'abcd', applied: 'dxb', merged: 'acdxb' },
    { name: 'an empty list removes nothing', live: 'ab', applied: '', merged: 'ab' },
  ])('$name: $live and $applied are $merged', ({ live, applied, merged }) => {
    const result = mergeTyped(schema, { letters: [...live] }, { letters: [...applied] })
    expect(result).toEqual({ letters: [...merged] })
  })

  it('merges elements by their keys and replaces what is owned whole', () => {
    const live = { pairs: [{ n: 1, a: 'x', b: 'x' }], whole: { a: 1 } }
    const applied: JsonObject = { pairs: [{ n: 1, b: 'y' }, { n: 2 }], whole: { b: 2 } }
    expect(mergeTyped(schema, live, applied)).toEqual({
      pairs: [{ n: 1, a: 'x', b: 'y' }, { n: 2 }],
      whole: { b: 2 },
    })
  })

  it('goes once through each list, and tells the first that stands twice', () => {
    const many = Array.from({ length: 60_000 }, (_, index) => `n${index}`)
    const before = process.cpuUsage()
    expect(mergeTyped(schema, { letters: many }, { letters: ['a'] }).letters).toHaveLength(60_001)
    expect(mergeTyped(schema, { letters: many }, { letters: many.toReversed() }).letters).toEqual(many.toReversed())
    expect(() => mergeTyped(schema, {}, { letters: [...many, 'n59999', 'n0'] })).toThrow(
      '.letters: duplicate entries for key [="n59999"]',
    )
    // A few tenths of a second; each of them took the square.
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000)
  })

  it('merges a key that stands twice with neither of the two', () => {
    const live = {
      pairs: [
        { n: 1, a: 'x' },
        { n: 1, a: 'y' },
        { n: 2, a: 'z' },
      ],
    }
    const applied = {
      pairs: [
        { n: 1, b: 'b' },
        { n: 2, b: 'b' },
      ],
    }
    expect(mergeTyped(schema, live, applied)).toEqual({
      pairs: [
        { n: 1, b: 'b' },
        { n: 2, a: 'z', b: 'b' },
      ],
    })
  })
})

describe('fieldSetOf', () => {
  it('names fields, elements and free keys, and an empty object as itself', () => {
    const value = { pairs: [{ n: 1, a: 'x' }], letters: ['q'], labels: { l: 'v' }, whole: { a: 1 }, labels2: {} }
    expect(fieldSetOf(schema, value).toFieldsV1()).toEqual({
      'f:pairs': { 'k:{"n":1}': { '.': {}, 'f:a': {}, 'f:n': {} } },
      'f:letters': { 'v:"q"': {} },
      'f:labels': { 'f:l': {} },
      'f:whole': {},
      'f:labels2': {},
    })
  })
})

describe('compareTyped', () => {
  it('tells apart what is added, modified and removed', () => {
    const before = { labels: { same: '1', other: '1', gone: '1' }, letters: ['a'] }
    const after = { labels: { same: '1', other: '2', added: '1' }, letters: ['b'] }
    const { added, modified, removed } = compareTyped(schema, before, after)
    expect(added.toFieldsV1()).toEqual({ 'f:labels': { 'f:added': {} }, 'f:letters': { 'v:"b"': {} } })
    expect(modified.toFieldsV1()).toEqual({ 'f:labels': { 'f:other': {} } })
    expect(removed.toFieldsV1()).toEqual({ 'f:labels': { 'f:gone': {} }, 'f:letters': { 'v:"a"': {} } })
  })

  it('counts a new parent as added with all that is in it', () => {
    const { added } = compareTyped(schema, {}, { labels: { a: '1' } })
    expect(added.toFieldsV1()).toEqual({ 'f:labels': { '.': {}, 'f:a': {} } })
  })
})

describe('removeItems', () => {
  it('removes fields and elements, and leaves null where nothing is left', () => {
    const value: JsonObject = { labels: { a: '1' }, pairs: [{ n: 1, a: 'x' }, { n: 2 }], letters: ['a', 'b'] }
    const unwanted = FieldSet.fromFieldsV1({
      'f:labels': { 'f:a': {} },
      'f:pairs': { 'k:{"n":1}': { 'f:a': {} }, 'k:{"n":2}': {} },
      'f:letters': { 'v:"a"': {} },
    })
    expect(removeItems(schema, value, unwanted)).toEqual({ labels: null, pairs: [{ n: 1 }], letters: ['b'] })
  })
})

describe('FieldSet', () => {
  it('reads what it wrote', () => {
    const fields = { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': { 'k:{"n":1}': { 'f:d': {} } } }
    expect(FieldSet.fromFieldsV1(fields).toFieldsV1()).toEqual(fields)
  })

  it('takes a parent away alone or with all below it', () => {
    const set = FieldSet.of(['f:a'], ['f:a', 'f:b'], ['f:c'])
    const parent = FieldSet.of(['f:a'])
    expect(set.difference(parent).toFieldsV1()).toEqual({ 'f:a': { 'f:b': {} }, 'f:c': {} })
    expect(set.without(parent).toFieldsV1()).toEqual({ 'f:c': {} })
  })
})
