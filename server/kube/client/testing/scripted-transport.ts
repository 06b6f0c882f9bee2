// A transport whose answers the test gives, one request at a time: for what a healthy server never does.

import type { KubeObject, WatchEvent } from '../../apimachinery/object-meta.ts'
import type { Transport, TransportRequest } from '../transport.ts'

type Step = WatchEvent<KubeObject> | { type: 'end' } | { type: 'fail'; error: unknown }

export class ScriptedTransport implements Transport {
  readonly requests: TransportRequest[] = []
  readonly watches: { request: TransportRequest; feed: (...steps: Step[]) => void }[] = []
  /** What the next requests get; a function may throw. */
  readonly answers: (() => unknown)[] = []
  /** What opening the next watches throws. */
  readonly refusals: unknown[] = []

  async request(request: TransportRequest): Promise<unknown> {
    this.requests.push(request)
    const answer = this.answers.shift()
    if (!answer) throw new Error(`nothing scripted for ${request.method} ${request.path}`)
    return answer()
  }

  async watch(request: TransportRequest): Promise<AsyncIterable<WatchEvent<KubeObject>[]>> {
    const refusal = this.refusals.shift()
    if (refusal) {
      this.requests.push(request)
      throw refusal
    }
    const steps: Step[] = []
    let wake: () => void = () => undefined
    const feed = (...more: Step[]) => {
      steps.push(...more)
      wake()
    }
    this.watches.push({ request, feed })
    request.signal?.addEventListener('abort', () => feed({ type: 'end' }), { once: true })
    return (async function* () {
      for (;;) {
        const step = steps.shift()
        if (!step) await new Promise<void>((resolve) => (wake = resolve))
        else if (step.type === 'end') return
        else if (step.type === 'fail') throw step.error
        else yield [step]
      }
    })()
  }

  async stream(): Promise<AsyncIterable<Uint8Array>> {
    throw new Error('not scripted')
  }
}
