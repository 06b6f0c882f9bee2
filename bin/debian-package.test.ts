import { describe, expect, it } from 'vitest'
import { mirrorIn } from './debian-package.mjs'

describe('the Debian mirror of a machine that has never updated its lists', () => {
  it.each([
    { name: 'deb822', text: 'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n' },
    { name: 'one line', text: 'deb http://mirror.example/debian bookworm main\n' },
    {
      name: 'one line with options',
      text: 'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian trixie main',
    },
    {
      name: 'another archive before it',
      text: 'deb http://other.example/debian-security bookworm-security main\ndeb http://mirror.example/debian sid main\n',
    },
  ])('is read from its sources: $name', ({ text }) => {
    expect(mirrorIn(text)).toBe('http://mirror.example/debian')
  })

  it.each([
    { name: 'a comment', text: '# deb http://mirror.example/debian bookworm main\n' },
    { name: 'sources of source code', text: 'deb-src http://mirror.example/debian bookworm main\n' },
    { name: 'nothing', text: '' },
  ])('is not found in $name', ({ text }) => {
    expect(mirrorIn(text)).toBeUndefined()
  })
})
