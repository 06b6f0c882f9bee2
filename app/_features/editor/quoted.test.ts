import { describe, expect, it } from 'vitest'
import { quoted } from './quoted.ts'

describe('a file’s name in a command', () => {
  it.each([
    ['web.yaml', 'web.yaml'],
    ['k8s/web.yaml', 'k8s/web.yaml'],
    ['my web.yaml', "'my web.yaml'"],
    ["it's.yaml", "'it'\\''s.yaml'"],
    ['$(rm -rf .).yaml', "'$(rm -rf .).yaml'"],
    ['-n', './-n'],
  ])('%s → %s', (path, word) => {
    expect(quoted(path)).toBe(word)
  })
})
