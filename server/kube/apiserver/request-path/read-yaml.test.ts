import { describe, expect, it } from 'vitest'
import { badRequest } from '../../apimachinery/status-error.ts'
import { readYaml } from './read-yaml.ts'

const read = (text: string) => readYaml(text, badRequest).value

describe('a key that is a map or a list', () => {
  it.each([
    ['metadata: {name: {{ .Values.name }}}', 'map[interface {}]interface {}{".Values.name":interface {}(nil)}'],
    ['? [a, 1]\n: b', '[]interface {}{"a", 1}'],
    ['{}: 1', 'map[interface {}]interface {}{}'],
    ['a: &a {b: 1}\n*a : 2', 'map[interface {}]interface {}{"b":1}'],
    ['? {a: {[b]: 1}}\n: {[c]: 1}', '[]interface {}{"b"}'],
  ])('is refused as by Go: %j', (text, key) => {
    expect(() => read(text)).toThrow(`yaml: invalid map key: ${key}`)
  })

  it('is refused at once, whatever it holds', () => {
    const { user } = process.cpuUsage()
    for (const text of [`${'? '.repeat(300)}a`, `${'{'.repeat(300)}a: 1${'}: 1'.repeat(299)}}`]) {
      expect(() => read(text)).toThrow('yaml: invalid map key: map[interface {}]interface {}{"a":')
    }
    expect(process.cpuUsage().user - user).toBeLessThan(2_000_000)
  })

  it('is nothing that an alias stands for', () => {
    expect(read('a: &a b\n*a : {c: *a}\nd: &d {e: 1}\nf: {<<: *d}')).toEqual({
      a: 'b',
      b: { c: 'b' },
      d: { e: 1 },
      f: { e: 1 },
    })
  })
})

describe('an anchor with an alias to it inside', () => {
  it.each([
    'a: &a {b: *a}',
    'a: &a {b: *a, c: *a}',
    'a: &a\n  b:\n    - *a\n  c: 1',
    '&a [*a]',
    '&a {*a : 1}',
    'b: &a 1\na: &a {<<: *a}',
  ])('is refused as by Go: %j', (text) => {
    expect(() => read(text)).toThrow("yaml: anchor 'a' value contains itself")
  })

  it('is none if the alias means another of that name, or comes after', () => {
    expect(read('a: &a {b: &a 1, c: *a}\nd: *a')).toEqual({ a: { b: 1, c: 1 }, d: 1 })
    expect(read('a: &a\n- 1\nb: *a')).toEqual({ a: [1], b: [1] })
  })
})

it('tells of a hundred keys that are there twice, and of no more than it takes to know them', () => {
  expect(readYaml('a: 1\n'.repeat(1_000), badRequest).duplicates).toHaveLength(100)
  const long = 'a'.repeat(1_000_000)
  expect(readYaml(`{${long}: 1, ${long}: 2}`, badRequest).duplicates[0]?.length).toBeLessThan(300_000)
  expect(() => read(`? [${long}]\n: 1`)).toThrow(/^yaml: invalid map key: .{100000,300000}$/)
})
