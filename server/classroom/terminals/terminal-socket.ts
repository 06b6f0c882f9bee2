// The WebSocket at /terminal/<sessionId>/<tab>: binary frames are bytes both ways, text frames are JSON.
// Who may open one has been decided before (accounts/guard.ts).

import type { WebSocket } from 'ws'
import { z } from 'zod'
import type { TerminalRoom } from './terminal-room.ts'
import type { TerminalSocket } from './terminal-session.ts'

const fromBrowser = z.union([
  z.object({ resize: z.object({ columns: z.int().min(2).max(1000), rows: z.int().min(1).max(500) }) }),
  // Is anybody there? A browser has no other way to find out.
  z.object({ ping: z.literal(true) }),
])

/** A browser says its size, and asks whether anybody is there. */
const MOST_EARLY = 2 * 1024 ** 2
/** What even an empty message takes while it waits. */
const COST_OF_ONE = 256

export async function serveTerminal(options: {
  socket: WebSocket
  /** Where the learner's tabs are, as soon as there is a cluster for them. */
  rooms: { terminals(signal: AbortSignal): Promise<TerminalRoom | undefined> }
  tab: string
  /** The name of somebody who looks on, at the size of the learner's own browser; empty for that one. */
  lookerName: string
  /** Asked for every key: somebody who looks on types only while the learner lets them, and nobody while all is paused. */
  mayType: () => boolean
}): Promise<void> {
  const { socket, rooms, tab, lookerName, mayType } = options
  // What the browser says while the shell is still being opened waits in line.
  const early: [data: Buffer, isBinary: boolean][] = []
  let size = 0
  let handle = (data: Buffer, isBinary: boolean): void => {
    size += data.length + COST_OF_ONE
    if (size > MOST_EARLY) socket.close(1009, 'wait until the shell is there')
    else early.push([data, isBinary])
  }
  socket.on('message', (data: Buffer, isBinary: boolean) => handle(data, isBinary))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => socket.terminate())

  const gone = new AbortController()
  void closed.then(() => gone.abort())
  const room = await rooms.terminals(gone.signal)
  if (!room || gone.signal.aborted) return
  const { session, [Symbol.dispose]: detach } = await room.attach(tab, terminalSocket(socket))
  handle = (data, isBinary) => {
    if (isBinary) return mayType() ? session?.write(data, lookerName) : undefined
    const message = fromBrowser.safeParse(parseJson(data))
    if (!message.success)
      return socket.close(1007, 'text frames are {"resize":{"columns":80,"rows":24}} or {"ping":true}')
    if ('ping' in message.data) return socket.send(JSON.stringify({ pong: true }))
    if (!lookerName) session?.resize(message.data.resize)
  }
  for (const [data, isBinary] of early) handle(data, isBinary)
  await closed
  detach()
}

const terminalSocket = (socket: WebSocket): TerminalSocket => ({
  sendBytes: (data) => socket.send(data, { binary: true }),
  sendMessage: (message) => socket.send(JSON.stringify(message)),
  get buffered() {
    return socket.bufferedAmount
  },
  drop: () => socket.close(1013, 'try again'),
})

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
}
