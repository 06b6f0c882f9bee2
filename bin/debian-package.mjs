// Takes single packages out of a Debian suite: resolve, download, verify, unpack.
//
// Why: kubectl in three versions, the Kubernetes sources our schema facts come from and the contents of our images all
// live in Debian, in suites other than the host's. So apt itself does the work, but in a private directory: the host's
// lists, sources and installed packages are never touched, and the archive's signatures and hashes are checked by the
// tool that knows how. The mirror is the one the host is configured for. No dependencies; Node 18 or later.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MAX_OUTPUT = 64 * 1024 * 1024
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const LISTS_FRESH_FOR_MS = 24 * 60 * 60 * 1000

/** The Debian archive this host installs from, e.g. what `URIs:` in /etc/apt/sources.list.d/debian.sources says. */
export async function debianMirror() {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { maxBuffer: MAX_OUTPUT })
  const mirror = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri.trim())) ?? (await configuredMirror())
  if (!mirror) throw new Error('no Debian mirror is configured in /etc/apt: add one, or pass { mirror }')
  return mirror.trim()
}

/** apt tells of no target before its first update, so on a fresh machine its files have to be read. */
async function configuredMirror() {
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => [])
  const files = [
    ...parts.filter((name) => /\.(sources|list)$/.test(name)).map((name) => `/etc/apt/sources.list.d/${name}`),
    '/etc/apt/sources.list',
  ]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  return mirrorIn(texts.join('\n'))
}

/** The first Debian archive that apt's sources name, in either of their formats. */
export function mirrorIn(sources) {
  return /^(?:URIs:|deb\s+(?:\[[^\]]*\]\s+)?)\s*(\S+\/debian\/?)(?=\s|$)/m.exec(sources)?.[1]
}

/** The Debian name of this machine's architecture: `amd64`, `arm64`. */
export async function debianArchitecture() {
  const { stdout } = await run('dpkg', ['--print-architecture'])
  return stdout.trim()
}

/**
 * Opens one suite (`sid`, `trixie`, `bookworm`) for taking packages from.
 *
 * `cacheDir` keeps the suite's index and the packages already taken; it may be shared by several processes.
 * Returns `{ resolve(name), download(name), downloadAndUnpack(name, into), unpackSource(name, into) }`; the last one only
 * `withSources`, whose index is another ten megabytes.
 */
export async function openDebianSuite({
  suite,
  cacheDir = '.cache/debian',
  mirror,
  architecture,
  withSources = false,
}) {
  if (!/^[a-z][a-z0-9-]*$/.test(suite)) throw new Error(`not the name of a Debian suite: ${suite}`)
  const arch = architecture ?? (await debianArchitecture())
  const home = resolve(cacheDir, `${suite}-${withSources ? 'source' : arch}`)
  const packages = join(home, 'packages')
  for (const dir of ['lists/partial', 'cache/archives/partial', 'parts', 'packages']) {
    await mkdir(join(home, dir), { recursive: true })
  }
  await writeFile(join(home, 'status'), '')
  const archive = `${mirror ?? (await debianMirror())} ${suite} main`
  const types = withSources ? ['deb', 'deb-src'] : ['deb']
  const lines = types.map((type) => `${type} [arch=${arch} signed-by=${KEYRING}] ${archive}\n`)
  await writeFile(join(home, 'sources.list'), lines.join(''))

  const options = Object.entries({
    'APT::Architecture': arch,
    'APT::Architectures': arch,
    'APT::Sandbox::User': process.getuid?.() === 0 ? 'root' : '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Dir::Cache': join(home, 'cache'),
    'Dir::Etc::SourceList': join(home, 'sources.list'),
    'Dir::Etc::SourceParts': join(home, 'parts'),
    'Dir::State': home,
    'Dir::State::Lists': join(home, 'lists'),
    'Dir::State::status': join(home, 'status'),
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`])

  const apt = (tool, args, cwd = home) => run(tool, [...options, ...args], { cwd, maxBuffer: MAX_OUTPUT })

  async function refresh() {
    const stamp = join(home, 'refreshed')
    const age = await stat(stamp).then(
      (found) => Date.now() - found.mtimeMs,
      () => Number.POSITIVE_INFINITY,
    )
    if (age < LISTS_FRESH_FOR_MS) return
    await retried(`read the package index of Debian ${suite}`, () => apt('apt-get', ['update', '-q', '--error-on=any']))
    await writeFile(stamp, '')
  }

  async function resolvePackage(name) {
    if (!/^[a-z0-9][a-z0-9+.-]*$/.test(name)) throw new Error(`not the name of a Debian package: ${name}`)
    await refresh()
    const { stdout } = await apt('apt-cache', ['show', '--no-all-versions', name]).catch((cause) => {
      throw new Error(`Debian ${suite} has no package ${name}`, { cause })
    })
    const field = (key) => stdout.match(new RegExp(`^${key}: (.*)$`, 'm'))?.[1]
    const found = { name, version: field('Version'), filename: field('Filename'), sha256: field('SHA256') }
    if (!found.version || !found.filename || !found.sha256) throw new Error(`Debian ${suite} has no package ${name}`)
    return found
  }

  async function download(name) {
    const found = await resolvePackage(name)
    const file = join(packages, basename(found.filename))
    if (existsSync(file) && (await sha256Of(file)) === found.sha256) return { ...found, file }
    // A directory of its own, then a rename: a reader never sees half a package, and two writers do not meet.
    const scratch = join(packages, `.${name}-${process.pid}-${process.hrtime.bigint()}`)
    await mkdir(scratch)
    try {
      await retried(`download ${name} from Debian ${suite}`, async () => {
        await apt('apt-get', ['download', '-q', `${name}=${found.version}`], scratch)
      })
      const { stdout } = await run('find', [scratch, '-name', '*.deb'])
      const fetched = stdout.trim()
      const actual = await sha256Of(fetched)
      if (actual !== found.sha256) throw new Error(`${name}: expected SHA-256 ${found.sha256}, got ${actual}`)
      await rename(fetched, file)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
    return { ...found, file }
  }

  async function downloadAndUnpack(name, into) {
    const taken = await download(name)
    await mkdir(into, { recursive: true })
    await run('dpkg-deb', ['--extract', taken.file, resolve(into)])
    return taken
  }

  /** The sources that a package was built from, with Debian's changes left out; apt checks them against its signed index. */
  async function unpackSource(name, into) {
    await refresh()
    await mkdir(into, { recursive: true })
    await retried(`download the sources of ${name} from Debian ${suite}`, () =>
      apt('apt-get', ['source', '-q', '--download-only', name], into),
    )
    const archive = (await readdir(into)).find((file) => /\.orig\.tar\.\w+$/.test(file))
    if (!archive) throw new Error(`Debian ${suite} has no sources of ${name} in one archive`)
    await run('tar', ['--extract', '--file', join(into, archive), '--directory', into, '--strip-components=1'])
  }

  return { suite, architecture: arch, resolve: resolvePackage, download, downloadAndUnpack, unpackSource }
}

async function sha256Of(file) {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

// Mirrors hiccup and two processes may want apt's lock at once; both pass by themselves.
async function retried(what, attempt) {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (cause) {
      if (tries === 5) {
        throw new Error(`could not ${what}: ${String(cause.stderr || cause.message).trim()}`, { cause })
      }
      await delay(500 * 2 ** tries)
    }
  }
}
