// This very machine. Uses what every Debian has: mount, umount, and Node's own file system and sockets.

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { watch } from 'node:fs'
import * as fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import { basename, dirname, join } from 'node:path'
import { dialWords } from '../../base/net-errors.ts'
import { publishFiles } from './atomic-directory.ts'
import { removeCgroup, setCgroup } from './cgroup-tree.ts'
import { cgroupProcesses, cgroupUsage } from './cgroup-usage.ts'
import { setOwnership } from './file-ownership.ts'
import { grpcCall } from './grpc-call.ts'
import { grpcHealth } from './grpc-health.ts'
import { httpGet } from './http-get.ts'
import { openNetnsDialer } from './netns-dialer.ts'
import type { NodeOs, RunningCommand } from './node-os.ts'
import { mountRemote } from './remote-mount.ts'
import { PATH, type Run, runBy, runHere } from './run-program.ts'
import { openInside, pathOf, readInside } from './sub-path.ts'

/** `errands`: where somebody listens who starts programs in place of this process. */
export function createLinuxNodeOs({ errands }: { errands?: string } = {}): NodeOs {
  const run = errands ? runBy(errands) : runHere
  return {
    async machine() {
      const release = await readText('/etc/os-release')
      const memory = /MemTotal:\s+(\d+) kB/.exec((await readText('/proc/meminfo')) ?? '')
      const disk = await fs.statfs('/var/lib').catch(() => undefined)
      const limit = await memoryLimit()
      const told = await toldLimits()
      const total = memory ? Number(memory[1]) * 1024 : os.totalmem()
      return {
        hostname: os.hostname(),
        machineId: ((await readText('/etc/machine-id')) ?? os.hostname()).trim(),
        bootId: ((await readText('/proc/sys/kernel/random/boot_id')) ?? '').trim(),
        kernelVersion: os.release(),
        osImage: /^PRETTY_NAME="?([^"\n]+)/m.exec(release ?? '')?.[1] ?? 'Linux',
        architecture: os.arch() === 'x64' ? 'amd64' : os.arch(),
        cpus: told.cpus ?? os.availableParallelism(),
        memoryBytes: told.memoryBytes ?? (limit && limit < total ? limit : total),
        diskBytes: told.diskBytes ?? (disk ? disk.blocks * disk.bsize : 0),
      }
    },
    usage: () => cgroupUsage(readText),
    async processes() {
      const running = await cgroupProcesses(readText)
      const limit = (await toldLimits()).processes ?? Number(await readText('/proc/sys/kernel/pid_max'))
      return running === undefined ? undefined : { running, limit }
    },
    async fileSystem(path) {
      const found = await fs.statfs(path).catch(() => undefined)
      if (!found) return undefined
      const { blocks, bavail, bsize, files, ffree } = found
      return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize, inodes: files, inodesFree: ffree }
    },
    async diskUsage(path) {
      // What vanishes while du walks is no error of ours; what it has counted it tells at the end.
      const counted = async (...how: string[]) =>
        Number.parseInt((await run('du', ['-sx', ...how, path])).stdout, 10) || 0
      const [bytes, inodes] = await Promise.all([counted('--block-size=1'), counted('--inodes')])
      return { bytes, inodes }
    },
    readFile: readText,
    writeFile,
    list: (path) => fs.readdir(path).catch(() => []),
    watchDirectory,
    async kindOf(path) {
      const stat = await fs.stat(path).catch(() => undefined)
      if (!stat) return undefined
      if (stat.isDirectory()) return 'directory'
      if (stat.isFile()) return 'file'
      if (stat.isCharacterDevice()) return 'character device'
      if (stat.isBlockDevice()) return 'block device'
      return stat.isSocket() ? 'socket' : 'other'
    },
    async makeDirectory(path, { mode } = {}) {
      await fs.mkdir(path, { recursive: true })
      if (mode !== undefined) await fs.chmod(path, mode)
    },
    remove: (path) => fs.rm(path, { recursive: true, force: true }),
    async link(target, path) {
      await fs.mkdir(dirname(path), { recursive: true })
      await fs.rm(path, { force: true })
      await fs.symlink(target, path)
    },
    setOwnership,
    publish: publishFiles,
    async mountTmpfs(path, { sizeBytes, mode = 0o1777 }) {
      await fs.mkdir(path, { recursive: true })
      // A file system of its own has a number of its own: the list of mounts, which grows with each pod, need not be read.
      if ((await fs.stat(path)).dev !== (await fs.stat(dirname(path))).dev) return
      const size = sizeBytes === undefined ? '' : `,size=${sizeBytes}`
      await mount(run, '-t', 'tmpfs', '-o', `mode=${mode.toString(8)}${size}`, 'tmpfs', path)
    },
    async mountRemote(path, remote) {
      // First: nothing but the list of mounts answers for sure once it is there.
      if (await isMountPoint(path)) return
      await fs.mkdir(path, { recursive: true, mode: 0o750 })
      try {
        await mountRemote(path, remote, run)
      } catch (err) {
        await fs.rmdir(path).catch(() => undefined)
        throw err
      }
    },
    bind: (source, target) => bind(run, source, target),
    async bindInside(root, path, target) {
      const found = await openInside(root, path)
      try {
        await bind(run, pathOf(found), target)
      } finally {
        await found.close()
      }
    },
    readInside,
    async mountLayers([first = '', ...others], target) {
      await fs.mkdir(target, { recursive: true })
      if (await isMountPoint(target)) return
      // An overlay has at least two.
      if (others.length > 0) {
        const layers = [first, ...others].join(':')
        return mount(run, '-t', 'overlay', '-o', `ro,userxattr,lowerdir=${layers}`, 'overlay', target)
      }
      await mount(run, '--bind', first, target)
      await mount(run, '-o', 'remount,bind,ro', target)
    },
    async unmount(path) {
      // Whoever believed that it is gone would remove what it shows.
      while (await isMountPoint(path)) {
        const { exitCode, stderr } = await run('umount', ['-l', path])
        if (exitCode !== 0) throw new Error(`unmount failed: ${stderr.trim()}`)
      }
    },
    setCgroup,
    removeCgroup,
    run,
    start,
    connectTcp,
    grpc: grpcCall,
    openNetns: openNetnsDialer,
    grpcHealth,
    httpGet,
  }
}

