import { expect, it } from 'vitest'
import { hasFormat } from './formats.ts'

it.each<[string, string, boolean | undefined]>([
  ['10.0.0.0/8', 'cidr', true],
  ['10.0.0.010/08', 'cidr', true],
  ['10.0.0.0/33', 'cidr', false],
  ['fd00::/64', 'cidr', true],
  ['fd00::/129', 'cidr', false],
  ['10.0.0.0', 'cidr', false],
  ['::1', 'ipv6', true],
  ['fe80::1%eth0', 'ipv6', false],
  ['300.1.1.1', 'ipv4', false],
  ['010.1.1.1', 'ipv4', true],
  ['::ffff:1.2.3.4', 'ipv4', true],
  ['1h30m', 'duration', true],
  ['-1.5h', 'duration', true],
  ['0', 'duration', true],
  ['22 ns', 'duration', true],
  ['about 5 minutes', 'duration', true],
  ['3 Weeks', 'duration', true],
  ['3 fortnights', 'duration', false],
  ['99999999999999999999 s', 'duration', false],
  ['soon', 'duration', false],
  ['5', 'duration', false],
  ['2026-02-28', 'date', true],
  ['2026-02-30', 'date', false],
  ['2014-12-15T19:30:20.000Z', 'date-time', true],
  ['2014-12-15t19:30:20+01:00', 'date-time', true],
  ['2014-12-15 19:30:20Z', 'date-time', false],
  ['2014-12-15T19:30:20', 'date-time', false],
  ['2014-12-15T24:00:00Z', 'date-time', false],
  ['2014-12-15T19:30:60Z', 'date-time', false],
  ['00:00:5e:00:53:01', 'mac', true],
  ['00-00-5E-00-53-01-02-03', 'mac', true],
  ['0000.5e00.5301', 'mac', true],
  ['00:00-5e:00:53:01', 'mac', false],
  ['00:00:5e:00:53', 'mac', false],
  ['111-22-3333', 'ssn', true],
  ['111223333', 'ssn', false],
  ['rgb(255, 0,16)', 'rgbcolor', true],
  ['rgb(256,0,0)', 'rgbcolor', false],
  ['rgb(01,0,0)', 'rgbcolor', false],
  ['0321751043', 'isbn', true],
  ['978-0321751041', 'isbn', true],
  ['0-8044-2957-X', 'isbn10', true],
  ['0321751044', 'isbn10', false],
  ['978-0321751042', 'isbn13', false],
  ['4111-1111-1111-1111', 'creditcard', true],
  ['4111-1111-1111-1112', 'creditcard', false],
  ['somebody.example', 'hostname', true],
  ['-a.example', 'hostname', false],
  [`${'a.'.repeat(130)}example`, 'hostname', false],
  ['https://a.example/b?c=d', 'uri', true],
  ['/a/path', 'uri', true],
  ['mailto:somebody', 'uri', true],
  ['http://', 'uri', true],
  ['http://a:99999', 'uri', true],
  ['a.example/b', 'uri', false],
  ['http://a b/', 'uri', false],
  ['http://a:b/', 'uri', false],
  ['http://a/%zz', 'uri', false],
  ['http://[::1', 'uri', false],
  [' http://a', 'uri', false],
  ['http://a\n', 'uri', false],
  ['', 'uri', false],
  ['a@b.example', 'email', true],
  ['A. Nobody <a@b.example>', 'email', true],
  ['"A, Nobody" <a@b.example> (who?)', 'email', true],
  ['"a b"@[10.0.0.1]', 'email', true],
  ['a@[nowhere]', 'email', false],
  ['.a@b', 'email', false],
  ['a..b@c', 'email', false],
  ['a@b.', 'email', false],
  ['<a@b', 'email', false],
  ['a@b (', 'email', false],
  ['<@b.example>', 'email', false],
  ['@b.example', 'email', false],
  ['a@b@c', 'email', false],
  ['a b@c', 'email', false],
  ['a@<b', 'email', false],
  ['a\nb <c@d>', 'email', false],
  ['aGk=', 'byte', true],
  ['', 'byte', false],
  ['x', 'unheard-of', undefined],
  ['x', 'constructor', undefined],
])('%s as %s', (value, format, answer) => {
  expect(hasFormat(value, format)).toBe(answer)
})

it('looks once through a text, however long', () => {
  const { user } = process.cpuUsage()
  const [a, open, one, space] = ['a', '<', '1', ' '].map((sign) => sign.repeat(100_000))
  for (const text of [a, `${open}@`, `${a}@ `, '('.repeat(100_000), 'a.'.repeat(50_000), `${one} `]) {
    expect(hasFormat(text!, 'email')).toBe(false)
  }
  for (const text of [one, `${one}x`, `1${space}`, `1${space}x`]) expect(hasFormat(text!, 'duration')).toBe(false)
  for (const format of ['hostname', 'mac', 'cidr', 'date-time', 'rgbcolor', 'isbn', 'creditcard']) {
    for (const text of [a, one, `rgb(${space}`]) expect(hasFormat(text!, format)).toBe(false)
  }
  expect(process.cpuUsage().user - user).toBeLessThan(500_000)
})
