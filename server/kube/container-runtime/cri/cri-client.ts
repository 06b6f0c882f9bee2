// One question to a CRI runtime and its answer.

import type { MessageType } from '../../../base/protobuf.ts'
import { GrpcCallError } from '../../node-os/grpc-call.ts'
import type { NodeOs } from '../../node-os/node-os.ts'

/** Upstream's runtimeRequestTimeout. */
export const CALL_MS = 120_000

export class CriClient {
  readonly #os: NodeOs
  readonly #socketPath: string

  constructor({ os, socketPath }: { os: NodeOs; socketPath: string }) {
    this.#os = os
    this.#socketPath = socketPath
  }

  /** Rejects with a GrpcCallError, which says what the runtime said in gRPC's words. */
  async call<Q, A>(
    { path, request, response }: { path: string; request: MessageType<Q>; response: MessageType<A> },
    question: Partial<Q>,
    timeoutMs = CALL_MS,
  ): Promise<A> {
    const to = { socketPath: this.#socketPath }
    const message = request.encode(question)
    return response.decode(await this.#os.grpc({ to, path, message, timeoutMs, userAgent: 'kubelet' }))
  }
}

/** Undefined where the runtime knows nothing of what was named. */
export async function tolerate<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (err) {
    if (err instanceof GrpcCallError && err.code === 'NotFound') return undefined
    throw err
  }
}
