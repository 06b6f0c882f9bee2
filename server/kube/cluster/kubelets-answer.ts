// A node that was Ready before its machine went to disk is Ready in the store before anybody listens there again, and
// whoever wants its logs meanwhile is refused.

import { once } from 'node:events'
import https from 'node:https'
import type { Clock } from '../../base/clock.ts'

export interface KubeletAddress {
  name: string
  address: string
  port: number
}

const ASK_AGAIN_MS = 25
const ANSWER_WITHIN_MS = 1000

/** Resolves when every kubelet answers; rejects with who does not, when that takes too long or the signal says so. */
export async function kubeletsAnswer(options: {
  kubelets: readonly KubeletAddress[]
  caPem: string
  clock: Clock
  timeoutMs: number
  signal: AbortSignal
}): Promise<void> {
  const { kubelets, caPem, clock, timeoutMs } = options
  const late = new AbortController()
  using _timer = clock.setTimeout(() => late.abort(), timeoutMs)
  const signal = AbortSignal.any([options.signal, late.signal])
  await Promise.all(
    kubelets.map(async (kubelet) => {
      for (;;) {
        const refusal = await ask(kubelet, caPem, options.signal)
        if (refusal === undefined) return
        options.signal.throwIfAborted()
        if (late.signal.aborted) throw new Error(`the kubelet of ${kubelet.name} does not answer: ${refusal}`)
        await clock.sleep(ASK_AGAIN_MS, signal).catch(() => undefined)
      }
    }),
  )
}

/** What is in the way, if anything. */
async function ask({ address, port }: KubeletAddress, ca: string, signal: AbortSignal): Promise<string | undefined> {
  const request = https.get({
    host: address,
    port,
    path: '/healthz',
    ca,
    agent: false,
    timeout: ANSWER_WITHIN_MS,
    signal,
  })
  request.once('timeout', () => request.destroy(new Error('it says nothing')))
  try {
    const [answer] = await once(request, 'response')
    answer.resume()
    return answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`
  } catch (err) {
    return (err as Error).message
  }
}
