import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openDebianSuite } from '../../../../bin/debian-package.mjs'
import { fetchKubectl } from '../../../../bin/fetch-kubectl.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'podium-debian-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('a Debian suite', { timeout: 120_000 }, () => {
  it('gives a package, verified, and gives it again when the kept file is damaged', async () => {
    const suite = await openDebianSuite({ suite: 'trixie', cacheDir: scratch })
    const { file, version } = await suite.downloadAndUnpack('hostname', join(scratch, 'root'))
    expect(version).toMatch(/^\d/)
    expect(readFileSync(join(scratch, 'root/usr/bin/hostname')).subarray(1, 4).toString()).toBe('ELF')
    const whole = readFileSync(file)
    writeFileSync(file, 'damaged')
    await suite.download('hostname')
    expect(readFileSync(file)).toEqual(whole)
  })

  it('says so when there is no such package or suite name', async () => {
    const suite = await openDebianSuite({ suite: 'trixie', cacheDir: scratch })
    await expect(suite.resolve('no-such-package-here')).rejects.toThrow(
      'Debian trixie has no package no-such-package-here',
    )
    await expect(suite.resolve('--option')).rejects.toThrow('not the name of a Debian package')
    await expect(openDebianSuite({ suite: '../sid' })).rejects.toThrow('not the name of a Debian suite')
  })
})

describe('fetchKubectl', () => {
  it('knows which versions it has a source for', async () => {
    await expect(fetchKubectl({ version: '1.99' as '1.36' })).rejects.toThrow('known: 1.36, 1.32, 1.20')
  })
})
