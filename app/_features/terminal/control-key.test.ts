import { expect, it } from 'vitest'
import { withControl } from './control-key.ts'

it.each([
  ['c', '\x03'],
  ['O', '\x0f'],
  ['[', '\x1b'],
  ['1', '1'],
  ['pasted text', 'pasted text'],
  ['', ''],
])('makes of %j under Ctrl %j', (typed, sent) => expect(withControl(typed)).toBe(sent))
