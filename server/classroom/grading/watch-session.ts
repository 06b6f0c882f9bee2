// A session as a stream: whole at once, and whole again whenever it is different. Changes that come while the browser
// is still being sent the last one are told as one.

import type { SessionView } from '../api/contract.ts'
import type { LabSession } from './lab-session.ts'

export async function* watchSession(session: LabSession, signal: AbortSignal): AsyncGenerator<SessionView> {
  let wake = Promise.withResolvers<void>()
  using _ = session.onChange(() => wake.resolve())
  const onAbort = () => wake.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  let sent = ''
  try {
    while (!signal.aborted) {
      wake = Promise.withResolvers<void>()
      const view = session.view()
      const text = JSON.stringify(view)
      if (text !== sent) {
        sent = text
        yield view
      }
      await wake.promise
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
