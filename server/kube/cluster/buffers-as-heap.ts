// What stores keep are buffers, which lie outside of V8's heap. For each 64 MiB of them that have come V8 marks all of the
// heap anew: of thousands of nodes that is hundreds of megabytes, of which little is garbage.

import { setFlagsFromString } from 'node:v8'

/** In the whole process, for good: V8 marks when heap and buffers together have grown by much. */
export function countBuffersAsHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}
