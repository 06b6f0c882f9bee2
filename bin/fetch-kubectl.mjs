#!/usr/bin/env node
// Puts a kubectl of a known version at `.cache/bin/kubectl-<version>`: taken from Debian, checked, cached.
//
//   node bin/fetch-kubectl.mjs            all versions we test with
//   node bin/fetch-kubectl.mjs 1.36       one
//
// Why three: learners bring whatever kubectl they have. The oldest validates with the protobuf form of OpenAPI v2 only,
// the middle one is Debian stable's, the newest matches our own API version.
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDebianSuite } from './debian-package.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const SOURCES = [
  { version: '1.36', suite: 'sid', name: 'kubectl' },
  { version: '1.32', suite: 'trixie', name: 'kubectl' },
  { version: '1.20', suite: 'bookworm', name: 'kubernetes-client' },
]
const VERSIONS = SOURCES.map((source) => source.version)

/** Returns the path of the binary. Does nothing when it is there already. */
export async function fetchKubectl({
  version,
  into = join(ROOT, '.cache/bin'),
  cacheDir = join(ROOT, '.cache/debian'),
}) {
  const wanted = SOURCES.find((source) => source.version === version)
  if (!wanted) throw new Error(`no source for kubectl ${version}; known: ${VERSIONS.join(', ')}`)
  const target = resolve(into, `kubectl-${version}`)
  if (existsSync(target)) return target
  await mkdir(into, { recursive: true })
  // Inside the target's directory, so that the last step is a rename within one file system: all or nothing.
  const scratch = await mkdtemp(join(into, `.kubectl-${version}-`))
  try {
    const suite = await openDebianSuite({ suite: wanted.suite, cacheDir })
    const taken = await suite.downloadAndUnpack(wanted.name, scratch)
    if (!taken.version.startsWith(`${version}.`)) {
      throw new Error(`Debian ${wanted.suite} now carries kubectl ${taken.version}, not ${version}`)
    }
    const binary = join(scratch, 'kubectl')
    await copyFile(join(scratch, 'usr/bin/kubectl'), binary)
    await chmod(binary, 0o755)
    await rename(binary, target)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return target
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const versions = process.argv.length > 2 ? process.argv.slice(2) : VERSIONS
  try {
    for (const version of versions) console.log(await fetchKubectl({ version }))
  } catch (err) {
    console.error(err instanceof Error ? err.message : err)
    process.exitCode = 1
  }
}
