#!/usr/bin/env node
// Puts a kubectl of a known version at `.cache/bin/kubectl-<version>`: taken from Debian, checked, cached.
//
//   node bin/fetch-kubectl.mjs            all versions we test with
//   node bin/fetch-kubectl.mjs 1.36       one
//
// Why three: learners bring whatever kubectl they have. The oldest validates with the protobuf form of OpenAPI v2 only,
// the middle one is Debian stable's, the newest matches our own API version.
import { join, resolve } from 'node:path'
import { openDebianSuite } from './debian-package.mjs'
import { copyProgram, putWhole, ROOT, runAsProgram } from './put-whole.mjs'

const SOURCES = [
  // Of sid there is only the newest: when that goes on, the next one speaks to our version as well, and nobody's start fails.
  { version: '1.36', suite: 'sid', name: 'kubectl', orNewer: true },
  { version: '1.32', suite: 'trixie', name: 'kubectl' },
  { version: '1.20', suite: 'bookworm', name: 'kubernetes-client' },
]
const VERSIONS = SOURCES.map((source) => source.version)

const minorOf = (version) => Number(version.split('.')[1])

/** Returns the path of the binary. Does nothing when it is there already. */
export async function fetchKubectl({
  version,
  into = join(ROOT, '.cache/bin'),
  cacheDir = join(ROOT, '.cache/debian'),
}) {
  const wanted = SOURCES.find((source) => source.version === version)
  if (!wanted) throw new Error(`no source for kubectl ${version}; known: ${VERSIONS.join(', ')}`)
  return putWhole(resolve(into, `kubectl-${version}`), async (scratch) => {
    const suite = await openDebianSuite({ suite: wanted.suite, cacheDir })
    const taken = await suite.downloadAndUnpack(wanted.name, scratch)
    const isNewer = minorOf(taken.version) > minorOf(version)
    if (!taken.version.startsWith(`${version}.`) && !(wanted.orNewer && isNewer)) {
      throw new Error(`Debian ${wanted.suite} now carries kubectl ${taken.version}, not ${version}`)
    }
    return copyProgram(join(scratch, 'usr/bin/kubectl'), join(scratch, 'kubectl'))
  })
}

await runAsProgram(import.meta.url, async function* (versions) {
  for (const version of versions.length > 0 ? versions : VERSIONS) yield await fetchKubectl({ version })
})