function watchDirectory(path: string, onChange: () => void): Disposable {
  try {
    const watcher = watch(path, { persistent: false }, onChange)
    // Somebody took the directory away: whoever asked looks once in a while as well.
    watcher.on('error', () => watcher.close())
    return { [Symbol.dispose]: () => watcher.close() }
  } catch {
    return { [Symbol.dispose]: () => undefined }
  }
}

const readText = (path: string) => fs.readFile(path, 'utf8').catch(() => undefined)

async function writeFile(path: string, content: string | Uint8Array, { mode = 0o644 }: { mode?: number } = {}) {
  // A file that is mounted into containers must stay the same file, so unchanged content is left alone
  // and changed content of an existing file is written in place.
  const exists = await fs.stat(path).catch(() => undefined)
  if (exists) {
    await fs.writeFile(path, content)
    return
  }
  await fs.mkdir(dirname(path), { recursive: true })
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`)
  await fs.writeFile(partial, content, { mode })
  await fs.chmod(partial, mode)
  await fs.rename(partial, path)
}

async function mount(run: Run, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await run('mount', args)
  if (exitCode !== 0) throw new Error(`mount failed: ${stderr.trim()}`)
}

async function bind(run: Run, source: string, target: string): Promise<void> {
  const isDirectory = (await fs.stat(source)).isDirectory()
  await fs.mkdir(isDirectory ? target : dirname(target), { recursive: true })
  if (!isDirectory) await fs.writeFile(target, '')
  // As it is called: what is behind an open file has no other name that could be trusted.
  await mount(run, '--no-canonicalize', '--bind', source, target)
}

async function isMountPoint(path: string): Promise<boolean> {
  const mounts = (await readText('/proc/self/mounts')) ?? ''
  return mounts.split('\n').some((line) => line.split(' ')[1]?.replace(/\\040/g, ' ') === path)
}

/** A machine that is a container sees the host's /proc; who made it left a note of what it really has. */
async function toldLimits(): Promise<Partial<Record<'cpus' | 'memoryBytes' | 'diskBytes' | 'processes', number>>> {
  try {
    return JSON.parse((await readText('/etc/podium/machine.json')) ?? '{}') as Awaited<ReturnType<typeof toldLimits>>
  } catch {
    return {}
  }
}

/** What the machine's own cgroup allows, if it allows less than there is. */
async function memoryLimit(): Promise<number | undefined> {
  for (const path of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    const text = await readText(path)
    const value = Number(text)
    if (text !== undefined && value > 0) return value
  }
  return undefined
}

function start(command: string, args: string[]): RunningCommand {
  const child = spawn(command, args, {
    env: { PATH } as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (err) => resolve(err.message))
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  return { stdout: child.stdout, stderr: child.stderr, ended, kill: () => void child.kill() }
}

function connectTcp(host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: timeoutMs })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => {
      socket.destroy()
      reject(new Error(dialWords(`${host}:${port}`, { code: 'ETIMEDOUT' })))
    })
    socket.once('error', (err) => reject(new Error(dialWords(`${host}:${port}`, err))))
  })
}
