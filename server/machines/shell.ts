// A TTY in a running container.
//
// containerd (at least 1.6) lets go of the terminal of a shell that ends, and then forgets it by the number that its
// descriptor had (`CloseConsole` in containerd/console). When another shell's terminal has got that number in between,
// that one is forgotten in its place: it runs, and nobody ever reads what it prints. So no shell is opened in a container
// before the engine has told how those ended there that we know to be ending.

import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import { type Clock, systemClock } from '../base/clock.ts'
import { statusOf } from './docker-error.ts'

export interface TerminalSize {
  columns: number
  rows: number
}

export interface TerminalShell {
  /** What the learner types goes in, what the screen shows comes out: raw bytes of a TTY, nothing framed. */
  readonly stream: Duplex
  resize(size: TerminalSize): Promise<void>
  /** The shell's exit status, once it ended by itself or by close(). */
  readonly ended: Promise<number>
  /** The command line of whoever has the keyboard: the shell itself, or what runs in its foreground. */
  foreground(): Promise<string>
  /** Hangs up, as closing a terminal window does. */
  close(): Promise<void>
}

const LOOK_AGAIN_MS = 20
/** A command that does not heed the hang-up keeps its terminal, and is waited for no longer than this. */
const ENDS_WITHIN_MS = 3000

/** By container. */
const ending = new Map<string, Set<Promise<unknown>>>()

export async function openShell(
  container: Docker.Container,
  size: TerminalSize,
  options: { command?: string[]; env?: Record<string, string>; clock?: Clock } = {},
): Promise<TerminalShell> {
  const { command = ['bash', '-l'], env = {}, clock = systemClock } = options
  await Promise.all(ending.get(container.id) ?? [])
  const exec = await container.exec({
    Cmd: command,
    Tty: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Env: ['TERM=xterm-256color', 'COLORTERM=truecolor', ...Object.entries(env).map(([k, v]) => `${k}=${v}`)],
  })
  const stream = await exec.start({ hijack: true, stdin: true, Tty: true })
  const resize = async ({ columns, rows }: TerminalSize) => {
    await exec.resize({ w: columns, h: rows }).catch((err: unknown) => {
      if (statusOf(err) !== 404 && statusOf(err) !== 409 && statusOf(err) !== 500) throw err // it has ended: no screen
    })
  }
  const hungUp = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve())
  })
  const ended = hungUp.then(() => keepEnding(container.id, exitStatus(exec, clock)))
  await resize(size)
  /** The engine's pid is the host's, so be sure that it is still that container's process. */
  const runningPid = async (): Promise<number | undefined> => {
    const { Pid: pid, Running: isRunning } = await exec.inspect().catch(() => ({ Pid: 0, Running: false }))
    if (!isRunning || pid <= 1) return undefined
    return (await procFile(pid, 'cgroup')).includes(container.id) ? pid : undefined
  }
  const hangUp = async () => {
    // The engine cannot signal an exec.
    const pid = await runningPid()
    if (pid !== undefined) process.kill(pid, 'SIGHUP')
    stream.destroy()
    await ended
  }
  return {
    stream,
    resize,
    ended,
    async foreground() {
      const pid = await runningPid()
      if (pid === undefined) return ''
      // The name in brackets may hold blanks; after it come state, parent, group, session, terminal, foreground group.
      const [, , , , , group] = (await procFile(pid, 'stat')).replace(/^.*\) /s, '').split(' ')
      return (await procFile(Number(group), 'cmdline')).replaceAll('\0', ' ').trim()
    },
    close: () => keepEnding(container.id, hangUp()),
  }
}

/** Whoever opens a shell in the container from now on waits for it. */
function keepEnding<T>(container: string, end: Promise<T>): Promise<T> {
  const there = ending.get(container) ?? new Set()
  ending.set(container, there)
  const settled = end
    .catch(() => undefined)
    .then(() => {
      there.delete(settled)
      if (there.size === 0 && ending.get(container) === there) ending.delete(container)
    })
  there.add(settled)
  return end
}

/** Once the engine knows it, which is a moment after the terminal has gone. */
async function exitStatus(exec: Docker.Exec, clock: Clock): Promise<number> {
  const until = clock.monotonic() + ENDS_WITHIN_MS
  for (;;) {
    const state = await exec.inspect().catch(() => undefined)
    if (!state?.Running || clock.monotonic() >= until) return state?.ExitCode ?? 0
    await clock.sleep(LOOK_AGAIN_MS)
  }
}

const procFile = (pid: number, name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
