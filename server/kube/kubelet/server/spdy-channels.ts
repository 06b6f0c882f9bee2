// exec and attach over SPDY, protocols v4 down to v1: the client opens one stream for each thing it wants, named by
// the header `streamType`. v4 ends with a Status in JSON on the error stream, older ones with plain text or nothing;
// v3 and v4 may change the size of the terminal.
// Upstream: kubelet/pkg/cri/streaming/remotecommand/httpstream.go.

import type { Duplex } from 'node:stream'
import type { Clock } from '../../../base/clock.ts'
import { SpdyConnection, type SpdyStream } from '../../../base/spdy/spdy-connection.ts'
import { type CommandChannels, Resizes, sizeOf } from './command-channels.ts'
import type { WantedStreams } from './websocket-channels.ts'

export const SPDY_COMMAND_PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']
const CREATION_MS = 30_000
const NAMES = ['error', 'stdin', 'stdout', 'stderr', 'resize'] as const
type StreamName = (typeof NAMES)[number]

/** Resolves when the client has opened all it wants. */
export async function spdyChannels(
  transport: Duplex,
  { protocol, wanted, tty, clock }: { protocol: string; wanted: WantedStreams; tty: boolean; clock: Clock },
): Promise<CommandChannels> {
  const mayResize = tty && /^v[34]\./.test(protocol)
  const missing = new Set<StreamName>(['error'])
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (wanted[name]) missing.add(name)
  if (mayResize) missing.add('resize')
  const streams = new Map<StreamName, SpdyStream>()
  const complete = Promise.withResolvers<void>()
  const connection = new SpdyConnection(transport, ({ streamtype }) => {
    const name = NAMES.find((one) => one === streamtype)
    if (!name || !missing.delete(name)) return undefined
    return (stream) => {
      streams.set(name, stream)
      if (missing.size === 0) complete.resolve()
    }
  })
  void connection.closed.then(() => complete.reject(new Error('the client has gone')))
  const late = clock.setTimeout(
    () => complete.reject(new Error('timed out waiting for client to create streams')),
    CREATION_MS,
  )
  try {
    await complete.promise
  } catch (err) {
    connection.destroy()
    throw err
  } finally {
    late[Symbol.dispose]()
  }

  const resizes = new Resizes()
  hearSizes(streams.get('resize'), resizes)
  for (const name of ['error', 'stdout', 'stderr'] as const) streams.get(name)?.resume()
  const [stdin, stdout, stderr] = [streams.get('stdin'), streams.get('stdout'), streams.get('stderr')]
  return {
    ...(stdin ? { stdin } : {}),
    ...(stdout ? { stdout } : {}),
    ...(stderr ? { stderr } : {}),
    onResize: (listener) => resizes.listen(listener),
    gone: connection.closed,
    finish(status) {
      const isV4 = protocol.startsWith('v4.')
      const lastWord = isV4 ? JSON.stringify(status) : status.status === 'Success' ? '' : (status.message ?? '')
      for (const stream of [stdout, stderr]) stream?.end()
      streams.get('error')?.end(lastWord, () => connection.end())
    },
  }
}

function hearSizes(stream: SpdyStream | undefined, resizes: Resizes): void {
  let text = ''
  stream?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk}`.slice(-1000)
    for (const [json] of text.matchAll(/\{[^}]*\}/g)) resizes.tell(sizeOf(json))
    text = text.slice(text.lastIndexOf('}') + 1)
  })
}
