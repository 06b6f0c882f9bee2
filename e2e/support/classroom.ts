// Starts the classroom as `npm start` does after set-up, and stops it: in order, or as a crash.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { kubectl, podium, root } from './commands.ts'

export interface Classroom {
  /** With the one-time token. */
  url: string
  origin: string
  /** Milliseconds from the start of the process to the line that says it is ready. */
  startedInMs: number
  pid: number
  output(): string
  /** As Ctrl-C does. */
  stop(): Promise<void>
  /** As a crash or a power cut does: nothing gets to say goodbye. Ends the server and its cluster hosts. */
  kill(): Promise<void>
}

export interface ListedCluster {
  name: string
  state: string
  server: string
  etcd: string
  kubeconfig: string
  /** The process that holds its control plane; null while there is none. */
  pid: number | null
  machines: { name: string; id: string }[]
}

export const clusters = async () => JSON.parse(await podium('cluster', 'list', '-o', 'json')) as ListedCluster[]

/**
 * The learner's cluster whose API server knows the object, given as `deployment web`. Only this classroom's: others on the
 * machine may well have an object of that name.
 */
export async function clusterWith(object: string, { pid }: Classroom): Promise<ListedCluster> {
  for (const each of await clusters()) {
    if (each.pid === null || (await parentOf(each.pid)) !== pid) continue
    if ((await kubectl('1.36', each.kubeconfig)(`get ${object}`)).code === 0) return each
  }
  throw new Error(`no cluster of this classroom has ${object}`)
}

/** Undefined when it has ended meanwhile. */
async function parentOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) || undefined
}

/** Takes away what learners of an earlier test left. Only ever under the state directory that `npm test` uses. */
export async function forgetLearners(): Promise<void> {
  const home = process.env.PODIUM_HOME
  if (!home?.endsWith('podium-test')) throw new Error('PODIUM_HOME must be the one of the tests; run `npm test`')
  const left = (await clusters()).filter(({ name }) => name.startsWith('lab-'))
  await Promise.all(left.map(({ name }) => podium('cluster', 'delete', name)))
  await rm(join(home, 'classroom'), { recursive: true, force: true })
}

const READY = /Podium is ready: (http:\/\/\S+)/

export async function startClassroom(
  options: { home?: string; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<Classroom> {
  const began = performance.now()
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'server', 'main.ts')], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PODIUM_PORT: '0',
      ...(options.home ? { PODIUM_HOME: options.home } : {}),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the classroom was not ready in time:\n${output}`)),
      options.timeoutMs ?? 120_000,
    )
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const found = READY.exec(output)
      if (!found) return
      clearTimeout(timer)
      resolve(found[1]!)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the classroom ended with ${code}:\n${output}`))
    })
  })
  return {
    url,
    origin: new URL(url).origin,
    startedInMs: performance.now() - began,
    pid: child.pid!,
    output: () => output,
    stop: () => end(child, 'SIGINT'),
    kill: () => end(child, 'SIGKILL'),
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}
