// exec and attach, whatever carries them: what a client types goes in, what the command says comes out, and the last
// word is a Status. Pipes hold back whoever is faster than the other side.
// Upstream: kubelet/pkg/cri/streaming/remotecommand.

import type { Readable, Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { ExecSession } from '../../container-runtime/container-runtime.ts'

export interface TerminalSize {
  width: number
  height: number
}

/** Only the streams that the client asked for are there. */
export interface CommandChannels {
  readonly stdin?: Readable
  readonly stdout?: Writable
  readonly stderr?: Writable
  /** Called at once with the newest size that came before. */
  onResize(listener: (size: TerminalSize) => void): void
  /** Resolves when the client has gone. */
  readonly gone: Promise<void>
  /** Says how it ended and closes. */
  finish(status: CommandStatus): void
}

export interface CommandStatus {
  metadata: Record<string, never>
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: { causes: { reason: string; message: string }[] }
  code?: number
}

export async function serveCommand(
  channels: CommandChannels,
  { begin, tty }: { begin: () => Promise<ExecSession>; tty: boolean },
): Promise<void> {
  try {
    const session = await begin()
    channels.onResize((size) => void session.resize(size).catch(() => undefined))
    // A command that has ended does not take what is typed after it.
    const typed = channels.stdin && pipeline(channels.stdin, session.stdin).catch(() => undefined)
    // Ansible's cp hangs up as soon as it has said all: that is still for the command. One that does not read it keeps it until it
    // ends, as upstream: it would run on without its session too. A terminal is gone with its user.
    void channels.gone.then(async () => {
      if (!tty) await typed
      session.kill()
    })
    await Promise.all([pour(session.stdout, channels.stdout), pour(session.stderr, channels.stderr)])
    channels.finish(statusOf(await session.exitCode))
  } catch (err) {
    channels.finish({
      metadata: {},
      status: 'Failure',
      message: `error executing command in container: ${err instanceof Error ? err.message : String(err)}`,
      reason: 'InternalError',
      code: 500,
    })
  }
}

/** What nobody hears any more is let go: a command must not wait for who has gone. */
async function pour(source: Readable, sink: Writable | undefined): Promise<void> {
  if (!sink) return void source.resume()
  source.pipe(sink)
  await Promise.all([
    finished(source, { writable: false }),
    finished(sink, { readable: false }).catch(() => source.resume()),
  ])
}

const statusOf = (exitCode: number): CommandStatus =>
  exitCode === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        message: `command terminated with non-zero exit code: exit status ${exitCode}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
      }

export function sizeOf(json: string): TerminalSize | undefined {
  try {
    const { Width, Height } = JSON.parse(json) as { Width?: number; Height?: number }
    return Width && Height ? { width: Width, height: Height } : undefined
  } catch {
    // A size that cannot be read changes nothing.
    return undefined
  }
}

/** Remembers the newest size until somebody wants to know. */
export class Resizes {
  #newest: TerminalSize | undefined
  #listener: ((size: TerminalSize) => void) | undefined

  tell(size: TerminalSize | undefined): void {
    if (!size) return
    this.#newest = size
    this.#listener?.(size)
  }

  listen(listener: (size: TerminalSize) => void): void {
    this.#listener = listener
    if (this.#newest) listener(this.#newest)
  }
}
