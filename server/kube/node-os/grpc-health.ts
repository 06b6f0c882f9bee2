// One call of grpc.health.v1.Health/Check, for probes: a message of one string out, of one number back.

import { int, message, string } from '../../base/protobuf.ts'
import { GrpcCallError, grpcCall } from './grpc-call.ts'

export interface GrpcHealthRequest {
  host: string
  port: number
  /** Empty means the server as a whole. */
  service: string
  timeoutMs: number
  userAgent: string
}

export type GrpcHealth =
  | { status: 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN' }
  /** Nobody who speaks HTTP/2 was reached, or the answer did not come in time. */
  | { error: 'unconnected' }
  | { error: 'late' }
  | { error: 'refused'; code: string; message: string }

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
const HealthCheckRequest = message({ service: string(1) })
const HealthCheckResponse = message({ status: int(1) })

export async function grpcHealth({ host, port, service, ...how }: GrpcHealthRequest): Promise<GrpcHealth> {
  try {
    const path = '/grpc.health.v1.Health/Check'
    const answer = await grpcCall({ to: { host, port }, path, message: HealthCheckRequest.encode({ service }), ...how })
    return { status: STATUSES[HealthCheckResponse.decode(answer).status] ?? 'UNKNOWN' }
  } catch (err) {
    if (!(err instanceof GrpcCallError)) throw err
    return err.how === 'refused' ? { error: 'refused', code: err.code, message: err.description } : { error: err.how }
  }
}
