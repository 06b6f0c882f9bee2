// One request made in the learner's own terminal, from a port by which kernels know it again: over TCP by `curl`, as they would
// type it.

import { isIP } from 'node:net'
import type { TerminalCall } from '../../observe/index.ts'
import type { Shells } from './shell.ts'
import { sendFromTerminal } from './udp-from-terminal.ts'

type Outcome = Awaited<ReturnType<TerminalCall>>

/** What `curl --write-out '%{json}'` tells; only what is read here. */
interface Told {
  exitcode: number
  errormsg: string | null
  http_version: string
  response_code: number
  local_ip: string
  remote_ip: string
  size_download: number
  /** Seconds. */
  time_namelookup: number
  time_connect: number
}

const CURL = ['--silent', '--verbose', '--globoff', '--noproxy', '*', '--user-agent', 'podium-trace']
const PATIENCE = ['--connect-timeout', '2.5', '--max-time', '6']
const SILENCE_CODE = 28
const NO_NAME_CODE = 6
const PORT_TAKEN_CODE = 45

const WORDS: Record<string, string> = {
  'Connection refused': 'ECONNREFUSED',
  'No route to host': 'EHOSTUNREACH',
  'Network is unreachable': 'ENETUNREACH',
}

export async function callFromTerminal(
  shells: Pick<Shells, 'exec'>,
  { host, port, protocol, localPort }: Parameters<TerminalCall>[0],
): Promise<Outcome> {
  if (protocol === 'udp') return sendFromTerminal(shells, { host, port, localPort })
  const url = `http://${host}:${port}/`
  const curl = [...CURL, ...PATIENCE, '--local-port', `${localPort}`, '--output', '/dev/null', '--write-out', '%{json}']
  // Where nobody answers, curl does not say which address it called from.
  const script = 'hostname -I >&2; exec curl "$@"'
  const { stdout, stderr } = await shells.exec(['sh', '-c', script, 'call', ...curl, url])
  const from = stderr.split(/\s/).find((word) => isIP(word) === 4) ?? ''
  return outcomeOf({ host, from, said: stderr, told: JSON.parse(stdout) as Told })
}

function outcomeOf({ host, from, said, told }: { host: string; from: string; said: string; told: Told }): Outcome {
  const { exitcode, http_version, response_code, local_ip, remote_ip, size_download: bytes } = told
  const address = isIP(host) ? host : remote_ip || addressIn(said)
  const isConnected = told.time_connect > 0
  const ms = (seconds: number) => Math.round(seconds * 10_000) / 10
  const name = {
    name: host,
    type: 'A' as const,
    answer: address ? 'NOERROR' : 'NXDOMAIN',
    addresses: address ? [address] : [],
  }
  return {
    names: isIP(host) ? [] : [{ ...name, ms: ms(told.time_namelookup) }],
    nameServer: '',
    how: isConnected ? 'connected' : howOf(exitcode, said),
    ...(address ? { address } : {}),
    from: local_ip || from,
    connectMs: isConnected ? ms(told.time_connect - told.time_namelookup) : 0,
    ...(response_code ? { answer: `HTTP/${http_version} ${response_code}` } : {}),
    bytes,
  }
}

function howOf(exitcode: number, said: string): string {
  if (exitcode === SILENCE_CODE) return 'silence'
  if (exitcode === NO_NAME_CODE) return 'no name'
  if (exitcode === PORT_TAKEN_CODE) return 'EADDRINUSE'
  const [, words = ''] = /\bfailed: (.+)$/m.exec(said) ?? []
  return WORDS[words.trim()] ?? (words.trim() || `curl ended with ${exitcode}`)
}

/** Of `*   Trying 10.160.1.12:30080...`: known also when nobody answered there. */
const addressIn = (said: string) => /^\*\s+Trying ([\d.]+):\d+/m.exec(said)?.[1] ?? ''
