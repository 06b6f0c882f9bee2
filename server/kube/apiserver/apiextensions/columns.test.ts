import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { customColumns } from './columns.ts'

const NOW = Date.parse('2024-01-02T00:00:00Z')

const shown = (type: string, value: JsonValue | undefined, jsonPath = '.spec') => {
  const [, column] = customColumns([{ name: 'C', type, jsonPath }])
  return column?.value({ spec: value } as KubeObject, NOW)
}

describe('a column of a custom resource', () => {
  it.each<[type: string, value: JsonValue | undefined, cell: unknown]>([
    ['string', 'text', 'text'],
    ['string', undefined, null],
    ['string', null, '<no value>'],
    ['string', true, 'true'],
    ['string', 2n ** 63n - 1n, '9223372036854775807'],
    ['string', { a: '<b>' }, '{"a":"\\u003cb\\u003e"}'],
    ['string', ['a', 1], '["a",1]'],
    ['integer', 7, 7],
    ['integer', 1.9, 1],
    ['integer', '7', null],
    ['integer', null, null],
    ['number', 1.5, 1.5],
    ['boolean', false, false],
    ['boolean', 'true', null],
    ['date', '2024-01-01T00:00:00Z', '24h'],
    ['date', '2024-01-01T23:59:00.5+02:00', '121m'],
    ['date', '2024-01-01', '<invalid>'],
    ['date', '2024-02-30T00:00:00Z', '<invalid>'],
    ['date', 'yesterday', '<invalid>'],
    ['date', '2024-01-03T00:00:00Z', '<invalid>'],
    ['date', '', '<unknown>'],
    ['date', '0001-01-01T00:00:00Z', '<unknown>'],
    ['date', null, null],
    ['date', 5, null],
  ])('of type %s shows %j as %j', (type, value, cell) => {
    expect(shown(type, value)).toEqual(cell)
  })

  it('reads names with escapes, and gives up at one that does not end', () => {
    expect(shown('string', { "a'b": 'x' }, ".spec['a\\'b']")).toBe('x')
    expect(shown('string', { 'a.b': 'x' }, '.spec["a\\.b"]')).toBe('x')
    expect(shown('string', {}, `.spec['${'\\a'.repeat(20_000)}`)).toBe(null)
  })
})
