// First thing every command does, on whatever Node the machine has (18 or newer), with no packages installed:
// bring the pinned packages, the right Node among them, and say where that Node is.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')

/** One line of progress, so that nobody wonders whether it hangs. */
export function say(line) {
  process.stdout.write(`podium: ${line}\n`)
}

export function fail(what, remedy) {
  process.stderr.write(`podium: ${what}\n${remedy ? `        ${remedy}\n` : ''}`)
  process.exit(1)
}

function nodeOfPackages() {
  const path = join(modules, `node-linux-${process.arch}`, 'bin', 'node')
  return existsSync(path) ? path : undefined
}

/** Installs what package-lock.json says, unless that very lock file is what is installed; returns the path of Node 24. */
export function bootstrap() {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 18)
    fail(
      `this is Node ${process.versions.node}; 18 or newer is needed to begin`,
      'Install a newer Node.js and try again.',
    )
  if (process.platform !== 'linux') {
    fail(
      `Podium's machines are Linux containers; this is ${process.platform}`,
      'Run it on a Linux machine, or in a Linux virtual machine.',
    )
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(modules, '.podium-lock')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) installPackages(stamp, lock)
  const node = nodeOfPackages()
  if (!node) fail(`there is no Node 24 for ${process.arch} among the packages`, 'Podium runs on x64 and arm64.')
  return node
}

/**
 * Exactly what the lock file says. Not `npm ci`: it refuses a lock file without the builds for other platforms, which
 * not every registry has.
 */
function installPackages(stamp, lock) {
  say('installing packages from the npm registry (a minute or two the first time)')
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  for (let attempt = 1; ; attempt++) {
    const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    if (npm.error) fail(`npm could not be started: ${npm.error.message}`, 'npm comes with Node.js; is it on the PATH?')
    if (npm.status === 0) break
    if (attempt === 3)
      fail('npm install failed three times; its own words are above', 'Is the npm registry reachable (npm ping)?')
    say(`npm install failed; trying again (${attempt + 1} of 3)`)
  }
  writeFileSync(stamp, lock)
}

/** Runs a command in the repository with our Node first on the PATH; resolves to its exit code. */
export function run(node, args, options = {}) {
  const { status, signal } = spawnSync(node, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
    env: { ...environment(node), ...options.env },
  })
  return signal ? 1 : status
}

/** The environment for our own processes: Node 24 first, and compiled code kept between runs. */
export function environment(node) {
  const cache = join(root, '.cache', 'node')
  mkdirSync(cache, { recursive: true })
  return {
    ...process.env,
    PATH: `${dirname(node)}:${join(modules, '.bin')}:${process.env.PATH}`,
    NODE_COMPILE_CACHE: cache,
    NEXT_TELEMETRY_DISABLED: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  }
}
