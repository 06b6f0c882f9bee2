// A packet to a port of this machine's own loopback address, for nobody to answer.

import dgram from 'node:dgram'

/** Resolves with the port that it came from, once it is sent. */
export function knock(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    socket.once('error', reject)
    socket.send('', port, '127.0.0.1', (err) => {
      if (err) return reject(err)
      const { port: from } = socket.address()
      socket.close(() => resolve(from))
    })
  })
}
