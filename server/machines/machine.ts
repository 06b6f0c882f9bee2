// One worker machine, seen from the host: a handle on its outer container and its disk. Stateless, so that any process
// of this installation can make one from what Docker knows.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import type Docker from 'dockerode'
import { splitOutputs } from '../base/engine-outputs.ts'
import { readBounded } from '../base/read-bounded.ts'
import type { Machine, MachineFile } from '../kube/cluster/machine-provider.ts'
import type { Cgroups } from './cgroups.ts'
import type { DiskStore } from './disk-store.ts'
import { statusOf } from './docker-error.ts'
import { removeContainer } from './remove-container.ts'
import { type CommandResult, runCommand } from './run-command.ts'
import type { SharedDirectory } from './shared-directory.ts'

export type { CommandResult }

/** Runs its arguments as the machine's root in all of the machine's namespaces. */
export const ENTER = '/usr/lib/podium/enter.sh'
/** The node agent waits for this file, so it appears whole and after everything it refers to. */
const AGENT_CONFIG = '/etc/podium/node.json'
const HIDDEN_CONFIG = '/etc/podium/.node.json.new'
/**
 * On the machine: $1 are the sums of the files that come in an archive, $2 is not empty where they count for nothing. A
 * supervisor that is told of new files ends the agent that has the old ones, in a few seconds at most.
 */
const CONFIGURE = `
if [ -z "$2" ] && printf %s "$1" | sha256sum --status -c 2>/dev/null; then exec cat >/dev/null; fi
set -e
agent=
[ ! -e ${AGENT_CONFIG} ] || agent=$(pgrep -xf '(/usr/bin/)?node .*/node-agent.mjs .*' || true)
tar -xpf - --no-same-owner --overwrite -C /
[ ! -e ${HIDDEN_CONFIG} ] || mv -f ${HIDDEN_CONFIG} ${AGENT_CONFIG}
kill -HUP 1
for pid in $agent; do
  tries=0
  while [ -d /proc/$pid ] && [ $((tries += 1)) -lt 600 ]; do sleep 0.02; done
done`
const READY = 'podium: docker answers'
const BOOT_TIMEOUT_MS = 60_000
const SHUTDOWN_TIMEOUT_MS = 30_000
/** Whoever is root on a machine decides what its programs say. */
const MOST_OUTPUT = 64 * 1024 ** 2

export interface MachineIdentity {
  docker: Docker
  disks: DiskStore
  cgroups: Cgroups
  /** What it has in common with the cluster's other machines, on the host. */
  shared: SharedDirectory
  /** Sets the limits above the machine; they are gone after a reboot of the host. */
  applyLimits(): Promise<void>
  cluster: string
  name: string
  address: string
  bridge: string
  containerId: string
}

/** Adds what the data centre itself needs to a machine: its container and a way in with a TTY. */
export interface HostedMachine extends Machine {
  /** Resolves when the machine's Docker engine answers. */
  boot(): Promise<void>
}

