import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mendableWords } from './user-error.ts'

it('says of a full disk where most is written, for the system says only that it is full', () => {
  let full: unknown
  try {
    writeFileSync('/dev/full', 'x')
  } catch (err) {
    full = err
  }
  expect(mendableWords(full, '/var/lib/podium')).toMatch(/^\/var\/lib\/podium: the disk is full; make room/)
})
