// Connections that nobody uses are given up, as those of HTTP/1.1 are. Upstream: golang.org/x/net/http2 IdleTimeout, of
// apiserver/pkg/server/secure_serving.go.

import type { ServerHttp2Session } from 'node:http2'
import type { Clock } from '../../../base/clock.ts'

const IDLE_MS = 90_000

/** Asked after now and then: a timer for each request would cost more than the request. */
export function endWhenIdle(session: ServerHttp2Session, clock: Clock): void {
  let open = 0
  let idleSince = clock.monotonic()
  session.on('stream', (stream) => {
    open++
    stream.on('close', () => {
      open--
      idleSince = clock.monotonic()
    })
  })
  const look = () => {
    const idle = open > 0 ? 0 : clock.monotonic() - idleSince
    if (idle >= IDLE_MS) session.close()
    else timer = clock.setTimeout(look, IDLE_MS - idle)
  }
  let timer = clock.setTimeout(look, IDLE_MS)
  session.on('close', () => timer[Symbol.dispose]())
}
