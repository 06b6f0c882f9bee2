// How deep things may be. Whatever works on objects walks them by calls, so it depends on the stack that this process was
// started with (bin/deep-stack.mjs, decision 0087).

import { isMainThread } from 'node:worker_threads'

/** How deep a body may be: Go's limit. */
export const MOST_LEVELS = 10_000

/** As deep as one may be for a usual stack. */
export const USUAL_DEPTH = 1_000

/** A process like this, which is the control plane's. Threads have stacks of their own. */
export const isStackDeep = isMainThread && process.execArgv.some((word) => word.startsWith('--stack-size='))

/** How deep an object may be that is read by the control plane alone; all others have the usual depth. */
export const KEPT_DEPTH = isStackDeep ? MOST_LEVELS : USUAL_DEPTH
