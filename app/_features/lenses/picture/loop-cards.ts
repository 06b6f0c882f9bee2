// Which loops have a card of their own: those that a first lab meets, those that acted because of what the learner did, and the
// one under the microscope. The others share the folded card. Places are kept as long as possible.

import { placeOf } from './client-place.ts'

/** What is known of them when a card is given away. */
export interface Activity {
  now: number
  lastWroteAt(client: string): number
}

/** One that has just written is not sent away. */
const busyMs = 4000

export class LoopCards {
  /** In drawing order, without the scheduler. */
  all: string[] = []
  /** Those that have a card. */
  shown: string[] = []
  private slots = 4
  private pinned: string | undefined
  private known: ReadonlySet<string> = new Set()
  /** Those that were given a card because they acted, oldest first. */
  private called: string[] = []

  copy(): LoopCards {
    return Object.assign(new LoopCards(), this)
  }

  has(client: string): boolean {
    return this.known.has(client)
  }

  get names(): ReadonlySet<string> {
    return this.known
  }

  /** True where there is another number of places now. */
  setSlots(count: number, activity: Activity): boolean {
    if (count === this.slots) return false
    this.slots = count
    this.choose(activity)
    return true
  }

  /** A loop under the microscope keeps its card. */
  pin(client: string | undefined, activity: Activity): void {
    this.pinned = client
    if (client) this.promote(client, activity)
  }

  /** A new stream names loops as it hears of them; one that was known before is still there, unless it has just ended. */
  take(all: readonly string[], ended: readonly string[], activity: Activity): void {
    const before = this.all.filter((client) => !all.includes(client) && !ended.includes(client))
    this.all = [...all.filter((client) => placeOf(client).role !== 'scheduler'), ...before]
    this.known = new Set(this.all)
    this.choose(activity)
  }

  /** A folded loop that acts for the learner takes the place of the one that has been still for longest. */
  promote(client: string, { now, lastWroteAt }: Activity): void {
    if (!this.known.has(client) || this.shown.includes(client)) return
    if (this.shown.length < this.slots) {
      this.shown = [...this.shown, client]
      return
    }
    let stillest = -1
    let since = Number.POSITIVE_INFINITY
    this.shown.forEach((shown, index) => {
      const at = lastWroteAt(shown)
      // <=: of those that never wrote, the last in line goes first.
      if (shown !== this.pinned && at <= since) {
        since = at
        stillest = index
      }
    })
    const busy = since > now - busyMs
    if (stillest < 0 || (busy && client !== this.pinned)) return
    this.called = [...this.called.filter((one) => one !== client && one !== this.shown[stillest]), client]
    this.shown = this.shown.with(stillest, client)
  }

  /** Nobody has acted yet; who has a card keeps it. */
  forgetDeeds(): void {
    this.called = []
  }

  private choose(activity: Activity): void {
    const shown = [...this.all].sort((a, b) => rank(a) - rank(b)).slice(0, this.slots)
    const called = this.called.filter((client) => this.known.has(client) && !shown.includes(client))
    this.shown = shown
    for (const client of called) this.promote(client, activity)
    if (this.pinned) this.promote(this.pinned, activity)
  }
}

const familiar = ['deployment', 'replicaset', 'endpointslice', 'garbagecollector', 'nodelifecycle', 'namespace']

function rank(client: string): number {
  const name = client
    .slice(client.indexOf('/') + 1)
    .replace(/-controller$/, '')
    .replaceAll('-', '')
  const place = familiar.indexOf(name)
  return place < 0 ? familiar.length : place
}
