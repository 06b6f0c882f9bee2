// What became of a traced request, and the kernel's own word on it.

import { isQuestion } from './passage-kinds.ts'
import type { Told } from './told.ts'
import type { TraceVerdict } from './traced-request.ts'
import { whyNoName } from './why-no-name.ts'
import { whyNotReached } from './why-not-reached.ts'

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'Refused.',
  silence: 'Nobody answered.',
  EHOSTUNREACH: 'There is no way to it: `EHOSTUNREACH`.',
  ENETUNREACH: 'There is no way to it: `ENETUNREACH`.',
}

export function verdictOf(told: Told): TraceVerdict {
  const { outcome, machines, protocol } = told
  const { how, answer, bytes, connectMs, address } = outcome
  const connection = machines[0]?.report.passages.some((passage) => !isQuestion(passage, told))
    ? machines[0].report.connection
    : undefined
  const lines = connection ? [connection.line] : []
  if (!address) {
    return { state: 'fail', says: 'Nobody was called: the name leads nowhere.', why: whyNoName(told), lines }
  }
  if (how === 'connected') {
    const within = protocol === 'tcp' ? `, connected within ${connectMs} ms` : ''
    const says = answer ? `Answered: \`${answer}\`, ${bytes} bytes${within}.` : `Nothing was said${within}.`
    return { state: 'ok', says, why: '', lines }
  }
  if (how === 'EADDRINUSE') return { state: 'fail', says: `Port ${told.port} was taken: try again.`, why: '', lines }
  return {
    state: 'fail',
    says: Object.hasOwn(WORDS, how) ? WORDS[how]! : `It ended with \`${how}\`.`,
    why: whyNotReached(told),
    lines,
  }
}
