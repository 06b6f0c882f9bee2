// What is asked of etcd, with the messages that the door answers by.

import type { MessageType } from '../../../base/protobuf.ts'
import * as messages from '../etcd-door/messages.ts'
import type { Method } from './connection.ts'

function method<Q, A>(name: string, request: MessageType<Q>, response: MessageType<A>): Method<Q, A> {
  return { path: `/etcdserverpb.${name}`, request, response }
}

export const RANGE = method('KV/Range', messages.RangeRequest, messages.RangeResponse)
export const TXN = method('KV/Txn', messages.TxnRequest, messages.TxnResponse)
export const COMPACT = method('KV/Compact', messages.CompactionRequest, messages.CompactionResponse)
export const WATCH = method('Watch/Watch', messages.WatchRequest, messages.WatchResponse)
export const GRANT = method('Lease/LeaseGrant', messages.LeaseGrantRequest, messages.LeaseGrantResponse)
export const REVOKE = method('Lease/LeaseRevoke', messages.LeaseRevokeRequest, messages.LeaseRevokeResponse)
export const KEEP_ALIVE = method(
  'Lease/LeaseKeepAlive',
  messages.LeaseKeepAliveRequest,
  messages.LeaseKeepAliveResponse,
)
export const TIME_TO_LIVE = method(
  'Lease/LeaseTimeToLive',
  messages.LeaseTimeToLiveRequest,
  messages.LeaseTimeToLiveResponse,
)
export const LEASES = method('Lease/LeaseLeases', messages.LeaseLeasesRequest, messages.LeaseLeasesResponse)
export const STATUS = method('Maintenance/Status', messages.StatusRequest, messages.StatusResponse)
export const DEFRAGMENT = method('Maintenance/Defragment', messages.DefragmentRequest, messages.DefragmentResponse)
export const SNAPSHOT = method('Maintenance/Snapshot', messages.SnapshotRequest, messages.SnapshotResponse)
export const HASH_KV = method('Maintenance/HashKV', messages.HashKVRequest, messages.HashKVResponse)
export const ALARM = method('Maintenance/Alarm', messages.AlarmRequest, messages.AlarmResponse)
