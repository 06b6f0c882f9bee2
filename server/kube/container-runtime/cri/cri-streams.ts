// exec and attach: a CRI runtime answers with an address, behind which the streams are, by SPDY. The last word of the
// error stream says how the command ended. Upstream: client-go/tools/remotecommand; kubelet/pkg/cri/streaming.

import http from 'node:http'
import { type Duplex, Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { SpdyConnection } from '../../../base/spdy/spdy-connection.ts'
import type { ExecSession } from '../container-runtime.ts'

const PROTOCOL = 'v4.channel.k8s.io'

export async function openSession(url: string, { tty, stdin }: { tty: boolean; stdin: boolean }): Promise<ExecSession> {
  const connection = new SpdyConnection(await upgrade(url), () => undefined)
  const open = (streamType: string) => connection.open({ streamType })
  // The runtime begins when all are there.
  const last = await open('error')
  const input = stdin ? await open('stdin') : undefined
  const stdout = await open('stdout')
  const stderr = tty ? undefined : await open('stderr')
  const size = tty ? await open('resize') : undefined
  const exitCode = text(last).then(exitCodeOf)
  exitCode.catch(() => undefined)
  return {
    stdin: input ?? nowhere(),
    stdout,
    stderr: stderr ?? Readable.from([]),
    resize: async ({ width, height }) => void size?.write(JSON.stringify({ Width: width, Height: height })),
    exitCode,
    kill: () => connection.destroy(),
  }
}

function upgrade(url: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      method: 'POST',
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': PROTOCOL },
    })
    request.once('upgrade', (_response, socket: Duplex, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.once('response', async (response) => {
      reject(new Error(`unable to upgrade connection: ${(await text(response)).trim()}`))
    })
    request.once('error', reject)
    request.end()
  })
}

function exitCodeOf(lastWord: string): number {
  if (lastWord === '') throw new Error('the runtime did not say how the command ended')
  const { status, message, reason, details } = JSON.parse(lastWord) as {
    status: string
    message?: string
    reason?: string
    details?: { causes?: { reason: string; message: string }[] }
  }
  if (status === 'Success') return 0
  const code = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message
  if (reason !== 'NonZeroExitCode' || code === undefined) throw new Error(message ?? lastWord)
  return Number(code)
}

/** For a command that is told nothing. */
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })
