import { expect, it } from 'vitest'
import { passwordOf, TOKEN_SECONDS, Tokens, userOfBasic } from './credentials.ts'

const basic = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64')

it('knows a cluster by the password that follows from its name', () => {
  expect(userOfBasic('secret', basic('lab-a', passwordOf('secret', 'lab-a')))).toBe('lab-a')
  for (const told of [
    basic('lab-b', passwordOf('secret', 'lab-a')),
    basic('lab-a', passwordOf('another', 'lab-a')),
    basic('lab-a', ''),
    basic('', passwordOf('secret', '')),
    'no-base64-of-anything',
  ]) {
    expect(userOfBasic('secret', told)).toBeUndefined()
  }
})

it('believes its own tokens, for a time', () => {
  const tokens = new Tokens()
  const token = tokens.issue('lab-a', 1_000)
  expect(tokens.holderOf(token, 1_000)).toEqual({ user: 'lab-a' })
  expect(tokens.holderOf(tokens.issue(undefined, 1_000), 1_000)).toEqual({})
  expect(tokens.holderOf(token, 1_000 + TOKEN_SECONDS * 1000)).toBeUndefined()
  expect(new Tokens().holderOf(token, 1_000)).toBeUndefined()
  const [, signature] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ user: 'lab-b', until: 9e15 })).toString('base64url')
  for (const other of [`${forged}.${signature}`, forged, '', '.']) expect(tokens.holderOf(other, 1_000)).toBeUndefined()
})
