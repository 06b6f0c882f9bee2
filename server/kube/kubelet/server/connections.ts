// GET /podium/connections: what the kernel of this machine tracks, one JSON object a line, until the listener leaves.
// This endpoint is Podium's own; a kubelet of Kubernetes has nothing like it.

import type { ServerResponse } from 'node:http'

/** Somebody who knows; the node agent says who. */
export interface ConnectionSource {
  listen(listener: (news: object) => void): Disposable
}

/** A listener that is so far behind hears nothing until it has read what it has. */
const MOST_UNSENT_BYTES = 1024 * 1024

export function serveConnections({ source, response }: { source: ConnectionSource; response: ServerResponse }): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  response.flushHeaders()
  let dropped = 0
  const send = (news: object) => response.write(`${JSON.stringify(news)}\n`)
  const sendLost = () => {
    if (dropped > 0) send({ type: 'lost', why: 'the listener reads too slowly', count: dropped })
    dropped = 0
  }
  const listening = source.listen((news) => {
    if (dropped > 0 || response.writableLength > MOST_UNSENT_BYTES) dropped++
    else send(news)
  })
  response.on('drain', sendLost)
  response.once('close', () => listening[Symbol.dispose]())
}
