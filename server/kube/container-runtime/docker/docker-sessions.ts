// Commands in containers, and the containers' own streams.

import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import type { Clock } from '../../../base/clock.ts'
import { splitOutputs } from '../../../base/engine-outputs.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { ExecSession } from '../container-runtime.ts'

export async function execSession(
  docker: Docker,
  id: string,
  { command, tty, stdin, os }: { command: string[]; tty: boolean; stdin: boolean; os: NodeOs },
): Promise<ExecSession> {
  const exec = await docker.getContainer(id).exec({
    Cmd: command,
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: !tty,
    Tty: tty,
  })
  const stream = await exec.start({ hijack: true, stdin, Tty: tty })
  const { stdout, stderr, ended } = splitOutputs(stream, tty)
  const exitCode = ended.then(async () => {
    // The stream may end a moment before the engine has noted the end of the process.
    for (let tries = 0; ; tries++) {
      const { Running, ExitCode } = await exec.inspect()
      if (!Running || tries >= 50) return ExitCode ?? 0
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  return {
    stdin: stream,
    stdout,
    stderr,
    resize: async ({ width, height }) => {
      await exec.resize({ w: width, h: height })
    },
    exitCode,
    kill() {
      stream.destroy()
      if (tty) void hangUp(exec, os).catch(() => undefined)
    },
  }
}

/** As the kernel does when a terminal goes away: a command under one need not heed the end of its input. */
async function hangUp(exec: Docker.Exec, os: NodeOs): Promise<void> {
  const { Running, Pid } = await exec.inspect()
  if (Running && Pid > 0) await os.run('kill', ['-HUP', String(Pid)])
}

export async function attachSession(
  docker: Docker,
  id: string,
  { tty, stdin }: { tty: boolean; stdin: boolean },
): Promise<ExecSession> {
  const container = docker.getContainer(id)
  const stream = (await container.attach({
    stream: true,
    hijack: true,
    stdin,
    stdout: true,
    stderr: true,
  })) as unknown as Duplex
  const { stdout, stderr, ended } = splitOutputs(stream, tty)
  return {
    stdin: stream,
    stdout,
    stderr,
    resize: async ({ width, height }) => {
      await container.resize({ w: width, h: height })
    },
    // Whoever only watched did so well, however the container ended; kubectl run asks the pod for its exit code.
    exitCode: ended.then(() => 0),
    kill: () => stream.destroy(),
  }
}

export async function execToEnd(
  docker: Docker,
  id: string,
  command: string[],
  { timeoutMs, clock, os }: { timeoutMs: number; clock: Clock; os: NodeOs },
): Promise<{ exitCode: number; output: string }> {
  const session = await execSession(docker, id, { command, tty: false, stdin: false, os })
  let output = ''
  const take = (chunk: Buffer) => {
    if (output.length < 64 * 1024) output += chunk.toString('utf8')
  }
  session.stdout.on('data', take)
  session.stderr.on('data', take)
  const patience = new AbortController()
  const late = clock.sleep(timeoutMs, patience.signal).then(
    () => {
      session.kill()
      throw new Error(`command ${JSON.stringify(command.join(' '))} timed out`)
    },
    () => new Promise<never>(() => undefined),
  )
  late.catch(() => undefined)
  try {
    return { exitCode: await Promise.race([session.exitCode, late]), output }
  } finally {
    patience.abort(new Error('done'))
  }
}