export function machineHandle(identity: MachineIdentity): HostedMachine {
  const { docker, disks, shared, cgroups, cluster, name, address, bridge, containerId } = identity
  const container = docker.getContainer(containerId)

  async function state(): ReturnType<Machine['state']> {
    try {
      const { Running, Paused } = (await container.inspect()).State
      return Paused ? 'paused' : Running ? 'running' : 'stopped'
    } catch (err) {
      if (statusOf(err) === 404) return 'gone'
      throw err
    }
  }

  async function boot(): Promise<void> {
    await Promise.all([disks.mount(cluster, name), shared.open(), identity.applyLimits()])
    const attached = await container.attach({ stream: true, stdout: true, stderr: true })
    const ready = waitForLine(attached, READY)
    try {
      await container.start()
    } catch (err) {
      ready.catch(() => {})
      ;(attached as unknown as { destroy(): void }).destroy()
      throw err
    }
    await ready
  }

  async function exec(command: string[], input?: string | Buffer) {
    return runInContainer(container, [ENTER, ...command], input)
  }

  async function shutDown(): Promise<void> {
    await thaw()
    if ((await state()) !== 'running') return
    const ended = container.wait().then(
      () => true,
      () => true,
    )
    // Its programs are the learner's to replace: this one may never end.
    const asking = exec(['kill', '-TERM', '1']).catch(() => undefined)
    const asked = await Promise.race([asking, after(SHUTDOWN_TIMEOUT_MS, undefined)])
    const graceful = asked?.exitCode === 0 && (await Promise.race([ended, after(SHUTDOWN_TIMEOUT_MS, false)]))
    if (!graceful) await killContainer()
    await ended
  }

  /** A machine that stands still hears nothing, not even that it shall end. */
  async function thaw(): Promise<boolean> {
    const isPaused = (await state()) === 'paused'
    if (isPaused) await container.unpause()
    return isPaused
  }

  async function killContainer(): Promise<void> {
    await container.kill({ signal: 'SIGKILL' }).catch((err: unknown) => {
      if (statusOf(err) !== 409 && statusOf(err) !== 404) throw err // not running, or gone: what was wanted
    })
  }

  return {
    name,
    address,
    id: containerId,
    state,
    boot,
    exec,
    async configure(files, { isAnew = false } = {}) {
      const sums = files.map(({ path, content }) => `${createHash('sha256').update(content).digest('hex')}  ${path}\n`)
      const command = ['sh', '-c', CONFIGURE, 'configure', sums.join(''), isAnew ? 'anew' : '']
      const { exitCode, stderr } = await exec(command, await archiveOf(files))
      if (exitCode !== 0) throw new Error(`configuring machine ${name}: ${stderr.trim()}`)
    },
    async start() {
      if (!(await thaw()) && (await state()) !== 'running') await boot()
    },
    async pause() {
      if ((await state()) === 'running') await container.pause()
    },
    async stop() {
      await shutDown()
      await disks.unmount(cluster, name)
      await shared.close()
    },
    async kill() {
      await thaw()
      await killContainer()
    },
    async link(wanted) {
      const veth = await findHostLink()
      await runCommand('ip', ['link', 'set', 'dev', veth, wanted])
    },
    async delete() {
      await thaw()
      await removeContainer(docker, containerId)
      await disks.remove(cluster, name)
      await shared.close()
      await cgroups.remove([cluster, name])
    },
  }

  /**
   * The host's end of this machine's link. Taking the wrong link down would take the host off its network, so the index
   * is read inside the machine's network namespace and believed only if it is a veth enslaved to this cluster's bridge.
   */
  async function findHostLink(): Promise<string> {
    const inside = await exec(['ip', '-o', 'link', 'show', 'dev', 'eth0'])
    const index = Number(/^\d+: eth0@if(\d+):/.exec(inside.stdout)?.[1])
    if (!Number.isInteger(index)) throw new Error(`machine ${name} does not say what its link is connected to`)
    const enslaved = await runCommand('ip', ['-j', 'link', 'show', 'master', bridge, 'type', 'veth'])
    const links = JSON.parse(enslaved.trim() || '[]') as { ifindex?: number; ifname?: string; master?: string }[]
    const link = links.find((candidate) => candidate.ifindex === index)
    if (!link?.ifname?.startsWith('veth') || link.master !== bridge) {
      throw new Error(`link ${index} of machine ${name} is not on bridge ${bridge}: left alone`)
    }
    return link.ifname
  }
}

/** Runs a command in a container and collects what it says; input, when given, is written and closed. */
export async function runInContainer(
  container: Docker.Container,
  command: string[],
  input?: string | Buffer,
): Promise<CommandResult> {
  const exec = await container.exec({
    Cmd: command,
    AttachStdin: input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
  })
  const stream = await exec.start({ hijack: input !== undefined, stdin: input !== undefined })
  const { stdout, stderr } = splitOutputs(stream as unknown as Readable, false)
  const giveUp = () => void (stream as unknown as { destroy(): void }).destroy()
  const said = Promise.all([collect(stdout), collect(stderr)])
  said.catch(giveUp)
  if (input !== undefined) stream.end(input)
  await new Promise<void>((resolve, reject) => {
    stream.on('end', resolve)
    stream.on('close', resolve)
    stream.on('error', reject)
  })
  const [out, err] = await said
  // The stream may end a moment before Docker has written the exit status down.
  let result = await exec.inspect()
  for (let tries = 0; result.Running && tries < 100; tries++) {
    await after(10, undefined)
    result = await exec.inspect()
  }
  return { exitCode: result.ExitCode ?? 1, stdout: out, stderr: err }
}

async function collect(stream: Readable): Promise<string> {
  return (await readBounded(stream, MOST_OUTPUT)).toString()
}

function waitForLine(stream: NodeJS.ReadableStream, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => finish(new Error(`the machine did not boot in time: ${tail()}`)), BOOT_TIMEOUT_MS)
    const tail = () =>
      said
        .replace(/[^\x20-\x7e\n]/g, '')
        .trim()
        .slice(-600)
    const finish = (err?: Error) => {
      clearTimeout(timer)
      stream.removeAllListeners('data')
      ;(stream as unknown as { destroy(): void }).destroy()
      if (err) reject(err)
      else resolve()
    }
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-8000)
      if (said.includes(line)) finish()
    })
    stream.on('end', () => finish(new Error(`the machine ended while booting: ${tail()}`)))
    stream.on('error', (err) => finish(err))
  })
}

/** A tar archive is what carries modes and root ownership in one piece; made by the host's tar from a private directory. */
async function archiveOf(files: MachineFile[]): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'podium-configure-'))
  try {
    const names: string[] = []
    for (const file of files) {
      if (!file.path.startsWith('/') || file.path.split('/').includes('..')) {
        throw new Error(`not an absolute path: ${file.path}`)
      }
      const path = file.path === AGENT_CONFIG ? HIDDEN_CONFIG : file.path
      const target = join(directory, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, file.content, { mode: file.mode })
      names.push(path.slice(1))
    }
    const { stdout } = await promisify(execFile)(
      'tar',
      ['-C', directory, '--owner=0', '--group=0', '--numeric-owner', '-cf', '-', '--', ...names],
      { encoding: 'buffer', maxBuffer: 256 * 1024 ** 2 },
    )
    return stdout
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, value).unref()
  })
}
