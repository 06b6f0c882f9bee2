// Runs a program to its end: started by this process, or by one that is asked to, at a socket
// (images/machine/errands.c says how). A fork of this one costs some milliseconds, and all else waits meanwhile.

import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

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
/** Nobody is there, or too many stand in line already. */
const UNHEARD = ['ENOENT', 'ECONNREFUSED', 'EAGAIN']

export const runHere: Run = (command, args, { input, env, timeoutMs = PATIENCE_MS } = {}) =>
  new Promise((resolve, reject) => {
    const options = {
      encoding: 'utf8' as const,
      timeout: timeoutMs,
      maxBuffer: 64 * 2 ** 20,
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
      const signal = AbortSignal.timeout(options.timeoutMs ?? PATIENCE_MS)
      const socket = connect({ path: socketPath, signal })
      const heard: Buffer[] = []
      socket.on('data', (piece) => heard.push(piece))
      socket.once('error', (err: NodeJS.ErrnoException) => {
        if (err.syscall === 'connect' && UNHEARD.includes(err.code ?? ''))
          return resolve(runHere(command, args, options))
        reject(signal.aborted ? new Error(`${command} timed out`) : err)
      })
      socket.once('close', () => {
        try {
          resolve(resultOf(command, Buffer.concat(heard)))
        } catch (err) {
          reject(err)
        }
      })
      socket.write(asked([command, ...args], { PATH, ...options.env }, options.input ?? ''))
    })

function asked(args: string[], env: Record<string, string>, input: string): Buffer {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const words = Buffer.from([...args, ...variables].map((word) => `${word}\0`).join(''))
  const body = Buffer.from(input)
  const head = Buffer.from(Uint32Array.of(args.length, variables.length, words.length, body.length).buffer)
  return Buffer.concat([head, words, body])
}

function resultOf(command: string, told: Buffer): CommandResult {
  const pieces = new Map<string, Buffer[]>()
  for (let at = 0; at < told.length; ) {
    const kind = String.fromCharCode(told[at] ?? 0)
    const from = at + 5
    at = from + told.readUInt32LE(at + 1)
    pieces.set(kind, [...(pieces.get(kind) ?? []), told.subarray(from, at)])
  }
  const textOf = (kind: string) => Buffer.concat(pieces.get(kind) ?? []).toString('utf8')
  const code = textOf('f')
  if (code) {
    const name = getSystemErrorName(-Number(code))
    throw Object.assign(new Error(`spawn ${command} ${name}`), { code: name })
  }
  const signal = Object.entries(constants.signals).find(([, number]) => number === Number(textOf('s')))
  if (signal) throw new Error(`Command failed: ${command}: ${signal[0]}`)
  if (!pieces.has('x')) throw new Error(`nobody says how ${command} has ended`)
  return { exitCode: Number(textOf('x')), stdout: textOf('o'), stderr: textOf('e') }
}
