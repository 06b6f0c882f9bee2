// What a container left in its termination log, or at the end of its output if it asked for that.
// Upstream: kuberuntime_container.go, getTerminationMessage.

import type { NodeOs } from '../node-os/node-os.ts'

export interface LastWordsSources {
  exitCode: number
  /** On the machine: what the container saw as its termination log. */
  file: string | undefined
  policy: string | undefined
  lastLines(count: number): Promise<string>
}

const MAX_BYTES = 4096
const FROM_LOGS = { lines: 80, bytes: 2048 }

export async function lastWordsOf(
  { exitCode, file, policy, lastLines }: LastWordsSources,
  os: Pick<NodeOs, 'readFile'>,
): Promise<string> {
  const text = file ? ((await os.readFile(file)) ?? '') : ''
  if (text !== '') return text.slice(0, MAX_BYTES)
  if (policy !== 'FallbackToLogsOnError' || exitCode === 0) return ''
  return (await lastLines(FROM_LOGS.lines).catch(() => '')).slice(-FROM_LOGS.bytes)
}
