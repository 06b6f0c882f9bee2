// Our store with its door, as a process of its own, on a free port that it prints. `nothing`: a server that answers
// every request at once with the same few bytes, to see what the client and HTTP/2 cost by themselves.
//
//     node door-server.ts <directory | nothing>

import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../server/base/clock.ts'
import { openEtcdDoor } from '../../server/kube/store/etcd-door/door.ts'
import { TxnResponse } from '../../server/kube/store/etcd-door/messages.ts'
import { openStore } from '../../server/kube/store/store.ts'

const directory = process.argv[2] ?? 'nothing'
if (directory === 'nothing') {
  const framed = (message: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
  const succeeded = framed(TxnResponse.encode({ succeeded: true, responses: [] }))
  const empty = framed(Buffer.alloc(0))
  const server = createServer()
  server.on('stream', (stream, headers) => {
    stream.resume()
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(headers[':path']?.endsWith('Txn') ? succeeded : empty)
    })
  })
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
} else {
  const store = await openStore({ directory, clock: systemClock })
  const door = await openEtcdDoor({ store, clock: systemClock })
  process.stdout.write(`${door.port}\n`)
}
