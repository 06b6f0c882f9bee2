// What became of a traced request, and the kernel's own word on it.

import { isQuestion } from './passage-kinds.ts'
import type { Told } from './told.ts'
import type { TraceVerdict } from './traced-request.ts'
import { whyNoName } from './why-no-name.ts'
import { whyNotReached } from './why-not-reached.ts'

export function verdictOf(told: Told): TraceVerdict {
  const { outcome, machines, protocol } = told
  const { how, answer, bytes, connectMs, address } = outcome
  const connection = machines[0]?.report.passages.some((passage) => !isQuestion(passage, told))
    ? machines[0].report.connection
    : undefined
  const lines = connection ? [connection.line] : []
  if (!address) return { state: 'fail', says: 'Nobody was called: the name leads nowhere.', ...whyNoName(told), lines }
  if (how === 'connected') {
    const said = answer ? `\`${answer}\`, ${bytes} bytes` : 'connected, and nothing was said'
    const within = protocol === 'tcp' ? `, connected within ${connectMs} ms` : ''
    return { state: 'ok', says: `Answered: ${said}${within}.`, why: '', lines }
  }
  const says: Record<string, string> = {
    ECONNREFUSED: 'Refused.',
    silence: 'Nobody answered.',
    EHOSTUNREACH: 'There is no way to it: `EHOSTUNREACH`.',
    ENETUNREACH: 'There is no way to it: `ENETUNREACH`.',
    EADDRINUSE: `Not sent: port ${told.port} was taken. Try again.`,
  }
  return {
    state: 'fail',
    says: says[how] ?? `It ended with \`${how}\`.`,
    why: whyNotReached(told),
    lines,
  }
}
