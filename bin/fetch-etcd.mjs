#!/usr/bin/env node
// Puts etcd 3.5's own programs into `.cache/bin/etcd-3.5/`: etcd, etcdctl, etcdutl. Taken from Debian, checked, cached.
//
// Why: the tests install Debian 12's etcd, which is 3.4. What people use today is 3.5, and only its etcdutl checks a
// snapshot page by page and restores it.
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { openDebianSuite } from './debian-package.mjs'
import { copyProgram, putWhole, ROOT, runAsProgram } from './put-whole.mjs'

const VERSION = '3.5'
const SUITE = 'trixie'
const PROGRAMS = ['etcd', 'etcdctl', 'etcdutl']

/** Returns the directory of the programs. Does nothing when it is there already. */
export async function fetchEtcd({ into = join(ROOT, '.cache/bin'), cacheDir = join(ROOT, '.cache/debian') } = {}) {
  return putWhole(resolve(into, `etcd-${VERSION}`), async (scratch) => {
    const suite = await openDebianSuite({ suite: SUITE, cacheDir })
    for (const name of ['etcd-server', 'etcd-client']) {
      const taken = await suite.downloadAndUnpack(name, scratch)
      if (!taken.version.startsWith(`${VERSION}.`)) {
        throw new Error(`Debian ${SUITE} now carries ${name} ${taken.version}, not ${VERSION}`)
      }
    }
    const programs = join(scratch, 'programs')
    await mkdir(programs)
    for (const name of PROGRAMS) await copyProgram(join(scratch, 'usr/bin', name), join(programs, name))
    return programs
  })
}

await runAsProgram(import.meta.url, async function* () {
  yield await fetchEtcd()
})
