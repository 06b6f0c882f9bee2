// Waits for a session to have its cluster: the picture is often asked for before.

import type { LabSession } from '../grading/lab-session.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'

export async function sandboxOf(session: LabSession, signal: AbortSignal): Promise<Sandbox | undefined> {
  if (session.sandbox) return session.sandbox
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => resolve()
  using _ = session.onChange(() => {
    if (session.sandbox) resolve()
  })
  signal.addEventListener('abort', done, { once: true })
  await promise
  signal.removeEventListener('abort', done)
  return session.sandbox
}
