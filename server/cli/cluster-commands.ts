// `podium cluster …`: a cluster without any classroom. `create` leaves a recorded background process that runs it.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onDeepStack } from '../../bin/deep-stack.mjs'
import { beginLogAnew, keepLogSmallHourly } from '../../bin/keep-log-small.mjs'
import { systemClock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import {
  type ClusterRecord,
  clusterDirectory,
  clusterNames,
  readClusterRecord,
  readRunRecord,
} from '../kube/cluster/cluster-record.ts'
import { type ClusterInfo, type ClusterSpec, problemsOf } from '../kube/cluster/cluster-spec.ts'
import type { LocalClusterHost } from '../kube/cluster/index.ts'
import { makeFolder, placeForFile } from './named-places.ts'
import { removeCommand } from './names-elsewhere.ts'
import { UserError } from './user-error.ts'

export interface ClusterCommandContext {
  stateDir: string
  logger: Logger
  say(line: string): void
  openHost(): Promise<LocalClusterHost>
}

export interface ListedCluster {
  name: string
  state: ClusterInfo['state']
  message: string
  nodes: number
  simulatedNodes: number
  server: string
  etcd: string
  kubeconfig: string
  pid: number | null
  machines: ClusterInfo['machines']
}

/** Loaded when it is used: most commands only look at records. */
const controlPlane = () => import('../kube/cluster/index.ts')

const CREATE_TIMEOUT_MS = 180_000

export async function createCluster(
  context: ClusterCommandContext,
  told: ClusterSpec,
  kubeconfig?: string,
): Promise<void> {
  const problems = problemsOf(told)
  if (problems.length > 0) throw new UserError(problems.join('; '))
  // Before anything is made: who names a place that there is not would have a cluster, and no way to it.
  const place = kubeconfig && placeForFile(kubeconfig, 'the kubeconfig')
  const spec = { ...told, extraConfig: withWholePaths(told.extraConfig ?? {}) }
  await checkFlags(spec)
  await makeFolder(context.stateDir, 0o700)
  const directory = clusterDirectory(context.stateDir, spec.name)
  // Also one that is spoilt, or came back half from a backup: what is in there would be the new one's.
  if (existsSync(directory)) {
    throw new UserError(
      `a cluster named "${spec.name}" exists; choose another name, or: podium cluster delete ${spec.name}`,
    )
  }
  const started = systemClock.monotonic()
  const info = await runInBackground(context, directory, ['--create', JSON.stringify(spec), spec.name])
  const path = place || join(directory, 'admin.conf')
  if (place) await writeFile(path, await readFile(join(directory, 'admin.conf')), { mode: 0o600 })
  const seconds = ((systemClock.monotonic() - started) / 1000).toFixed(1)
  context.say(`cluster "${spec.name}" is ready after ${seconds} s, at ${info.server}`)
  context.say(`  export KUBECONFIG=${path}`)
  context.say('  kubectl get nodes')
}

/** The background process, and the next start, may stand in another directory. */
function withWholePaths(extraConfig: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(extraConfig).map(([flag, value]) => [
      flag,
      /-file$|\.auth\w+-config$|\.audit-log-path$|^scheduler\.config$/.test(flag) ? resolve(value) : value,
    ]),
  )
}

/** Said now, rather than by a cluster that does not start. */
async function checkFlags(spec: ClusterSpec): Promise<void> {
  if (Object.keys(spec.extraConfig ?? {}).length === 0) return
  const { readApiServerFlags, readSchedulerFlags, readDeschedulerFlags } = await controlPlane()
  try {
    await readApiServerFlags(spec)
    await readSchedulerFlags(spec)
    await readDeschedulerFlags(spec)
  } catch (err) {
    throw new UserError((err as Error).message)
  }
}

export async function startCluster(context: ClusterCommandContext, name: string): Promise<void> {
  const directory = await directoryOf(context, name)
  if (await runningPid(directory, name)) {
    context.say(`cluster "${name}" runs already`)
    return
  }
  const { problem } = await recordIn(directory)
  if (problem) throw new UserError(problem)
  const info = await runInBackground(context, directory, [name])
  context.say(`cluster "${name}" is ready, at ${info.server}`)
}

export async function stopCluster(context: ClusterCommandContext, name: string): Promise<void> {
  const directory = await directoryOf(context, name)
  const pid = await runningPid(directory, name)
  if (!pid) {
    context.say(`cluster "${name}" does not run`)
    return
  }
  await end(pid, 'SIGTERM', name)
  context.say(`cluster "${name}" is stopped; its data and machines are kept`)
}

export async function repairCluster(context: ClusterCommandContext, name: string): Promise<void> {
  const directory = await directoryOf(context, name)
  if (await runningPid(directory, name))
    throw new UserError(`cluster "${name}" runs; stop it first: podium cluster stop ${name}`)
  const { damage, revision, copies } = await (await controlPlane()).repairCluster({ directory })
  if (damage.length === 0) {
    context.say(`the store of cluster "${name}" is whole, up to revision ${revision}; nothing was changed`)
    return
  }
  for (const line of damage) context.say(line)
  context.say(`cluster "${name}" goes on as it was at revision ${revision}; what was written after that is lost`)
  context.say(`the damaged files are kept in ${copies}`)
  context.say(`  podium cluster start ${name}`)
}

