// The two Debian images everything else is built on. Where a registry can be reached they are pulled; where not (the
// usual case in a school without a mirror, and in CI) debootstrap makes the same thing from packages in half a minute.

import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { debianMirror } from '../../bin/debian-package.mjs'
import type { DebianSuite } from './image-set.ts'
import { LABELS } from './labels.ts'
import { runCommand } from './run-command.ts'

/** Change when the recipe below changes, so that bases made by an older one are made again. */
const RECIPE_VERSION = 3

export function baseImageTag(suite: DebianSuite): string {
  return `podium/base-${suite}:v${RECIPE_VERSION}`
}

export async function ensureBaseImage(options: {
  docker: Docker
  suite: DebianSuite
  stateDir: string
  log: (line: string) => void
}): Promise<string> {
  const { docker, suite, log } = options
  const tag = baseImageTag(suite)
  if (await hasImage(docker, tag)) return tag
  if (await pulled(docker, suite, tag, log)) return tag
  await bootstrapped(options, tag)
  return tag
}

export async function hasImage(docker: Docker, reference: string): Promise<boolean> {
  return docker
    .getImage(reference)
    .inspect()
    .then(
      () => true,
      (err: { statusCode?: number }) => {
        if (err.statusCode === 404) return false
        throw err
      },
    )
}

async function pulled(docker: Docker, suite: string, tag: string, log: (line: string) => void): Promise<boolean> {
  if (!(await canReachDockerHub())) return false
  log(`pulling debian:${suite}-slim`)
  try {
    const stream = await docker.pull(`debian:${suite}-slim`)
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (err: Error | null) => (err ? reject(err) : resolve()))
    })
    const [repo = '', version = 'latest'] = tag.split(':')
    await docker.getImage(`debian:${suite}-slim`).tag({ repo, tag: version })
    return true
  } catch (err) {
    log(`pulling failed (${err instanceof Error ? err.message : err}), using debootstrap instead`)
    return false
  }
}

function canReachDockerHub(): Promise<boolean> {
  return new Promise((resolve) => {
    const req = request('https://registry-1.docker.io/v2/', { method: 'HEAD', timeout: 2000 }, (res) => {
      res.resume()
      resolve(res.statusCode === 200 || res.statusCode === 401)
    })
    req.on('timeout', () => req.destroy())
    req.on('error', () => resolve(false))
    req.end()
  })
}

async function bootstrapped(
  options: { docker: Docker; suite: DebianSuite; stateDir: string; log: (line: string) => void },
  tag: string,
): Promise<void> {
  const { docker, suite, stateDir, log } = options
  const mirror = await mirrorOfHost()
  log(`no registry can be reached: building Debian ${suite} with debootstrap from ${mirror}`)
  await mkdir(stateDir, { recursive: true })
  const root = await mkdtemp(join(stateDir, `debootstrap-${suite}-`))
  try {
    await runCommand('debootstrap', ['--variant=minbase', suite, root, mirror])
    await slimDown(root, suite, mirror)
    const tar = spawn('tar', ['-C', root, '--numeric-owner', '--exclude=./dev/*', '-cf', '-', '.'])
    const [repo = '', version = 'latest'] = tag.split(':')
    const stream = await docker.importImage(tar.stdout, {
      repo,
      tag: version,
      changes: ['CMD ["bash"]', `LABEL ${LABELS.owner}=1`].join('\n'),
    })
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (err: Error | null) => (err ? reject(err) : resolve()))
    })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function slimDown(root: string, suite: DebianSuite, mirror: string): Promise<void> {
  for (const path of [
    'usr/share/doc',
    'usr/share/man',
    'usr/share/info',
    'usr/share/locale',
    'var/cache/apt',
    'var/lib/apt/lists',
    'var/cache/debconf',
    'var/log/bootstrap.log',
    'var/log/dpkg.log',
    'etc/apt/sources.list',
  ]) {
    await rm(join(root, path), { recursive: true, force: true })
  }
  await mkdir(join(root, 'var/cache/apt/archives/partial'), { recursive: true })
  await mkdir(join(root, 'var/lib/apt/lists/partial'), { recursive: true })
  await mkdir(join(root, 'usr/share/man/man1'), { recursive: true })
  const exclude = ['doc', 'man', 'info', 'locale', 'lintian']
    .map((dir) => `path-exclude=/usr/share/${dir}/*\n`)
    .join('')
  await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/podium-slim'), exclude)
  // What `apt-get` would otherwise leave in every layer: 90 MB of parsed package lists, and the packages themselves.
  const aptOptions = [
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'APT::Install-Recommends "false";',
    'Dir::Cache::pkgcache "";',
    'Dir::Cache::srcpkgcache "";',
    'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };',
  ]
  await writeFile(join(root, 'etc/apt/apt.conf.d/podium'), `${aptOptions.join('\n')}\n`)
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg'
  const stanza = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: main\nSigned-By: ${key}\n`
  const security = mirror.replace(/\/debian\/?$/, '/debian-security')
  await writeFile(
    join(root, 'etc/apt/sources.list.d/debian.sources'),
    [stanza(mirror, `${suite} ${suite}-updates`), stanza(security, `${suite}-security`)].join('\n'),
  )
  // Nothing starts inside an image while it is being built.
  await writeFile(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })
}

/** Where this host installs from; elsewhere than on Debian, where everybody does. */
function mirrorOfHost(): Promise<string> {
  return debianMirror().catch(() => 'http://deb.debian.org/debian')
}
