// Kubernetes' own end-to-end tests as a program, and the programs that run in their pods, built from Debian's sources.
//
// Why: nobody says better than they do whether a cluster is Kubernetes. Of the sources that Debian has, those of v1.20 are
// the newest with the tests in them; what they ask of APIs that v1.36 no longer serves is listed in expected.json.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDebianSuite } from '../debian-package.mjs'

const SUITE = 'bookworm'
const GO = '1.19'
const MODULE = 'src/k8s.io/kubernetes'

/** What does not fit a cluster of today, or would bring in the libraries of all clouds. */
const CHANGES = [
  {
    // Accounts have had no Secret of their own since v1.24.
    file: 'test/e2e/framework/util.go',
    from: 'return len(t.Secrets) > 0, nil',
    to: 'return t != nil, nil',
  },
  {
    file: 'test/e2e/e2e_test.go',
    from: /^.*e2e\/(autoscaling|cloud|ui|windows|lifecycle|lifecycle\/bootstrap|instrumentation|storage\/external)"\n/gm,
    to: '',
  },
]

/** Manifests are read where they lie; upstream packs them into the program. */
const MANIFESTS = (source) => `package generated

import "os"

func Asset(name string) ([]byte, error) { return os.ReadFile(${JSON.stringify(`${source}/`)} + name) }
func AssetNames() []string              { return nil }
`

const PROGRAMS = {
  'e2e.test': { in: '.', args: ['test', '-c', './test/e2e'] },
  agnhost: { in: 'test/images/agnhost', args: ['build', '.'] },
  nonewprivs: { in: 'test/images/nonewprivs', args: ['build', '.'] },
  'sample-apiserver': { in: '.', args: ['build', 'k8s.io/kubernetes/vendor/k8s.io/sample-apiserver'] },
}

/** Returns the directory with the programs, and that with the sources. A quarter of an hour the first time. */
export async function buildSuite({ cacheDir, log }) {
  const target = join(cacheDir, 'conformance')
  const programs = join(target, 'programs')
  const source = join(target, MODULE)
  if (existsSync(programs)) return { programs, source }
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })

  log('fetching the sources of Kubernetes’ tests, and Go')
  const debian = join(cacheDir, 'debian')
  const binaries = await openDebianSuite({ suite: SUITE, cacheDir: debian })
  for (const name of ['go', 'src']) await binaries.downloadAndUnpack(`golang-${GO}-${name}`, join(target, 'go'))
  await (await openDebianSuite({ suite: SUITE, cacheDir: debian, withSources: true })).unpackSource(
    'kubernetes',
    source,
  )
  for (const { file, from, to } of CHANGES) {
    const text = await readFile(join(source, file), 'utf8')
    const changed = text.replaceAll(from, to)
    if (changed === text)
      throw new Error(`${file} of Debian's sources is not as expected: see bin/conformance/build-suite.mjs`)
    await writeFile(join(source, file), changed)
  }
  await writeFile(join(source, 'test/e2e/generated/bindata.go'), MANIFESTS(source))

  const goRoot = join(target, `go/usr/lib/go-${GO}`)
  const env = {
    PATH: `${goRoot}/bin:${process.env.PATH}`,
    GOROOT: goRoot,
    GOPATH: target,
    GOCACHE: join(target, 'cache'),
    GO111MODULE: 'off',
    CGO_ENABLED: '0',
    HOME: target,
  }
  const made = join(target, 'made')
  await mkdir(made)
  for (const [program, { in: folder, args }] of Object.entries(PROGRAMS)) {
    log(`building ${program}`)
    const [verb, ...rest] = args
    execFileSync('go', [verb, '-o', join(made, program), ...rest], { cwd: join(source, folder), env, stdio: 'inherit' })
  }
  await cp(join(source, 'test/images/agnhost/porter'), join(made, 'porter'), { recursive: true })
  await rm(join(target, 'cache'), { recursive: true, force: true })
  await rename(made, programs)
  return { programs, source }
}
