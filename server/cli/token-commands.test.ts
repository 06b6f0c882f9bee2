import { expect, it } from 'vitest'
import { rowOf } from './token-commands.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const row = (told: Record<string, string>) =>
  rowOf(
    Object.fromEntries(
      Object.entries({ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', ...told }).map(([key, text]) => [
        key,
        Buffer.from(text).toString('base64'),
      ]),
    ),
    NOW,
  )

it('tells a token as kubeadm does', () => {
  expect(row({})).toEqual(['abcdef.0123456789abcdef', '<forever>', '<never>', '<none>', '<none>', '<none>'])
  expect(
    row({
      expiration: '2026-11-28T11:59:59Z',
      'usage-bootstrap-signing': 'true',
      'usage-bootstrap-authentication': 'true',
      description: 'for the guests',
      'auth-extra-groups': 'system:bootstrappers:guests',
    }).slice(1),
  ).toEqual(['23h', '2026-11-28T11:59:59Z', 'authentication,signing', 'for the guests', 'system:bootstrappers:guests'])
})

it.each([
  ['2026-11-27T11:59:00Z', '<invalid>'],
  ['2026-11-27T12:00:59Z', '59s'],
  ['2026-11-27T12:59:59Z', '59m'],
  ['2026-11-29T12:00:00Z', '2d'],
  ['2029-11-27T12:00:00Z', '3y'],
])('of one that ends at %s says %s', (expiration, ttl) => {
  expect(row({ expiration })[1]).toBe(ttl)
})
