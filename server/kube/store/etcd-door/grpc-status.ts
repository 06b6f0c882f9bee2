// Which gRPC status each outcome of the store is; the words are the store's, which are etcd's (rpctypes/error.go).

import {
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  LeaseExistsError,
  LeaseNotFoundError,
  LeaseTtlError,
  NoSpaceError,
  StoreClosedError,
  StoreFailedError,
} from '../store-error.ts'

export const GRPC_CODES = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const

export interface GrpcStatus {
  code: number
  message: string
}

export class GrpcError extends Error {
  override readonly name = 'GrpcError'
  readonly code: number
  constructor(code: keyof typeof GRPC_CODES, message: string) {
    super(message)
    this.code = GRPC_CODES[code]
  }
}

/** etcd's word for more requests than it can have at once. */
export const tooManyRequests = () => new GrpcError('RESOURCE_EXHAUSTED', 'etcdserver: too many requests')

export function grpcStatusOf(error: unknown): GrpcStatus {
  if (error instanceof GrpcError) return { code: error.code, message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof CompactedError || error instanceof FutureRevisionError || error instanceof LeaseTtlError) {
    return { code: GRPC_CODES.OUT_OF_RANGE, message }
  }
  if (error instanceof InvalidRequestError) return { code: GRPC_CODES.INVALID_ARGUMENT, message }
  if (error instanceof LeaseNotFoundError) return { code: GRPC_CODES.NOT_FOUND, message }
  if (error instanceof LeaseExistsError) return { code: GRPC_CODES.FAILED_PRECONDITION, message }
  if (error instanceof NoSpaceError) return { code: GRPC_CODES.RESOURCE_EXHAUSTED, message }
  if (error instanceof StoreClosedError || error instanceof StoreFailedError) {
    return { code: GRPC_CODES.UNAVAILABLE, message }
  }
  // What protobuf.ts throws at bytes that are no message.
  if (error instanceof RangeError) return { code: GRPC_CODES.INVALID_ARGUMENT, message }
  return { code: GRPC_CODES.INTERNAL, message }
}
