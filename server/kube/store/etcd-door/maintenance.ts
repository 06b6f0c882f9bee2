// etcdserverpb.Maintenance, as a cluster of one member answers it. Upstream: etcdserver/api/v3rpc/maintenance.go.

import type { Alarm, Store } from '../store-interface.ts'
import { type Method, streaming, unary } from './grpc-server.ts'
import { GrpcError, grpcStatusOf } from './grpc-status.ts'
import {
  ALARM_ACTIONS,
  ALARMS,
  AlarmRequest,
  AlarmResponse,
  DefragmentRequest,
  DefragmentResponse,
  HashKVRequest,
  HashKVResponse,
  HashRequest,
  HashResponse,
  MoveLeaderRequest,
  MoveLeaderResponse,
  SnapshotRequest,
  SnapshotResponse,
  StatusRequest,
  StatusResponse,
} from './messages.ts'
import { headerOf, MEMBER_ID } from './wire.ts'

/** The version whose API this is. Kubernetes looks at it before it asks for progress of watches (3.4.25 and later). */
export const ETCD_VERSION = '3.5.16'
const BLOB_BYTES = 32 * 1024

export function maintenanceMethods(store: Store): [string, Method][] {
  return [
    [
      '/etcdserverpb.Maintenance/Status',
      unary(StatusRequest, StatusResponse, async () => {
        const { dbSizeBytes, dbSizeInUseBytes, failure, alarms } = store.status()
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
          errors: [...(failure ? [failure.message] : []), ...alarms.map(alarmText)],
        }
      }),
    ],
    ['/etcdserverpb.Maintenance/Alarm', unary(AlarmRequest, AlarmResponse, (request) => alarm(store, request))],
    [
      '/etcdserverpb.Maintenance/Hash',
      unary(HashRequest, HashResponse, async () => {
        const { hash } = await store.hashKeys()
        return { header: headerOf(store), hash }
      }),
    ],
    [
      '/etcdserverpb.Maintenance/HashKV',
      unary(HashKVRequest, HashKVResponse, async (request) => {
        const { hash, revision, compactRevision } = await store.hashKeys(request.revision)
        return { header: headerOf(store), hash, compact_revision: compactRevision, hash_revision: revision }
      }),
    ],
    [
      '/etcdserverpb.Maintenance/MoveLeader',
      unary(MoveLeaderRequest, MoveLeaderResponse, async ({ targetID }) => {
        // To the only member it is where it was.
        if (targetID !== MEMBER_ID) throw new GrpcError('FAILED_PRECONDITION', 'etcdserver: bad leader transferee')
        return { header: headerOf(store) }
      }),
    ],
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
          for await (const blob of inPieces(store.snapshot())) {
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

async function alarm(store: Store, request: AlarmRequest) {
  const action = ALARM_ACTIONS[request.action]
  const named = ALARMS[request.alarm]
  const before = store.status().alarms
  const isOurs = request.memberID === 0 || request.memberID === MEMBER_ID
  const wanted = named === 'NONE' || named === undefined ? [] : [named]
  if (action === 'ACTIVATE' && isOurs) for (const each of wanted) await store.setAlarm(each, true)
  if (action === 'DEACTIVATE' && isOurs) for (const each of wanted) await store.setAlarm(each, false)
  const told = {
    GET: before.filter((each) => named === 'NONE' || each === named),
    ACTIVATE: wanted,
    // Those that were taken back.
    DEACTIVATE: before.filter((each) => isOurs && each === named),
  }[action ?? 'GET']
  const alarms = told.map((each) => ({ memberID: MEMBER_ID, alarm: ALARMS.indexOf(each) }))
  return { header: headerOf(store), alarms }
}

function alarmText(name: Alarm): string {
  return `memberID:${MEMBER_ID} alarm:${name} `
}
