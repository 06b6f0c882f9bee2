// A value as a stream: whole at once, whole again when something changed, and from time to time because time passes.

import type { Clock } from '../../base/clock.ts'

/** Changes that come faster than `atMostEveryMs` are told as one; `atLeastEveryMs` looks again without any. */
export async function* watchChanges<T>(options: {
  read: () => Promise<T>
  onChange: (listener: () => void) => Disposable
  clock: Clock
  atMostEveryMs: number
  atLeastEveryMs: number
  signal: AbortSignal
}): AsyncGenerator<T> {
  const { read, onChange, clock, atMostEveryMs, atLeastEveryMs, signal } = options
  let wake = Promise.withResolvers<void>()
  using _ = onChange(() => wake.resolve())
  const onAbort = () => wake.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  let sent = ''
  try {
    while (!signal.aborted) {
      wake = Promise.withResolvers<void>()
      const value = await read()
      const text = JSON.stringify(value)
      if (text !== sent) {
        sent = text
        yield value
      }
      using _again = clock.setTimeout(() => wake.resolve(), atLeastEveryMs)
      await clock.sleep(atMostEveryMs, signal).catch(() => undefined)
      await wake.promise
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
