// The API of a kubelet that is no machine's: within the process, at no port, for the API server alone. What runs nowhere
// says so; what a kubelet knows of its pods and of itself it tells as any other.

import http from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../../base/clock.ts'
import { duplexPair } from '../../../base/duplex-pair.ts'
import type { Kubelet } from '../kubelet.ts'
import { answerAsKubelet } from './kubelet-server.ts'

/** A function that connects to it, each time anew. Nothing is to be closed: it goes with its connections. */
export function hollowKubeletServer(options: { kubelet: Kubelet; clock: Clock }): () => Duplex {
  const server = http.createServer()
  answerAsKubelet(server, { ...options, isKnown: () => true, openTunnel: refuseTunnel })
  return () => {
    const [here, there] = duplexPair()
    server.emit('connection', there)
    return here
  }
}

/** Its pods have addresses that lead nowhere; what this process could reach is none of theirs. */
function refuseTunnel({ url }: http.IncomingMessage, socket: Duplex): void {
  const why = `dial tcp ${url}: connect: connection refused`
  socket.end(`HTTP/1.1 502 Bad Gateway\r\nTunnel-Error: ${why}\r\nContent-Length: 0\r\n\r\n`)
}
