// How a process is started that holds clusters.

import { fileURLToPath } from 'node:url'
import { onDeepStack } from '../../../bin/deep-stack.mjs'

/**
 * What stores keep lies outside of V8's heap. By itself V8 marks all of the heap anew for each 64 MiB that come there; with
 * this it asks, as for the heap, by how much all of it has grown.
 */
const COUNT_WHAT_IS_OUTSIDE = '--external-memory-accounted-in-global-limit'

/** Command and arguments, by the words that `cli.ts` goes by. */
export function hostCommand(words: readonly string[]): [string, string[]] {
  const cli = fileURLToPath(new URL('../../cli.ts', import.meta.url))
  return onDeepStack(process.execPath, ['--disable-warning=ExperimentalWarning', COUNT_WHAT_IS_OUTSIDE, cli, ...words])
}
