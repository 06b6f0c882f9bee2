// Clocks on walls, which are put forward and back. Kubernetes leaves out what falls into the gap, and what comes twice
// is due twice; cron libraries have ideas of their own about both, so they are asked on a clock that never jumps.

const DAY_MS = 24 * 3_600_000

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

/**
 * The first moment after `after` at which the clock of the place shows a time that is due. `nextShown` answers for a
 * clock without jumps: what it is given and gives are times shown, as if in UTC.
 */
export function nextOnClock(
  timeZone: string,
  after: number,
  nextShown: (shown: number) => number | undefined,
): number | undefined {
  if (timeZone === 'UTC') return nextShown(after)
  const format = formatOf(timeZone)
  const offsetAt = (at: number) => offsetOf(format, at)
  let from = after
  let shownFrom = after + offsetAt(after)
  for (;;) {
    const offset = offsetAt(from)
    const shown = nextShown(shownFrom)
    if (shown === undefined) return undefined
    const due = shown - offset
    const tomorrow = from + DAY_MS
    if (offsetAt(Math.min(due, tomorrow)) !== offset) {
      from = jumpBetween(from, Math.min(due, tomorrow), offsetAt)
      // The moment after the jump may be due itself.
      shownFrom = from + offsetAt(from) - 1
    } else if (due <= tomorrow) return due
    else {
      // Clocks jump by less than a day: until a day before, nothing is due, however often they did.
      from = Math.max(tomorrow, due - DAY_MS)
      shownFrom = from + offsetAt(from)
    }
  }
}

/** The first second at which the offset is no more what it was at `from`. */
function jumpBetween(from: number, until: number, offsetAt: (at: number) => number): number {
  const offset = offsetAt(from)
  let [before, after] = [Math.floor(from / 1000), Math.ceil(until / 1000)]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(middle * 1000) === offset) before = middle
    else after = middle
  }
  return after * 1000
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
}

/** How far the clock of the place is ahead of UTC. */
export const offsetIn = (timeZone: string, at: number): number => offsetOf(formatOf(timeZone), at)

/** Of `GMT`, `GMT+05:30`, `GMT-00:44:30`. */
function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(name) ?? []
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -offset : offset
}
