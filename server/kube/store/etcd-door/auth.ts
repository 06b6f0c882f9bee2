// etcdserverpb.Auth, as an etcd answers it that has never heard of a user: certificates say who may come in here, so
// there are none to be made. Upstream: etcdserver/api/v3rpc/auth.go, server/auth/store.go.

import type { Store } from '../store-interface.ts'
import { type Method, unary } from './grpc-server.ts'
import { GrpcError } from './grpc-status.ts'
import {
  AuthRequest,
  AuthResponse,
  AuthRoleListResponse,
  AuthStatusResponse,
  AuthUserListResponse,
} from './messages.ts'
import { headerOf } from './wire.ts'

const REFUSED = ['UserAdd', 'UserDelete', 'UserChangePassword', 'UserGrantRole', 'UserRevokeRole']
  .concat(['RoleAdd', 'RoleDelete', 'RoleGrantPermission', 'RoleRevokePermission'])
  .map((name) => ({ name, code: 'UNIMPLEMENTED', words: 'etcdserver: users and roles are not supported' }) as const)

const FAILING = [
  { name: 'AuthEnable', code: 'FAILED_PRECONDITION', words: 'etcdserver: root user does not exist' },
  { name: 'Authenticate', code: 'FAILED_PRECONDITION', words: 'etcdserver: authentication is not enabled' },
  { name: 'UserGet', code: 'FAILED_PRECONDITION', words: 'etcdserver: user name not found' },
  { name: 'RoleGet', code: 'FAILED_PRECONDITION', words: 'etcdserver: role name not found' },
  ...REFUSED,
] as const

export function authMethods(store: Store): [string, Method][] {
  const answers =
    <T extends object>(more: T) =>
    async () => ({ header: headerOf(store), ...more })
  return [
    ['/etcdserverpb.Auth/AuthDisable', unary(AuthRequest, AuthResponse, answers({}))],
    [
      '/etcdserverpb.Auth/AuthStatus',
      unary(AuthRequest, AuthStatusResponse, answers({ enabled: false, authRevision: 1 })),
    ],
    ['/etcdserverpb.Auth/UserList', unary(AuthRequest, AuthUserListResponse, answers({ users: [] }))],
    ['/etcdserverpb.Auth/RoleList', unary(AuthRequest, AuthRoleListResponse, answers({ roles: [] }))],
    ...FAILING.map(({ name, code, words }): [string, Method] => [
      `/etcdserverpb.Auth/${name}`,
      unary(AuthRequest, AuthResponse, async () => {
        throw new GrpcError(code, words)
      }),
    ]),
  ]
}
