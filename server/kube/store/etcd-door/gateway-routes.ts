// Where the JSON gateway finds each method. The paths are those in api/etcdserverpb/rpc.proto.

import type { MessageType } from '../../../base/protobuf.ts'
import * as messages from './messages.ts'

export interface Route {
  method: string
  request: MessageType<object>
  response: MessageType<object>
}

type Row = [path: string, method: string, request: unknown, response: unknown]

const ROWS: Row[] = [
  ['/v3/kv/range', 'KV/Range', messages.RangeRequest, messages.RangeResponse],
  ['/v3/kv/put', 'KV/Put', messages.PutRequest, messages.PutResponse],
  ['/v3/kv/deleterange', 'KV/DeleteRange', messages.DeleteRangeRequest, messages.DeleteRangeResponse],
  ['/v3/kv/txn', 'KV/Txn', messages.TxnRequest, messages.TxnResponse],
  ['/v3/kv/compaction', 'KV/Compact', messages.CompactionRequest, messages.CompactionResponse],
  ['/v3/watch', 'Watch/Watch', messages.WatchRequest, messages.WatchResponse],
  ['/v3/lease/grant', 'Lease/LeaseGrant', messages.LeaseGrantRequest, messages.LeaseGrantResponse],
  ['/v3/lease/keepalive', 'Lease/LeaseKeepAlive', messages.LeaseKeepAliveRequest, messages.LeaseKeepAliveResponse],
  ['/v3/lease/revoke', 'Lease/LeaseRevoke', messages.LeaseRevokeRequest, messages.LeaseRevokeResponse],
  ['/v3/lease/timetolive', 'Lease/LeaseTimeToLive', messages.LeaseTimeToLiveRequest, messages.LeaseTimeToLiveResponse],
  ['/v3/lease/leases', 'Lease/LeaseLeases', messages.LeaseLeasesRequest, messages.LeaseLeasesResponse],
  ['/v3/kv/lease/revoke', 'Lease/LeaseRevoke', messages.LeaseRevokeRequest, messages.LeaseRevokeResponse],
  [
    '/v3/kv/lease/timetolive',
    'Lease/LeaseTimeToLive',
    messages.LeaseTimeToLiveRequest,
    messages.LeaseTimeToLiveResponse,
  ],
  ['/v3/kv/lease/leases', 'Lease/LeaseLeases', messages.LeaseLeasesRequest, messages.LeaseLeasesResponse],
  ['/v3/cluster/member/list', 'Cluster/MemberList', messages.MemberListRequest, messages.MemberListResponse],
  ['/v3/cluster/member/add', 'Cluster/MemberAdd', messages.MemberAddRequest, messages.MemberListResponse],
  ['/v3/cluster/member/remove', 'Cluster/MemberRemove', messages.MemberRequest, messages.MemberListResponse],
  ['/v3/cluster/member/update', 'Cluster/MemberUpdate', messages.MemberUpdateRequest, messages.MemberListResponse],
  ['/v3/cluster/member/promote', 'Cluster/MemberPromote', messages.MemberRequest, messages.MemberListResponse],
  ['/v3/maintenance/status', 'Maintenance/Status', messages.StatusRequest, messages.StatusResponse],
  ['/v3/maintenance/alarm', 'Maintenance/Alarm', messages.AlarmRequest, messages.AlarmResponse],
  ['/v3/maintenance/defragment', 'Maintenance/Defragment', messages.DefragmentRequest, messages.DefragmentResponse],
  ['/v3/maintenance/hash', 'Maintenance/Hash', messages.HashRequest, messages.HashResponse],
  ['/v3/maintenance/hashkv', 'Maintenance/HashKV', messages.HashKVRequest, messages.HashKVResponse],
  ['/v3/maintenance/snapshot', 'Maintenance/Snapshot', messages.SnapshotRequest, messages.SnapshotResponse],
  [
    '/v3/maintenance/transfer-leadership',
    'Maintenance/MoveLeader',
    messages.MoveLeaderRequest,
    messages.MoveLeaderResponse,
  ],
  ['/v3/auth/status', 'Auth/AuthStatus', messages.AuthRequest, messages.AuthStatusResponse],
  ['/v3/auth/user/list', 'Auth/UserList', messages.AuthRequest, messages.AuthUserListResponse],
  ['/v3/auth/role/list', 'Auth/RoleList', messages.AuthRequest, messages.AuthRoleListResponse],
  ['/v3/auth/enable', 'Auth/AuthEnable', messages.AuthRequest, messages.AuthResponse],
  ['/v3/auth/disable', 'Auth/AuthDisable', messages.AuthRequest, messages.AuthResponse],
]

export const ROUTES: ReadonlyMap<string, Route> = new Map(
  ROWS.map(([path, method, request, response]) => [
    path,
    {
      method: `/etcdserverpb.${method}`,
      request: request as MessageType<object>,
      response: response as MessageType<object>,
    },
  ]),
)
