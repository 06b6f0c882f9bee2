import { expect, it } from 'vitest'
import { hasFormat } from './formats.ts'

it.each<[string, string, boolean | undefined]>([
  ['10.0.0.0/8', 'cidr', true],
  ['10.0.0.0/33', 'cidr', false],
  ['::1', 'ipv6', true],
  ['300.1.1.1', 'ipv4', false],
  ['1h30m', 'duration', true],
  ['soon', 'duration', false],
  ['2026-02-30', 'date', false],
  ['a@b.example', 'email', true],
  ['A. Nobody <a@b.example>', 'email', true],
  ['<@b.example>', 'email', true],
  ['@b.example', 'email', false],
  ['a@b@c', 'email', false],
  ['a b@c', 'email', false],
  ['a@<b', 'email', false],
  ['a\nb <c@d>', 'email', false],
  ['aGk=', 'byte', true],
  ['x', 'unheard-of', undefined],
])('%s as %s', (value, format, answer) => {
  expect(hasFormat(value, format)).toBe(answer)
})

it('looks once through a text that may be an address', () => {
  const { user } = process.cpuUsage()
  for (const text of ['a'.repeat(100_000), `${'<'.repeat(100_000)}@`, `${'a'.repeat(100_000)}@ `]) {
    expect(hasFormat(text, 'email')).toBe(false)
  }
  expect(process.cpuUsage().user - user).toBeLessThan(500_000)
})
