// A clock for those of whom there are thousands in one process. What each does every ten seconds is done together by all whose
// turn comes within a tenth of one: they share a wake-up, a sync of the disk and a write of the audit log.

import { type Clock, sleepOn } from './clock.ts'

const STEP_MS = 100
/** Shorter delays end when they should, as those before a start or an answer. Probes with a period like this may come a step late. */
const LONG_MS = 5_000

export function coarseClock(clock: Clock): Clock {
  const waiting = new Map<number, Set<() => void>>()

  const coarse: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout(run, delayMs) {
      if (delayMs < LONG_MS) return clock.setTimeout(run, delayMs)
      const step = Math.ceil((clock.monotonic() + delayMs) / STEP_MS)
      const together = waiting.get(step) ?? begin(step)
      // A function of its own: the same may wait twice.
      const one = () => run()
      together.add(one)
      return { [Symbol.dispose]: () => void together.delete(one) }
    },
    sleep: (delayMs, signal) => sleepOn(coarse, delayMs, signal),
  }

  function begin(step: number): Set<() => void> {
    const together = new Set<() => void>()
    waiting.set(step, together)
    clock.setTimeout(
      () => {
        waiting.delete(step)
        for (const run of together) {
          try {
            run()
          } catch (err) {
            // The others have their turn all the same, and this is heard where it were with a timer of its own.
            clock.setTimeout(() => {
              throw err
            }, 0)
          }
        }
      },
      step * STEP_MS - clock.monotonic(),
    )
    return together
  }
  return coarse
}
