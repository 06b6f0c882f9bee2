// CONNECT: the API server's way to pods and services, which live on the machine's network and not on its own. The
// address is dialled from here, and a name looked up here, so it reaches what the machine reaches and nothing else.
// In the place of upstream's konnectivity.

import type { IncomingMessage } from 'node:http'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { joinDuplexes } from '../../../base/join-duplexes.ts'
import { requestWords } from '../../../base/net-errors.ts'

const DIAL_MS = 10_000

export function openTunnel(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const target = request.url ?? ''
  const [, host = '', port = ''] = /^\[?([^\]]*)\]?:(\d+)$/.exec(target) ?? []
  const refuse = (why: string) => {
    if (socket.writable) socket.end(`HTTP/1.1 502 Bad Gateway\r\nTunnel-Error: ${why}\r\nContent-Length: 0\r\n\r\n`)
  }
  socket.on('error', () => undefined)
  if (host === '') return void refuse(`dial tcp ${target}: missing address`)
  const peer = net.connect({ host, port: Number(port), allowHalfOpen: true, timeout: DIAL_MS })
  const giveUp = () => peer.destroy()
  socket.once('close', giveUp)
  peer.once('timeout', () => peer.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT', syscall: 'connect' })))
  peer.once('error', (err) => refuse(requestWords(err, target)))
  peer.once('connect', () => {
    peer.setTimeout(0)
    peer.removeAllListeners('error')
    socket.off('close', giveUp)
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (head.length > 0) socket.unshift(head)
    joinDuplexes(socket, peer)
  })
}