export async function deleteCluster(context: ClusterCommandContext, name: string): Promise<void> {
  const directory = await directoryOf(context, name)
  const pid = await runningPid(directory, name)
  // SIGUSR2: leave the machines; they are about to be removed anyway.
  if (pid) await end(pid, 'SIGUSR2', name)
  const { invitedBy } = await import('../machines/elsewhere.ts')
  const away = await invitedBy(context.stateDir, name)
  await using host = await context.openHost()
  await host.deleteCluster(name)
  for (const half of ['', '.1']) await rm(`${logFile(context.stateDir, name)}${half}`, { force: true })
  context.say(`cluster "${name}" is gone`)
  for (const { node, peer, address } of away) {
    context.say(`its machine "${node}" is still on ${peer}; say there: ${removeCommand(node, address)}`)
  }
}

export async function listClusters(context: ClusterCommandContext): Promise<ListedCluster[]> {
  const names = await clusterNames(context.stateDir)
  return Promise.all(
    names.map(async (name) => {
      const directory = clusterDirectory(context.stateDir, name)
      const { record, problem } = await recordIn(directory)
      const run = await readRunRecord(directory)
      const alive = run !== undefined && run.state !== 'stopped' && isAlive(run.pid)
      return {
        name,
        state: alive ? run.state : problem || run?.state === 'failed' ? 'failed' : 'stopped',
        message: problem || (run?.message ?? ''),
        nodes: record?.spec.nodes ?? 0,
        simulatedNodes: record?.spec.simulatedNodes ?? 0,
        server: run?.server ?? '',
        etcd: run?.etcd ?? '',
        kubeconfig: join(directory, 'admin.conf'),
        pid: alive ? run.pid : null,
        machines: run?.machines ?? [],
      }
    }),
  )
}

/** The background process itself: runs one cluster until it is told to end. */
export async function runCluster(context: ClusterCommandContext, name: string, spec?: ClusterSpec): Promise<void> {
  keepLogSmallHourly(logFile(context.stateDir, name))
  const host = await context.openHost()
  const told = new Promise<NodeJS.Signals>((tell) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const) process.once(signal, tell)
  })
  const started = spec ? host.createCluster(spec) : host.startCluster(name)
  const signal = await Promise.race([told, started.then(() => told)])
  if (signal === 'SIGUSR2') await host.leave()
  else await host[Symbol.asyncDispose]()
}

/** Of one that is spoilt, why: it must not stand in the way of others. */
async function recordIn(directory: string): Promise<{ record?: ClusterRecord; problem: string }> {
  try {
    const record = await readClusterRecord(directory)
    return record ? { record, problem: '' } : { problem: `${join(directory, 'cluster.json')} is missing` }
  } catch (err) {
    return { problem: (err as Error).message }
  }
}

const logFile = (stateDir: string, name: string) => join(stateDir, 'log', `${name}.log`)

async function directoryOf({ stateDir }: ClusterCommandContext, name: string): Promise<string> {
  const names = await clusterNames(stateDir)
  if (names.includes(name)) return clusterDirectory(stateDir, name)
  throw noSuchCluster(name, names)
}

export function noSuchCluster(name: string, names: readonly string[]): UserError {
  const there = names.length > 0 ? `those there are: ${names.join(', ')}` : 'there are none'
  return new UserError(`there is no cluster named "${name}"; ${there}`)
}

/** Starts the background process and waits until its cluster is ready or it has failed. */
async function runInBackground(
  context: ClusterCommandContext,
  directory: string,
  args: string[],
): Promise<ClusterInfo> {
  const { stateDir } = context
  const name = args.at(-1)!
  await makeFolder(join(stateDir, 'log'), 0o700)
  beginLogAnew(logFile(stateDir, name))
  const log = await open(logFile(stateDir, name), 'a', 0o600)
  const cli = fileURLToPath(new URL('../cli.ts', import.meta.url))
  const words = ['--disable-warning=ExperimentalWarning', cli, 'cluster-run', '--state-dir', stateDir, ...args]
  const child = spawn(...onDeepStack(process.execPath, words), {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: '/',
  })
  await log.close()
  let exited = false
  child.once('exit', () => {
    exited = true
  })
  const deadline = systemClock.monotonic() + CREATE_TIMEOUT_MS
  for (;;) {
    const run = await readRunRecord(directory)
    if (run?.pid === child.pid && run?.state === 'ready') {
      child.unref()
      return run
    }
    if (exited || (run?.pid === child.pid && run?.state === 'failed')) {
      throw new UserError(`${run?.message || 'the cluster did not start'}; more in ${logFile(stateDir, name)}`)
    }
    if (systemClock.monotonic() > deadline) {
      child.kill('SIGTERM')
      throw new UserError(
        `the cluster was not ready after ${CREATE_TIMEOUT_MS / 1000} s; see ${logFile(stateDir, name)}`,
      )
    }
    await new Promise((again) => setTimeout(again, 25))
  }
}

/** The process that runs the cluster now; only if it is ours, since numbers of processes are used again. */
async function runningPid(directory: string, name: string): Promise<number | undefined> {
  const run = await readRunRecord(directory)
  if (!run || run.state === 'stopped' || !isAlive(run.pid)) return undefined
  const command = await commandOf(run.pid)
  if (command.includes('cluster-host')) {
    throw new UserError(`cluster "${name}" belongs to a running classroom; stop that first, or use its pages`)
  }
  return command.includes('cluster-run') && command.includes(name) ? run.pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Empty also where it has ended and only waits to be counted. */
const commandOf = (pid: number) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')

/** Resolves when the process has let go of everything, which is after its cluster is said to be stopped. */
async function end(pid: number, signal: NodeJS.Signals, name: string): Promise<void> {
  process.kill(pid, signal)
  const deadline = systemClock.monotonic() + 60_000
  while ((await commandOf(pid)).includes('cluster-run')) {
    if (systemClock.monotonic() > deadline)
      throw new UserError(`process ${pid} of cluster "${name}" did not end within a minute`)
    await new Promise((again) => setTimeout(again, 25))
  }
}
