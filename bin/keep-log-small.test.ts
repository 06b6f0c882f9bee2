import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { beginLogAnew, keepLogSmall } from './keep-log-small.mjs'

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

it('makes room also where the older half cannot be kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podium-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a.log')
  const write = (text: string) => {
    const log = openSync(path, 'a')
    writeSync(log, text)
    closeSync(log)
  }
  write('much too long')
  beginLogAnew(path, 10)
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('much too long')
  rmSync(`${path}.1`)
  write('again too long')
  // As of a full disk: the copy fails on the way.
  mkdirSync(`${path}.1/`)
  expect(() => keepLogSmall(path, 10)).not.toThrow()
  expect(readFileSync(path, 'utf8')).toBe('')
})
