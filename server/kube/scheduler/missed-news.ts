// What happened while a pod was popped and could still turn out to fit nowhere: it is in no place where news would find
// it. When it is put aside, what it missed is looked through first.
// Upstream: in-flight events in kubernetes/pkg/scheduler/backend/queue/active_queue.go.

interface News<Queued> {
  mayHelp: (queued: Queued) => boolean
  because: number
  event: string
}

export class MissedNews<Queued> {
  /** How much of the news was there when it was popped. */
  readonly #since = new Map<Queued, number>()
  /** Since the first of them; decisions take no time as a rule, and then there is none. */
  readonly #news: News<Queued>[] = []

  begin(queued: Queued): void {
    this.#since.set(queued, this.#news.length)
  }

  add(news: News<Queued>): void {
    if (this.#since.size > 0) this.#news.push(news)
  }

  /** Nobody will put it aside any more, or it is done now; all that it missed. */
  end(queued: Queued): News<Queued>[] {
    const since = this.#since.get(queued)
    if (since === undefined) return []
    const missed = this.#news.slice(since)
    this.#since.delete(queued)
    if (this.#since.size === 0) this.#news.length = 0
    return missed
  }
}
