// How a loop is, in one word and one shape, from what was measured of it.

import type { State } from '../../../_ui/shape.tsx'
import type { ClientState, Gate } from './picture-model.ts'

export interface LoopState {
  word: 'idle' | 'acted' | 'working' | 'back-off' | 'behind' | 'held'
  shape: State
}

const freshMs = 5000
const farBehind = 20

export function loopState(loop: ClientState, now: number, gate?: Gate): LoopState {
  if (gate?.held) return { word: 'held', shape: 'held' }
  const last = loop.turns[0]?.trace
  if (last?.outcome === 'error') return { word: 'back-off', shape: 'fail' }
  // Revisions that were never meant for it do not make it late: only what was handed to it and not yet taken in.
  if (loop.cacheRevision > 0 && loop.handedRevision - loop.cacheRevision > farBehind) {
    return { word: 'behind', shape: 'wait' }
  }
  if (loop.lastWroteAt > 0 && loop.lastWroteAt > now - freshMs) return { word: 'acted', shape: 'ok' }
  if (loop.queueLength > 0) return { word: 'working', shape: 'wait' }
  return { word: 'idle', shape: 'idle' }
}
