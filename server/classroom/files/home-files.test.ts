// The scripts against a home of the test's own, run by the bash of this machine; the real container is in the real test.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ExecResult } from '../terminals/shell.ts'
import { HomeFiles, MAX_BYTES, versionOf } from './home-files.ts'

let home: string
let files: HomeFiles

/** As the learner's container does it, with `home` for a home. */
function exec([command = '', ...args]: string[], input?: string): Promise<ExecResult> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { env: { ...process.env, HOME: home }, maxBuffer: 4 * MAX_BYTES },
      (err, stdout, stderr) => resolve({ exitCode: err ? Number(err.code ?? 1) : 0, stdout, stderr }),
    )
    // A script that refuses at once does not read what it was given.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input ?? '')
  })
}

const put = (path: string, content: string | Buffer) => writeFileSync(join(home, path), content)
const has = (path: string) => readFileSync(join(home, path), 'utf8')
const paths = async () => (await files.list()).map(({ path }) => path)

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'podium-home-'))
  files = new HomeFiles({ exec })
})

afterEach(() => rmSync(home, { recursive: true }))

describe('HomeFiles', () => {
  it('lists files of the home and of its folders, and leaves out what is hidden or deeper', async () => {
    mkdirSync(join(home, 'k8s', 'deep'), { recursive: true })
    mkdirSync(join(home, '.kube'))
    for (const path of ['web.yaml', 'my notes.txt', 'k8s/a.yaml', 'k8s/deep/b.yaml', '.bashrc', '.kube/config']) {
      put(path, 'x')
    }
    expect(await files.list()).toEqual([
      { path: 'k8s/a.yaml', bytes: 1 },
      { path: 'my notes.txt', bytes: 1 },
      { path: 'web.yaml', bytes: 1 },
    ])
  })

  it('reads what is there, byte for byte, with its version', async () => {
    put('web.yaml', 'kind: Pod # grüezi\n\n')
    const { text, version } = await files.read('web.yaml')
    expect(text).toBe('kind: Pod # grüezi\n\n')
    expect(version).toBe(versionOf(Buffer.from(text)))
  })

  it('makes a new file in a new folder, and refuses to make one that is there', async () => {
    const { version } = await files.write('k8s/web.yaml', 'a: 1\n', null)
    expect(has('k8s/web.yaml')).toBe('a: 1\n')
    expect((await files.read('k8s/web.yaml')).version).toBe(version)
    await expect(files.write('k8s/web.yaml', 'b: 2\n', null)).rejects.toMatchObject({ code: 'file-exists' })
    expect(has('k8s/web.yaml')).toBe('a: 1\n')
  })

  it('does not write over what was changed in the meantime', async () => {
    const { version } = await files.write('web.yaml', 'mine', null)
    put('web.yaml', 'theirs')
    await expect(files.write('web.yaml', 'mine again', version)).rejects.toMatchObject({
      code: 'file-changed',
      message: 'web.yaml was changed in the meantime.',
    })
    expect(has('web.yaml')).toBe('theirs')
  })

  it('lets one of two writers through who read the same', async () => {
    const { version } = await files.write('web.yaml', 'first', null)
    const results = await Promise.allSettled([
      files.write('web.yaml', 'one', version),
      files.write('web.yaml', 'two', version),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(has('web.yaml')).toBe('one')
  })

  it('keeps a file’s mode, and follows a link to the file behind it', async () => {
    writeFileSync(join(home, 'run.sh'), 'a', { mode: 0o750 })
    symlinkSync('run.sh', join(home, 'link.sh'))
    const { version } = await files.read('link.sh')
    await files.write('link.sh', 'b', version)
    expect([has('run.sh'), statSync(join(home, 'run.sh')).mode & 0o777]).toEqual(['b', 0o750])
    expect(await paths()).toEqual(['link.sh', 'run.sh'])
  })

  it('renames into another folder, but not over a file', async () => {
    put('a.yaml', 'a')
    put('b.yaml', 'b')
    await files.rename('a.yaml', 'k8s/a.yaml')
    await expect(files.rename('k8s/a.yaml', 'b.yaml')).rejects.toMatchObject({ code: 'file-exists' })
    expect(await paths()).toEqual(['b.yaml', 'k8s/a.yaml'])
  })

  it('deletes a file, and the folder that this leaves empty', async () => {
    await files.write('k8s/a.yaml', 'a', null)
    await files.remove('k8s/a.yaml')
    expect(() => statSync(join(home, 'k8s'))).toThrow()
    await expect(files.remove('k8s/a.yaml')).rejects.toMatchObject({ code: 'file-unknown' })
  })

  it.each([
    ['bytes that are no text', Buffer.from([0x4b, 0xff, 0xfe])],
    ['text with a zero byte', 'a\0b'],
  ])('refuses %s', async (_, content) => {
    put('photo', content)
    await expect(files.read('photo')).rejects.toThrow('photo is not text, so it cannot be edited here.')
  })

  it('says what to do with a file that is too large, and reads one that just fits', async () => {
    put('fits', 'x'.repeat(MAX_BYTES))
    put('large', 'x'.repeat(MAX_BYTES + 1))
    expect((await files.read('fits')).text).toHaveLength(MAX_BYTES)
    await expect(files.read('large')).rejects.toThrow('large is larger than 1 MiB')
    await expect(files.write('new', 'x'.repeat(MAX_BYTES + 1), null)).rejects.toThrow('larger than 1 MiB')
  })

  it.each(['../x', '/etc/passwd', 'a/../b', 'a/b/c', '.kube/config', '', 'a/', 'a\nb', 'x'.repeat(201)])(
    'does not take %j for a file of the home',
    async (path) => {
      for (const call of [files.read(path), files.write(path, '', null), files.remove(path), files.rename('a', path)]) {
        await expect(call).rejects.toMatchObject({ code: 'file-refused' })
      }
    },
  )

  it('takes no part of a name for a command or an option', async () => {
    const name = '-rf $(touch hacked) `id`.yaml'
    const { version } = await files.write(name, 'a', null)
    await files.write(name, 'b', version)
    expect((await files.read(name)).text).toBe('b')
    await files.rename(name, '-n')
    expect(await paths()).toEqual(['-n'])
    await files.remove('-n')
    expect(await paths()).toEqual([])
  })
})
