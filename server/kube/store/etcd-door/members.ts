// etcdserverpb.Cluster, as a cluster of one member answers that can have no other.
// Upstream: etcdserver/api/v3rpc/member.go, etcdserver/api/membership/cluster.go.

import { type Method, unary } from './grpc-server.ts'
import { GrpcError } from './grpc-status.ts'
import {
  MemberAddRequest,
  MemberListRequest,
  MemberListResponse,
  MemberRequest,
  MemberUpdateRequest,
} from './messages.ts'
import { headerAt, MEMBER_ID } from './wire.ts'

export function memberMethods(clientUrls: () => string[]): [string, Method][] {
  const method = (name: string, how: Method): [string, Method] => [`/etcdserverpb.Cluster/${name}`, how]
  const list = async () => ({
    // Members have nothing to do with revisions.
    header: headerAt(0),
    members: [{ ID: MEMBER_ID, name: 'podium', peerURLs: [], clientURLs: clientUrls(), isLearner: false }],
  })
  return [
    method('MemberList', unary(MemberListRequest, MemberListResponse, list)),
    method(
      'MemberAdd',
      unary(MemberAddRequest, MemberListResponse, async ({ peerURLs }) => {
        checkUrls(peerURLs)
        throw alone()
      }),
    ),
    method(
      'MemberRemove',
      unary(MemberRequest, MemberListResponse, async ({ ID }) => {
        checkMember(ID)
        throw new GrpcError(
          'FAILED_PRECONDITION',
          'etcdserver: re-configuration failed due to not enough started members',
        )
      }),
    ),
    method(
      'MemberUpdate',
      unary(MemberUpdateRequest, MemberListResponse, async ({ ID, peerURLs }) => {
        checkMember(ID)
        checkUrls(peerURLs)
        throw alone()
      }),
    ),
    method(
      'MemberPromote',
      unary(MemberRequest, MemberListResponse, async ({ ID }) => {
        checkMember(ID)
        throw new GrpcError('FAILED_PRECONDITION', 'etcdserver: can only promote a learner member')
      }),
    ),
  ]
}

/** Here it ends being an etcd: nobody could join. */
const alone = () =>
  new GrpcError('UNIMPLEMENTED', 'podium: this store is its only member and has no peers; for several, run etcd')

function checkMember(id: number): void {
  if (id !== MEMBER_ID) throw new GrpcError('NOT_FOUND', 'etcdserver: member not found')
}

/** As etcd wants them: some, with a scheme, a host with its port, and no path. */
function checkUrls(urls: readonly string[]): void {
  const isGood = (url: string) => /^(https?|unixs?):\/\/[^/]+:\d+$/.test(url)
  if (urls.length === 0 || !urls.every(isGood)) {
    throw new GrpcError('INVALID_ARGUMENT', 'etcdserver: given member URLs are invalid')
  }
}
