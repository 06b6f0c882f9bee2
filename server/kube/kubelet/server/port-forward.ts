// Port-forward: for each connection that somebody makes to kubectl, the client opens two streams, `error` and `data`,
// that carry the same `requestID`. What the pod's server says goes over `data`; why there is none, over `error`.
// Upstream: kubelet/pkg/cri/streaming/portforward/httpstream.go.

import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../../base/clock.ts'
import type { Headers } from '../../../base/spdy/header-blocks.ts'
import { SpdyConnection, type SpdyStream } from '../../../base/spdy/spdy-connection.ts'
import type { PortForwarder } from '../../container-runtime/container-runtime.ts'

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'
const CREATION_MS = 30_000

interface Pair {
  data?: SpdyStream
  error?: SpdyStream
  late: Disposable
}

export interface PortForwardOptions {
  sandboxId: string
  forwarder: PortForwarder
  clock: Clock
}

export function servePortForward(
  transport: Duplex,
  { sandboxId, forwarder, clock }: PortForwardOptions,
): SpdyConnection {
  const pairs = new Map<string, Pair>()
  const connection = new SpdyConnection(transport, (headers, id) => {
    const type = headers.streamtype
    if (!isPort(headers.port) || (type !== 'data' && type !== 'error')) return undefined
    const request = requestOf(headers, id)
    return (stream) => add(request, type, stream)
  })
  void connection.closed.then(() => {
    for (const { late } of pairs.values()) late[Symbol.dispose]()
    forwarder[Symbol.dispose]()
  })

  function add(request: string, type: 'data' | 'error', stream: SpdyStream): void {
    const pair = pairs.get(request) ?? { late: clock.setTimeout(() => giveUp(request), CREATION_MS) }
    pairs.set(request, pair)
    if (pair[type]) {
      pair.error?.end(`error processing stream for request ${request}: ${type} stream already assigned`)
      return
    }
    pair[type] = stream
    const { data, error } = pair
    if (!data || !error) return
    pair.late[Symbol.dispose]()
    pairs.delete(request)
    void forward(data, error)
  }

  function giveUp(request: string): void {
    const pair = pairs.get(request)
    pairs.delete(request)
    pair?.error?.end(`(request=${request}) timed out waiting for streams`)
    pair?.data?.destroy()
  }

  async function forward(data: SpdyStream, error: SpdyStream): Promise<void> {
    // Nothing is said to us here; its end has to be read for the stream to end.
    error.resume()
    const port = Number(data.headers.port)
    let socket: Duplex
    try {
      socket = await forwarder.connect(port)
    } catch (err) {
      error.end(`error forwarding port ${port} to pod ${sandboxId}, uid : ${(err as Error).message}`)
      data.resume().end()
      return
    }
    // Each direction ends by itself. When one breaks, this connection is over, and only this one: kubectl would take a
    // word on the error stream as the end of them all.
    await Promise.allSettled([pipeline(data, socket), pipeline(socket, data)])
    error.end()
  }

  return connection
}

const isPort = (text = '') => /^\d+$/.test(text) && Number(text) > 0 && Number(text) < 65_536

/** Clients that are very old number nothing; their pairs are consecutive streams, the error stream first. */
function requestOf(headers: Headers, id: number): string {
  return headers.requestid ?? String(headers.streamtype === 'data' ? id - 2 : id)
}
