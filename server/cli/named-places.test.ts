import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fileThatIs, makeFolder, placeForFile } from './named-places.ts'

let at: (name: string) => string

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'podium-places-'))
  at = (name) => join(folder, name)
  mkdirSync(at('folder'))
  writeFileSync(at('file'), '')
})
afterAll(() => rmSync(at(''), { recursive: true }))

it('takes a name that is free, and that of a file', () => {
  expect(placeForFile(at('folder/new'), 'it')).toBe(at('folder/new'))
  expect(placeForFile(at('file'), 'it')).toBe(at('file'))
  expect(fileThatIs(at('file'))).toBe(at('file'))
})

it('says of a place why nothing can come there', () => {
  const refused = (name: string) => () => placeForFile(at(name), 'the backup')
  expect(refused('nowhere/new')).toThrow(`there is no directory ${at('nowhere')} for the backup; make it first`)
  expect(refused('file/new')).toThrow(`${at('file')} is a file; the backup cannot be in it`)
  expect(refused('folder')).toThrow(`${at('folder')} is a directory; name a file in it for the backup`)
})

it('says of a file why it cannot be read', () => {
  expect(() => fileThatIs(at('nowhere'))).toThrow(`there is no file ${at('nowhere')}`)
  expect(() => fileThatIs(at('folder'))).toThrow(`${at('folder')} is a directory; a file is needed`)
})

it('makes folders in folders, but not in a file', async () => {
  await makeFolder(at('one/two'))
  await makeFolder(at('one/two'))
  expect(placeForFile(at('one/two/new'), 'it')).toBe(at('one/two/new'))
  await expect(makeFolder(at('file/folder'))).rejects.toThrow(`${at('file')} is a file; a directory is needed`)
})
