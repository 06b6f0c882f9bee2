// etcdserverpb.Lease. Upstream: etcdserver/api/v3rpc/lease.go.

import { LeaseNotFoundError } from '../store-error.ts'
import type { Store } from '../store-interface.ts'
import { type Method, streaming, unary } from './grpc-server.ts'
import { grpcStatusOf } from './grpc-status.ts'
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from './messages.ts'
import { headerOf, keyToWire } from './wire.ts'

export function leaseMethods(store: Store): [string, Method][] {
  return [
    [
      '/etcdserverpb.Lease/LeaseGrant',
      unary(LeaseGrantRequest, LeaseGrantResponse, async ({ TTL, ID }) => {
        const lease = await store.grantLease(TTL, ID === 0n ? undefined : ID)
        return { header: headerOf(store), ID: lease.id, TTL: lease.ttlSeconds }
      }),
    ],
    [
      '/etcdserverpb.Lease/LeaseRevoke',
      unary(LeaseRevokeRequest, LeaseRevokeResponse, async ({ ID }) => {
        await store.revokeLease(ID)
        return { header: headerOf(store) }
      }),
    ],
    [
      '/etcdserverpb.Lease/LeaseTimeToLive',
      unary(LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, async ({ ID, keys }) => {
        const state = await unlessNotFound(store.timeToLive(ID))
        if (!state) return { header: headerOf(store), ID, TTL: -1 }
        return {
          header: headerOf(store),
          ID,
          TTL: state.remainingSeconds,
          grantedTTL: state.ttlSeconds,
          keys: keys ? state.keys.map(keyToWire) : [],
        }
      }),
    ],
    [
      '/etcdserverpb.Lease/LeaseLeases',
      unary(LeaseLeasesRequest, LeaseLeasesResponse, async () => {
        return { header: headerOf(store), leases: (await store.leases()).map((ID) => ({ ID })) }
      }),
    ],
    [
      '/etcdserverpb.Lease/LeaseKeepAlive',
      streaming(LeaseKeepAliveRequest, LeaseKeepAliveResponse, (call) => {
        let answered = Promise.resolve()
        call.onMessage = ({ ID }) => {
          answered = unlessNotFound(store.keepAliveLease(ID)).then(
            // A TTL of zero says that the lease is gone.
            (lease) => call.send({ header: headerOf(store), ID, TTL: lease?.ttlSeconds ?? 0 }),
            (error) => call.end(grpcStatusOf(error)),
          )
        }
        call.onEnd = () => void answered.then(() => call.end())
      }),
    ],
  ]
}

async function unlessNotFound<T>(lease: Promise<T>): Promise<T | undefined> {
  try {
    return await lease
  } catch (error) {
    if (error instanceof LeaseNotFoundError) return undefined
    throw error
  }
}
