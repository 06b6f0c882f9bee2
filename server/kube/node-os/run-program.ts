// Runs a program to its end: started by this process, or by one that is asked to, at a socket
// (images/machine/errands.c says how). A fork of this one costs some milliseconds, and all else waits meanwhile.

import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName, inspect } from 'node:util'

export interface CommandResult {
  exitCode: number
  stdout: string
  stderr: string
}

interface RunOptions {
  input?: string
  env?: Record<string, string>
  timeoutMs?: number
}

/** Rejects when the program cannot be started, is ended by a signal, or takes too long. */
export type Run = (command: string, args: string[], options?: RunOptions) => Promise<CommandResult>

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const PATIENCE_MS = 30_000
/** As much may be said to each of stdout and stderr. */
const MOST_BYTES = 64 * 2 ** 20
/** Nobody is there, or too many stand in line already. */
const UNHEARD = ['ENOENT', 'ECONNREFUSED', 'EAGAIN']

export const runHere: Run = (command, args, { input, env, timeoutMs = PATIENCE_MS } = {}) =>
  new Promise((resolve, reject) => {
    const options = {
      encoding: 'utf8' as const,
      timeout: timeoutMs,
      maxBuffer: MOST_BYTES,
      env: { PATH, ...env } as unknown as NodeJS.ProcessEnv,
    }
    const child = execFile(command, args, options, (err, stdout, stderr) => {
      if (!err) return resolve({ exitCode: 0, stdout, stderr })
      if (err.killed) return reject(new Error(`${command} timed out`))
      if (typeof err.code === 'number') return resolve({ exitCode: err.code, stdout, stderr })
      reject(err)
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input ?? '')
  })

/** By whom listens there; by this process where nobody does. */
export const runBy =
  (socketPath: string): Run =>
  (command, args, options = {}) =>
    new Promise((resolve, reject) => {
      const request = asked(command, args, options)
      const signal = AbortSignal.timeout(options.timeoutMs ?? PATIENCE_MS)
      const socket = connect({ path: socketPath, signal })
      const told = new Told()
      socket.on('data', (chunk) => {
        try {
          told.hear(chunk)
        } catch (err) {
          reject(err)
          socket.destroy()
        }
      })
      socket.once('error', (err: NodeJS.ErrnoException) => {
        if (signal.aborted) return reject(new Error(`${command} timed out`))
        // That it has hung up says less than what it may have told before.
        if (err.syscall !== 'connect') return
        if (UNHEARD.includes(err.code ?? '')) resolve(runHere(command, args, options))
        else reject(err)
      })
      socket.once('close', () => {
        try {
          resolve(told.resultOf(command))
        } catch (err) {
          reject(err)
        }
      })
      socket.write(request)
    })

/** Throws what execFile throws: a zero would end a word, and what follows it would be another one. */
function asked(command: string, args: string[], { env, input = '' }: RunOptions): Buffer {
  refuseZero("argument 'file'", command)
  for (const [at, word] of args.entries()) refuseZero(`argument 'args[${at}]'`, word)
  const variables = Object.entries({ PATH, ...env }).map(([name, value]) => {
    for (const word of [name, value]) refuseZero(`property 'options.env['${name}']'`, word)
    return `${name}=${value}`
  })
  const words = Buffer.from([command, ...args, ...variables].map((word) => `${word}\0`).join(''))
  const body = Buffer.from(input)
  const head = Buffer.from(Uint32Array.of(args.length + 1, variables.length, words.length, body.length).buffer)
  return Buffer.concat([head, words, body])
}

function refuseZero(what: string, word: string): void {
  if (!word.includes('\0')) return
  const message = `The ${what} must be a string without null bytes. Received ${inspect(word)}`
  throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' })
}

const HEAD_BYTES = 5
const STREAMS = new Map([
  ['o', 'stdout'],
  ['e', 'stderr'],
])

/** The pieces of an answer, by their letters. */
class Told {
  readonly #pieces = new Map<string, { all: Buffer[]; bytes: number }>()
  #rest: Buffer = Buffer.alloc(0)

  /** Throws what execFile throws when too much is said. */
  hear(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#rest.readUInt32LE(1)
      // Half a number would be another one.
      if (this.#rest.length < end) return
      this.#add(String.fromCharCode(this.#rest[0] ?? 0), this.#rest.subarray(HEAD_BYTES, end))
      this.#rest = this.#rest.subarray(end)
    }
  }

  #add(kind: string, piece: Buffer): void {
    const { all, bytes } = this.#pieces.get(kind) ?? { all: [], bytes: 0 }
    all.push(piece)
    this.#pieces.set(kind, { all, bytes: bytes + piece.length })
    if (bytes + piece.length <= MOST_BYTES) return
    const err = new RangeError(`${STREAMS.get(kind)} maxBuffer length exceeded`)
    throw Object.assign(err, { code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' })
  }

  resultOf(command: string): CommandResult {
    const code = this.#textOf('f')
    if (code) {
      const name = getSystemErrorName(-Number(code))
      throw Object.assign(new Error(`spawn ${command} ${name}`), { code: name })
    }
    const signal = Object.entries(constants.signals).find(([, number]) => number === Number(this.#textOf('s')))
    if (signal) throw new Error(`Command failed: ${command}: ${signal[0]}`)
    const exitCode = this.#textOf('x')
    if (!exitCode) throw new Error(`${command} failed: who had started it hung up before it said how it ended`)
    return { exitCode: Number(exitCode), stdout: this.#textOf('o'), stderr: this.#textOf('e') }
  }

  #textOf(kind: string): string {
    return Buffer.concat(this.#pieces.get(kind)?.all ?? []).toString('utf8')
  }
}
