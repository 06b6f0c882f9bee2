// The messages of etcd's v3 API, names and numbers as its clients know them (api/etcdserverpb/rpc.proto, mvccpb/kv.proto).

import {
  bool,
  bytes,
  type DecodedOf,
  enumeration,
  int,
  long,
  type MessageType,
  message,
  nested,
  oneOf,
  repeated,
  string,
  uint32,
} from '../../../base/protobuf.ts'

export const RANGE_ORDERS = ['NONE', 'ASCEND', 'DESCEND'] as const
export const RANGE_TARGETS = ['KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'] as const
const COMPARE_RESULTS = ['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL'] as const
const COMPARE_TARGETS = ['VERSION', 'CREATE', 'MOD', 'VALUE', 'LEASE'] as const
export const EVENT_TYPES = ['PUT', 'DELETE'] as const
export const WATCH_FILTERS = ['NOPUT', 'NODELETE'] as const
export const ALARM_ACTIONS = ['GET', 'ACTIVATE', 'DEACTIVATE'] as const
export const ALARMS = ['NONE', 'NOSPACE', 'CORRUPT'] as const

export const ResponseHeader = message({ cluster_id: int(1), member_id: int(2), revision: int(3), raft_term: int(4) })
const header = nested(1, () => ResponseHeader)

export const WireKeyValue = message({
  key: bytes(1),
  create_revision: int(2),
  mod_revision: int(3),
  version: int(4),
  value: bytes(5),
  lease: long(6),
})
const WireEvent = message({
  type: enumeration(1, EVENT_TYPES),
  kv: nested(2, () => WireKeyValue),
  prev_kv: nested(3, () => WireKeyValue),
})

export const RangeRequest = message({
  key: bytes(1),
  range_end: bytes(2),
  limit: int(3),
  revision: int(4),
  sort_order: enumeration(5, RANGE_ORDERS),
  sort_target: enumeration(6, RANGE_TARGETS),
  serializable: bool(7),
  keys_only: bool(8),
  count_only: bool(9),
  min_mod_revision: int(10),
  max_mod_revision: int(11),
  min_create_revision: int(12),
  max_create_revision: int(13),
})
export type RangeRequest = DecodedOf<typeof RangeRequest>
export const RangeResponse = message({
  header,
  kvs: repeated(nested(2, () => WireKeyValue)),
  more: bool(3),
  count: int(4),
})
export type RangeResponse = DecodedOf<typeof RangeResponse>

export const PutRequest = message({
  key: bytes(1),
  value: bytes(2),
  lease: long(3),
  prev_kv: bool(4),
  ignore_value: bool(5),
  ignore_lease: bool(6),
})
export type PutRequest = DecodedOf<typeof PutRequest>
export const PutResponse = message({ header, prev_kv: nested(2, () => WireKeyValue) })

export const DeleteRangeRequest = message({ key: bytes(1), range_end: bytes(2), prev_kv: bool(3) })
export type DeleteRangeRequest = DecodedOf<typeof DeleteRangeRequest>
export const DeleteRangeResponse = message({
  header,
  deleted: int(2),
  prev_kvs: repeated(nested(3, () => WireKeyValue)),
})

export const CompareRequest = message({
  result: enumeration(1, COMPARE_RESULTS),
  target: enumeration(2, COMPARE_TARGETS),
  key: bytes(3),
  version: oneOf(int(4)),
  create_revision: oneOf(int(5)),
  mod_revision: oneOf(int(6)),
  value: oneOf(bytes(7)),
  lease: oneOf(long(8)),
  range_end: bytes(64),
})
export type CompareRequest = DecodedOf<typeof CompareRequest>

// Transactions hold transactions, so their types have to be said rather than inferred.
export interface RequestOp {
  request_range: RangeRequest | undefined
  request_put: PutRequest | undefined
  request_delete_range: DeleteRangeRequest | undefined
  request_txn: TxnRequest | undefined
}
export interface TxnRequest {
  compare: CompareRequest[]
  success: RequestOp[]
  failure: RequestOp[]
}
export interface ResponseOp {
  response_range?: Partial<RangeResponse> | undefined
  response_put?: Partial<DecodedOf<typeof PutResponse>> | undefined
  response_delete_range?: Partial<DecodedOf<typeof DeleteRangeResponse>> | undefined
  response_txn?: TxnResponse | undefined
}
export interface TxnResponse {
  header?: DecodedOf<typeof ResponseHeader> | undefined
  succeeded: boolean
  responses: ResponseOp[]
}
export const RequestOp: MessageType<RequestOp> = message<RequestOp>({
  request_range: nested(1, () => RangeRequest),
  request_put: nested(2, () => PutRequest),
  request_delete_range: nested(3, () => DeleteRangeRequest),
  request_txn: nested(4, () => TxnRequest),
})
export const TxnRequest: MessageType<TxnRequest> = message<TxnRequest>({
  compare: repeated(nested(1, () => CompareRequest)),
  success: repeated(nested(2, () => RequestOp)),
  failure: repeated(nested(3, () => RequestOp)),
})
export const ResponseOp: MessageType<ResponseOp> = message({
  response_range: nested(1, () => RangeResponse),
  response_put: nested(2, () => PutResponse),
  response_delete_range: nested(3, () => DeleteRangeResponse),
  response_txn: nested(4, () => TxnResponse),
}) as unknown as MessageType<ResponseOp>
export const TxnResponse: MessageType<TxnResponse> = message({
  header,
  succeeded: bool(2),
  responses: repeated(nested(3, () => ResponseOp)),
}) as unknown as MessageType<TxnResponse>

