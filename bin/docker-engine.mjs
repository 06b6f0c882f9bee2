// Finds the host's Docker engine, or installs and starts one.
//
// A classroom needs one engine on the host; many hosts have none, or have the package and nothing to start it (containers,
// minimal images, CI). So: use the one that answers; else start the installed `dockerd`; else install it from Debian first.
// An engine somebody else started is never stopped. Of ours, pid and log are recorded in the state directory, and
// `stopDocker` ends exactly that process and no other; `releaseDocker` does so only when nothing runs on it.
//
// Runs on any Node ≥ 18 with no dependencies, because it is used before anything is installed.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beginLogAnew } from './keep-log-small.mjs'

export const engineLog = (stateDir) => join(stateDir, 'docker-engine.log')

const SOCKET = '/var/run/docker.sock'
const PACKAGES = ['docker.io', 'iptables', 'debootstrap', 'xfsprogs', 'e2fsprogs', 'iproute2', 'ca-certificates']
const BINARIES = {
  dockerd: 'docker.io',
  iptables: 'iptables',
  debootstrap: 'debootstrap',
  'mkfs.ext4': 'e2fsprogs',
  ip: 'iproute2',
}
const SEARCH_PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin`

/** The version the engine on `socketPath` reports, or undefined when nobody answers there. */
export async function dockerVersion(socketPath = SOCKET, timeoutMs = 2000) {
  return (await ask(socketPath, '/version', timeoutMs))?.Version
}

/**
 * Makes sure that an engine answers on the default socket.
 * @param {{ log?: (line: string) => void, stateDir?: string, socketPath?: string, install?: boolean }} options
 * @returns {Promise<{ available: true, version: string, startedHere: boolean } | { available: false, reason: string, remedy: string }>}
 */
export async function ensureDocker({
  log = () => {},
  stateDir = '/var/lib/podium',
  socketPath = SOCKET,
  install = true,
} = {}) {
  const running = await dockerVersion(socketPath)
  if (running) return { available: true, version: running, startedHere: false }

  const refusal = whyNot()
  if (refusal) return { available: false, ...refusal }

  const missing = Object.keys(BINARIES).filter((name) => !which(name))
  if (missing.length > 0) {
    const remedy = `apt-get install --no-install-recommends ${PACKAGES.join(' ')}`
    if (!install || !which('apt-get')) {
      return { available: false, reason: `missing programs: ${missing.join(', ')}`, remedy }
    }
    log(`installing ${PACKAGES.join(' ')}`)
    const failed = await aptInstall(PACKAGES, log)
    if (failed) return { available: false, reason: `apt-get could not install Docker: ${failed}`, remedy }
  }

  return startDockerd({ log, stateDir, socketPath })
}

/** Ends the engine that ensureDocker started from this state directory. False when there is none of ours. */
export async function stopDocker({ stateDir = '/var/lib/podium' } = {}) {
  const pidFile = join(stateDir, 'docker-engine.pid')
  if (!existsSync(pidFile)) return false
  const pid = Number(readFileSync(pidFile, 'utf8').trim())
  const isOurs = pid > 1 && readTextOr(`/proc/${pid}/comm`, '').trim() === 'dockerd'
  if (isOurs) {
    process.kill(pid, 'SIGTERM')
    for (let tries = 0; tries < 150 && existsSync(`/proc/${pid}`); tries++) await pause(100)
  }
  rmSync(pidFile, { force: true })
  return isOurs
}

/** The same at the end of `npm start`: whatever still runs there, a cluster in the background for instance, keeps its engine. */
export async function releaseDocker({ log = () => {}, stateDir = '/var/lib/podium', socketPath = SOCKET } = {}) {
  const running = await ask(socketPath, '/containers/json')
  if (!Array.isArray(running))
    return log('the Docker engine does not say whether something runs on it; it is left alone')
  if (running.length > 0) return log(`the Docker engine stays: containers run on it (${namesOf(running)})`)
  if (await stopDocker({ stateDir })) log('stopped the Docker engine')
}

const namesOf = (containers) => containers.map(({ Names }) => Names[0].slice(1)).join(', ')

/** What the engine answers, or undefined when nobody does, or not in JSON. */
function ask(socketPath, path, timeoutMs = 2000) {
  return new Promise((resolve) => {
    const req = request({ socketPath, path, timeout: timeoutMs }, (res) => {
      let body = ''
      res.setEncoding('utf8')
      res.on('data', (chunk) => {
        body += chunk
      })
      res.on('end', () => {
        try {
          resolve(JSON.parse(body))
        } catch {
          resolve(undefined)
        }
      })
    })
    req.on('timeout', () => req.destroy())
    req.on('error', () => resolve(undefined))
    req.end()
  })
}

function whyNot() {
  if (process.platform !== 'linux') {
    return {
      reason: `no Docker engine answers, and one cannot be started on ${process.platform}`,
      remedy: 'start Docker Desktop, or run Podium in a Linux virtual machine',
    }
  }
  if (process.getuid?.() !== 0) {
    return {
      reason: 'no Docker engine answers, and starting one needs root',
      remedy: 'start the Docker service, or run this once as root',
    }
  }
  if (!/\bcgroup2?\b/.test(readTextOr('/proc/filesystems', '')) || !readTextOr('/proc/mounts', '').includes('cgroup')) {
    return {
      reason: 'no cgroup hierarchy is mounted here, so no Docker engine can run',
      remedy: 'mount cgroups on /sys/fs/cgroup (or run on a host, not in a locked-down container)',
    }
  }
  return undefined
}

async function aptInstall(packages, log) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', PATH: SEARCH_PATH }
  // A machine that has just booted often updates itself: wait for its turn at the package database.
  const apt = (...args) => run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], env, log)
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  if ((await apt(...install)) === 0) return undefined
  const updated = await apt('update')
  const code = await apt(...install)
  return code === 0 ? undefined : `exit status ${code}${updated === 0 ? '' : ' (apt-get update failed as well)'}`
}

async function startDockerd({ log, stateDir, socketPath }) {
  mkdirSync(stateDir, { recursive: true })
  const logFile = engineLog(stateDir)
  beginLogAnew(logFile)
  const out = openSync(logFile, 'a')
  // A stale pid file from an unclean end would make dockerd refuse to start; it is stale because nothing answers.
  const pidFile = '/var/run/docker.pid'
  const stale = readTextOr(pidFile, '').trim()
  if (stale && readTextOr(`/proc/${stale}/comm`, '').trim() !== 'dockerd') rmSync(pidFile, { force: true })

  log('starting dockerd')
  const child = spawn('dockerd', ['-H', `unix://${socketPath}`, '--log-level', 'warn'], {
    detached: true,
    stdio: ['ignore', out, out],
    env: { ...process.env, PATH: SEARCH_PATH },
  })
  let ended
  child.on('exit', (code, signal) => {
    ended = `dockerd ended with ${signal ?? `status ${code}`}`
  })
  child.on('error', (err) => {
    ended = err.message
  })
  child.unref()
  const started = Date.now()
  while (Date.now() - started < 60_000 && !ended) {
    const version = await dockerVersion(socketPath)
    if (version) {
      writeFileSync(join(stateDir, 'docker-engine.pid'), `${child.pid}\n`)
      log(`dockerd ${version} answers (pid ${child.pid}, log ${logFile})`)
      return { available: true, version, startedHere: true }
    }
    await pause(50)
  }
  // Two processes may start one at the same moment: the one that lost finds the other's engine answering.
  for (let tries = 0; ended && tries < 100; tries++) {
    const version = await dockerVersion(socketPath)
    if (version) return { available: true, version, startedHere: false }
    if (!readTextOr(logFile, '').includes('is already running')) break
    await pause(100)
  }
  const lastLines = readTextOr(logFile, '').trim().split('\n').slice(-3).join(' | ')
  return {
    available: false,
    reason: `${ended ?? 'dockerd did not answer within 60 s'}: ${lastLines}`,
    remedy: `read ${logFile}; cgroups, overlayfs and iptables have to be usable here`,
  }
}

function run(command, args, env, log) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const lines = createLineSplitter(log)
    child.stdout.on('data', lines)
    child.stderr.on('data', lines)
    child.on('error', () => resolve(127))
    child.on('close', (code) => resolve(code ?? 1))
  })
}

function createLineSplitter(log) {
  let rest = ''
  return (chunk) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (line.trim()) log(line)
  }
}

function which(name) {
  return SEARCH_PATH.split(':').some((dir) => dir && existsSync(join(dir, name)))
}

function readTextOr(path, fallback) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return fallback
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outcome = await ensureDocker({ log: (line) => console.log(line), stateDir: process.env.PODIUM_HOME })
  console.log(JSON.stringify(outcome))
  process.exitCode = outcome.available ? 0 : 1
}
