// etcdserverpb.Maintenance and etcdserverpb.Cluster, as a cluster of one member answers them.
// Upstream: etcdserver/api/v3rpc/maintenance.go, member.go.

import { createHash } from 'node:crypto'
import type { Store } from '../store-interface.ts'
import { type Method, streaming, unary } from './grpc-server.ts'
import { grpcStatusOf } from './grpc-status.ts'
import {
  AlarmRequest,
  AlarmResponse,
  DefragmentRequest,
  DefragmentResponse,
  MemberListRequest,
  MemberListResponse,
  SnapshotRequest,
  SnapshotResponse,
  StatusRequest,
  StatusResponse,
} from './messages.ts'
import { headerOf, MEMBER_ID } from './wire.ts'

/** The version whose API this is. Kubernetes looks at it before it asks for progress of watches (3.4.25 and later). */
export const ETCD_VERSION = '3.5.16'
const BLOB_BYTES = 32 * 1024
const PAGE_BYTES = 512

export function maintenanceMethods(store: Store, clientUrls: () => string[]): [string, Method][] {
  return [
    [
      '/etcdserverpb.Cluster/MemberList',
      unary(MemberListRequest, MemberListResponse, async () => ({
        header: headerOf(store),
        members: [{ ID: MEMBER_ID, name: 'podium', peerURLs: [], clientURLs: clientUrls(), isLearner: false }],
      })),
    ],
    [
      '/etcdserverpb.Maintenance/Status',
      unary(StatusRequest, StatusResponse, async () => {
        const { dbSizeBytes, dbSizeInUseBytes, failure } = store.status()
        return {
          header: headerOf(store),
          version: ETCD_VERSION,
          dbSize: dbSizeBytes,
          dbSizeInUse: dbSizeInUseBytes,
          leader: MEMBER_ID,
          raftTerm: 1,
          // There is no Raft here; the one line of changes that there is has the revision for its index.
          raftIndex: store.revision,
          raftAppliedIndex: store.revision,
          errors: failure ? [failure.message] : [],
        }
      }),
    ],
    ['/etcdserverpb.Maintenance/Alarm', unary(AlarmRequest, AlarmResponse, async () => ({ header: headerOf(store) }))],
    [
      '/etcdserverpb.Maintenance/Defragment',
      unary(DefragmentRequest, DefragmentResponse, async () => {
        await store.defragment()
        return { header: headerOf(store) }
      }),
    ],
    [
      '/etcdserverpb.Maintenance/Snapshot',
      streaming(SnapshotRequest, SnapshotResponse, (call) => {
        let drained = () => {}
        let isOpen = true
        call.onDrain = () => drained()
        call.onClose = () => {
          isOpen = false
          drained()
        }
        const send = async () => {
          for await (const blob of withHash(inPieces(store.snapshot()))) {
            if (!isOpen) return
            call.send({ header: headerOf(store), blob })
            if (call.isFull) {
              await new Promise<void>((resolve) => {
                drained = resolve
              })
            }
          }
          call.end()
        }
        call.onMessage = () => void send().catch((error) => call.end(grpcStatusOf(error)))
      }),
    ],
  ]
}

async function* inPieces(snapshot: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of snapshot) {
    for (let at = 0; at < piece.length; at += BLOB_BYTES) yield piece.subarray(at, at + BLOB_BYTES)
  }
}

/**
 * etcd's clients expect the SHA-256 of all that came before as the last 32 bytes, and look for it only in a file that
 * is otherwise made of whole pages. So there is padding; whoever reads the snapshot stops before it.
 */
async function* withHash(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of pieces) {
    hash.update(piece)
    bytes += piece.length
    yield piece
  }
  const padding = Buffer.alloc((PAGE_BYTES - (bytes % PAGE_BYTES)) % PAGE_BYTES)
  hash.update(padding)
  yield padding
  yield hash.digest()
}
