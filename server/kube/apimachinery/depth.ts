// How deep things may be. Whatever works on objects walks them by calls, so it depends on the stack that this process was
// started with (bin/deep-stack.mjs, decision 0087).

import { isMainThread } from 'node:worker_threads'

/** How deep a body may be: Go's limit. */
export const MOST_LEVELS = 10_000

/** How deep an object of a built-in kind may be, which is everybody's to read, and any object where stacks are small. */
export const KEPT_DEPTH = 1_000

const isStackDeep = isMainThread && process.execArgv.some((word) => word.startsWith('--stack-size='))

/** How deep a custom resource may be. */
export const CUSTOM_DEPTH = isStackDeep ? MOST_LEVELS : KEPT_DEPTH
