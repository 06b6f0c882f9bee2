// Listens to one machine's kernel, by way of the API server's `nodes/proxy` and the kubelet's own HTTPS API. When the
// stream breaks it is opened again, later each time.

import { Backoff } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import type { Transport } from '../../kube/client/index.ts'
import type { ConnectionNews } from '../../kube/network/connection-news.ts'

export interface MachineEarOptions {
  machine: string
  transport: Pick<Transport, 'stream'>
  clock: Clock
  random: () => number
  hear(machine: string, news: ConnectionNews): void
  /** It is not heard, and why; what happens meanwhile is lost. */
  deaf(machine: string, why: string): void
}

/** Until disposed. */
export function openMachineEar(options: MachineEarOptions): Disposable {
  const stop = new AbortController()
  void listen(options, stop.signal)
  return { [Symbol.dispose]: () => stop.abort(new Error('nobody looks at the network any more')) }
}

async function listen(options: MachineEarOptions, signal: AbortSignal): Promise<void> {
  const { machine, transport, clock, random, hear, deaf } = options
  const backoff = new Backoff({ initialMs: 500, maxMs: 15_000, jitter: 0.2, random })
  while (!signal.aborted) {
    let why = 'the stream ended'
    try {
      const path = `/api/v1/nodes/${machine}/proxy/podium/connections`
      for await (const news of linesOf(await transport.stream({ method: 'GET', path, signal }))) {
        backoff.reset()
        if (!signal.aborted) hear(machine, news)
      }
    } catch (err) {
      why = err instanceof Error ? err.message : String(err)
    }
    if (signal.aborted) return
    deaf(machine, why)
    await clock.sleep(backoff.nextMs(), signal).catch(() => undefined)
  }
}

/** Many times what is to be said of one connection and of the rule that stopped it: the classroom keeps thousands. */
const LONGEST_LINE = 2 ** 13

async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ConnectionNews> {
  const decoder = new TextDecoder()
  let unread = ''
  for await (const chunk of stream) {
    const lines = (unread + decoder.decode(chunk, { stream: true })).split('\n')
    if (lines.some(({ length }) => length > LONGEST_LINE)) {
      throw new Error(`a line is longer than ${LONGEST_LINE} characters`)
    }
    unread = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield JSON.parse(line) as ConnectionNews
  }
}
