// The tracer of one machine, by way of the API server's `nodes/proxy` and the kubelet's own HTTPS API.

import type { Transport } from '../../../kube/client/index.ts'
import type { RequestOutcome } from '../../../kube/network/trace/make-request.ts'
import type { TraceReport } from '../../../kube/network/trace/request-tracer.ts'
import type { Source, TraceOrder } from '../../../kube/network/trace/trace-order.ts'
import type { ObjectName } from '../network-push.ts'

/** A machine that is cut off does not refuse, it is silent. */
const PATIENCE_MS = 6_000
const REQUEST_MS = 30_000
/** Whoever is root on a machine answers what they like. */
const MOST_BYTES = 8 * 1024 ** 2

export class MachineTracer {
  readonly machine: string
  readonly #transport: Pick<Transport, 'request'>

  constructor(machine: string, transport: Pick<Transport, 'request'>) {
    this.machine = machine
    this.#transport = transport
  }

  async arm(order: TraceOrder): Promise<void> {
    await this.#post('arm', order)
  }

  request(order: {
    port: number
    protocol: string
    host: string
    to: number
    pod?: ObjectName
  }): Promise<RequestOutcome> {
    return this.#post('request', order, REQUEST_MS) as Promise<RequestOutcome>
  }

  /** Without sources, what the machine's own client sent. */
  collect(port: number, sources?: readonly Source[]): Promise<TraceReport> {
    return this.#post('collect', { port, sources }) as Promise<TraceReport>
  }

  async end(port: number): Promise<void> {
    await this.#post('end', { port })
  }

  async #post(what: string, body: object, patienceMs = PATIENCE_MS): Promise<unknown> {
    const path = `/api/v1/nodes/${this.machine}/proxy/podium/trace/${what}`
    const signal = AbortSignal.timeout(patienceMs)
    try {
      return await this.#transport.request({ method: 'POST', path, body, signal, mostBytes: MOST_BYTES })
    } catch (err) {
      if (signal.aborted) throw new Error(`no answer within ${patienceMs / 1000} s`)
      throw err
    }
  }
}
