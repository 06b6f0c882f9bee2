import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { keepLogSmall } from './keep-log-small.mjs'

it('keeps the newest lines and those before, for whoever has the file open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podium-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a.log')
  keepLogSmall(path, 10)
  const log = openSync(path, 'a')
  for (let line = 0; line < 7; line++) {
    writeSync(log, `line ${line}\n`)
    keepLogSmall(path, 10)
  }
  closeSync(log)
  expect(readFileSync(path, 'utf8')).toBe('line 6\n')
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('line 4\nline 5\n')
})
