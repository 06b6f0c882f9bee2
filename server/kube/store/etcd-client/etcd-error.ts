// etcd's statuses as the store's errors: the way back of etcd-door/grpc-status.ts.

import { type ServiceError, status } from '@grpc/grpc-js'
import {
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  LeaseExistsError,
  LeaseNotFoundError,
  LeaseTtlError,
  NoSpaceError,
  StoreError,
  StoreUnavailableError,
} from '../store-error.ts'

/** The compacted revision is not in the status; whoever knows it says it later. */
export function storeErrorOf({ code, details }: Pick<ServiceError, 'code' | 'details'>): StoreError {
  if (details.includes('required revision has been compacted')) return new CompactedError(0)
  if (details.includes('required revision is a future revision')) return new FutureRevisionError()
  if (details.includes('requested lease not found')) return new LeaseNotFoundError()
  if (details.includes('lease already exists')) return new LeaseExistsError()
  if (details.includes('too large lease TTL')) return new LeaseTtlError()
  if (details.includes('database space exceeded')) return new NoSpaceError()
  if (code === status.INVALID_ARGUMENT) return new InvalidRequestError(details)
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED) {
    return new StoreUnavailableError(details)
  }
  return new StoreError(`etcd answers ${status[code]}: ${details}`)
}
