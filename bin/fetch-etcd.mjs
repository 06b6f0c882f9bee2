#!/usr/bin/env node
// Puts etcd 3.5's own programs into `.cache/bin/etcd-3.5/`: etcd, etcdctl, etcdutl. Taken from Debian, checked, cached.
//
// Why: the tests install Debian 12's etcd, which is 3.4. What people use today is 3.5, and only its etcdutl checks a
// snapshot page by page and restores it.
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDebianSuite } from './debian-package.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const VERSION = '3.5'
const SUITE = 'trixie'
const PROGRAMS = ['etcd', 'etcdctl', 'etcdutl']

/** Returns the directory of the programs. Does nothing when it is there already. */
export async function fetchEtcd({ into = join(ROOT, '.cache/bin'), cacheDir = join(ROOT, '.cache/debian') } = {}) {
  const target = resolve(into, `etcd-${VERSION}`)
  if (existsSync(target)) return target
  await mkdir(into, { recursive: true })
  // Inside the target's directory, so that the last step is a rename within one file system: all or nothing.
  const scratch = await mkdtemp(join(into, '.etcd-'))
  try {
    const suite = await openDebianSuite({ suite: SUITE, cacheDir })
    for (const name of ['etcd-server', 'etcd-client']) {
      const taken = await suite.downloadAndUnpack(name, scratch)
      if (!taken.version.startsWith(`${VERSION}.`)) {
        throw new Error(`Debian ${SUITE} now carries ${name} ${taken.version}, not ${VERSION}`)
      }
    }
    const programs = join(scratch, 'programs')
    await mkdir(programs)
    for (const name of PROGRAMS) {
      await copyFile(join(scratch, 'usr/bin', name), join(programs, name))
      await chmod(join(programs, name), 0o755)
    }
    await rename(programs, target)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return target
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    console.log(await fetchEtcd())
  } catch (err) {
    console.error(err instanceof Error ? err.message : err)
    process.exitCode = 1
  }
}
