// Nobody takes so many connections that there are none for others.

import type { Server, Socket } from 'node:net'

export function fewFromEach(server: Server, most: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const from = socket.remoteAddress ?? ''
    const others = open.get(from) ?? 0
    if (others >= most) return void socket.destroy()
    open.set(from, others + 1)
    socket.once('close', () => {
      const left = (open.get(from) ?? 1) - 1
      if (left > 0) open.set(from, left)
      else open.delete(from)
    })
  })
}
