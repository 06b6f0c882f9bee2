// Our store with its door, as a process of its own, on a free port that it prints. `nothing`: a server that answers
// every request at once with the same few bytes, to see what the client and HTTP/2 cost by themselves.
//
//     node door-server.ts <directory | nothing>

import { type AddressInfo, createServer } from 'node:net'
import { systemClock } from '../../server/base/clock.ts'
import { Unread } from '../../server/base/unread.ts'
import { openEtcdDoor } from '../../server/kube/store/etcd-door/door.ts'
import { Http2Connection } from '../../server/kube/store/etcd-door/http2/connection.ts'
import type { Headers } from '../../server/kube/store/etcd-door/http2/header-blocks.ts'
import { type Http2Stream, PackedHeaders } from '../../server/kube/store/etcd-door/http2/stream.ts'
import { PutResponse, TxnResponse } from '../../server/kube/store/etcd-door/messages.ts'
import { headerAt } from '../../server/kube/store/etcd-door/wire.ts'
import { openStore } from '../../server/kube/store/store.ts'

const directory = process.argv[2] ?? 'nothing'
if (directory === 'nothing') {
  const framed = (message: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
  const succeeded = framed(TxnResponse.encode({ succeeded: true, responses: [] }))
  const done = framed(PutResponse.encode({ header: headerAt(1) }))
  const head = new PackedHeaders({ ':status': '200', 'content-type': 'application/grpc' })
  const trailers = new PackedHeaders({ 'grpc-status': '0' })
  const unread = new Unread()
  const serve = (stream: Http2Stream, headers: Headers) => {
    stream.onEnd = () => {
      stream.respond(head)
      stream.write(headers.get(':path')?.endsWith('Txn') ? succeeded : done)
      stream.end(trailers)
    }
  }
  const server = createServer((socket) => void new Http2Connection(socket.setNoDelay(true), serve, unread))
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
} else {
  const store = await openStore({ directory, clock: systemClock })
  const door = await openEtcdDoor({ store, clock: systemClock })
  process.stdout.write(`${door.port}\n`)
}