export const CompactionRequest = message({ revision: int(1), physical: bool(2) })
export const CompactionResponse = message({ header })

export const WatchCreateRequest = message({
  key: bytes(1),
  range_end: bytes(2),
  start_revision: int(3),
  progress_notify: bool(4),
  filters: repeated(enumeration(5, WATCH_FILTERS)),
  prev_kv: bool(6),
  watch_id: int(7),
  fragment: bool(8),
})
export type WatchCreateRequest = DecodedOf<typeof WatchCreateRequest>
const WatchCancelRequest = message({ watch_id: int(1) })
const WatchProgressRequest = message({})
export const WatchRequest = message({
  create_request: nested(1, () => WatchCreateRequest),
  cancel_request: nested(2, () => WatchCancelRequest),
  progress_request: nested(3, () => WatchProgressRequest),
})
export const WatchResponse = message({
  header,
  watch_id: int(2),
  created: bool(3),
  canceled: bool(4),
  compact_revision: int(5),
  cancel_reason: string(6),
  fragment: bool(7),
  events: repeated(nested(11, () => WireEvent)),
})
export type WatchResponse = DecodedOf<typeof WatchResponse>

export const LeaseGrantRequest = message({ TTL: int(1), ID: long(2) })
export const LeaseGrantResponse = message({ header, ID: long(2), TTL: int(3), error: string(4) })
export const LeaseRevokeRequest = message({ ID: long(1) })
export const LeaseRevokeResponse = message({ header })
export const LeaseKeepAliveRequest = message({ ID: long(1) })
export const LeaseKeepAliveResponse = message({ header, ID: long(2), TTL: int(3) })
export const LeaseTimeToLiveRequest = message({ ID: long(1), keys: bool(2) })
export const LeaseTimeToLiveResponse = message({
  header,
  ID: long(2),
  TTL: int(3),
  grantedTTL: int(4),
  keys: repeated(bytes(5)),
})
export const LeaseLeasesRequest = message({})
const LeaseStatus = message({ ID: long(1) })
export const LeaseLeasesResponse = message({ header, leases: repeated(nested(2, () => LeaseStatus)) })

const Member = message({
  ID: int(1),
  name: string(2),
  peerURLs: repeated(string(3)),
  clientURLs: repeated(string(4)),
  isLearner: bool(5),
})
export const MemberAddRequest = message({ peerURLs: repeated(string(1)), isLearner: bool(2) })
export const MemberUpdateRequest = message({ ID: int(1), peerURLs: repeated(string(2)) })
/** To remove one, or to promote it. */
export const MemberRequest = message({ ID: int(1) })
export const MemberListRequest = message({ linearizable: bool(1) })
export const MemberListResponse = message({ header, members: repeated(nested(2, () => Member)) })

export const AlarmRequest = message({
  action: enumeration(1, ALARM_ACTIONS),
  memberID: int(2),
  alarm: enumeration(3, ALARMS),
})
const AlarmMember = message({ memberID: int(1), alarm: enumeration(2, ALARMS) })
export type AlarmRequest = DecodedOf<typeof AlarmRequest>
export const AlarmResponse = message({ header, alarms: repeated(nested(2, () => AlarmMember)) })
export const StatusRequest = message({})
export const StatusResponse = message({
  header,
  version: string(2),
  dbSize: int(3),
  leader: int(4),
  raftIndex: int(5),
  raftTerm: int(6),
  raftAppliedIndex: int(7),
  errors: repeated(string(8)),
  dbSizeInUse: int(9),
  isLearner: bool(10),
})
export const DefragmentRequest = message({})
export const DefragmentResponse = message({ header })
export const SnapshotRequest = message({})
export const SnapshotResponse = message({ header, remaining_bytes: int(2), blob: bytes(3) })
export const HashRequest = message({})
export const HashResponse = message({ header, hash: uint32(2) })
export const HashKVRequest = message({ revision: int(1) })
export const HashKVResponse = message({ header, hash: uint32(2), compact_revision: int(3), hash_revision: int(4) })
export const MoveLeaderRequest = message({ targetID: int(1) })
export const MoveLeaderResponse = message({ header })

/** Of those requests for users and roles that are answered, none is looked into. */
export const AuthRequest = message({})
export const AuthResponse = message({ header })
export const AuthStatusResponse = message({ header, enabled: bool(2), authRevision: int(3) })
export const AuthUserListResponse = message({ header, users: repeated(string(2)) })
export const AuthRoleListResponse = message({ header, roles: repeated(string(2)) })
