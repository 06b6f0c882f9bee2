import { expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { AS_GO_READS, writeYaml } from './yaml.ts'

it.each<[string, unknown]>([
  ['yes', true],
  ['Off', false],
  ['"yes"', 'yes'],
  ['0644', 420],
  ['0x1f', 31],
  ['1_000', 1000],
  ['089', 89],
  ['1:30', '1:30'],
  ['2026-01-01', '2026-01-01'],
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ['1e3', 1000],
  ['~', null],
])('reads %s as Go does', (text, value) => {
  expect(parseDocument(`a: ${text}`, AS_GO_READS).toJS()).toEqual({ a: value })
})

it('writes what is very deep without indents, which would take more room than it', () => {
  const deep = `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`
  const text = writeYaml(JSON.parse(deep))
  expect(text.length).toBeLessThan(10_000)
  expect(JSON.stringify(parseDocument(text, AS_GO_READS).toJS())).toBe(deep)
})

it('writes nothing that would be read as something else', () => {
  const texts = [
    'y',
    'No',
    'on',
    'off',
    '0644',
    '1_000',
    '2026-01-01T00:00:00Z',
    '1:30',
    '1e3',
    'null',
    '~',
    '.5',
    '0x1f',
  ]
  const written = writeYaml(texts)
  expect(written.split('\n').slice(0, -1)).toEqual(texts.map((text) => `- "${text}"`))
  expect(parseDocument(written, AS_GO_READS).toJS()).toEqual(texts)
})
