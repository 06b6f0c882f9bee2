// What happened while a pod was popped and could still turn out to fit nowhere: it is in no place where news would find
// it. When it is put aside, what it missed is looked through first.
// Upstream: in-flight events in kubernetes/pkg/scheduler/backend/queue/active_queue.go.

interface News<Queued> {
  mayHelp: (queued: Queued) => boolean
  because: number
  event: string
}

export class MissedNews<Queued> {
  /** How much news there had been when it was popped; who was popped first stands first. */
  readonly #since = new Map<Queued, number>()
  /** Since the first of them; decisions take no time as a rule, and then there is none. */
  readonly #news: News<Queued>[] = []
  /** How much came before that, and is remembered no more. */
  #dropped = 0

  /** How much is remembered. */
  get length(): number {
    return this.#news.length
  }

  begin(queued: Queued): void {
    this.#since.delete(queued)
    this.#since.set(queued, this.#dropped + this.#news.length)
  }

  add(news: News<Queued>): void {
    if (this.#since.size > 0) this.#news.push(news)
  }

  /** Nobody will put it aside any more, or it is done now; all that it missed. */
  end(queued: Queued): News<Queued>[] {
    const since = this.#since.get(queued)
    if (since === undefined) return []
    const missed = this.#news.slice(since - this.#dropped)
    this.#since.delete(queued)
    // Slow extenders may never leave a moment in which nobody is on the way.
    const [oldest = this.#dropped + this.#news.length] = this.#since.values()
    this.#news.splice(0, oldest - this.#dropped)
    this.#dropped = oldest
    return missed
  }
}
