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
