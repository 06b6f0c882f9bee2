// Remembers the revisions that a loop has written under a key, so that it can tell whether its cache has heard of
// them yet. For loops that count what they own and have no better expectation.
// Upstream: kubernetes/pkg/controller/endpointslice (endpointslice_tracker.go).

import type { Clock } from '../../base/clock.ts'
import { type KubeObject, keyOf, revisionOf } from '../apimachinery/object-meta.ts'
import type { Lister } from '../client/indexed-cache.ts'

interface Written {
  objects: Map<string, number | 'deleted'>
  since: number
}

/** Whoever deletes what we have just made may be heard of before our own write returns; nobody waits for ever. */
const EXPIRES_AFTER_MS = 60_000

export class OwnWrites<T extends KubeObject> {
  readonly #cache: Lister<T>
  readonly #clock: Clock
  readonly #written = new Map<string, Written>()

  constructor(cache: Lister<T>, clock: Clock) {
    this.#cache = cache
    this.#clock = clock
  }

  wrote(key: string, object: T): void {
    this.#of(key).set(keyOf(object), revisionOf(object))
  }

  deleted(key: string, object: T): void {
    this.#of(key).set(keyOf(object), 'deleted')
  }

  /**
   * 0 when the cache reflects everything written so far, which is then forgotten; else for how long to wait for the news
   * at most. They wake the loop earlier, if they come: what was made and deleted unseen is never heard of.
   */
  waitMs(key: string): number {
    const written = this.#written.get(key)
    if (!written) return 0
    const { objects, since } = written
    for (const [name, what] of objects) {
      const seen = this.#cache.get(name)
      const caughtUp = what === 'deleted' ? !seen : !!seen && revisionOf(seen) >= what
      if (caughtUp) objects.delete(name)
    }
    const leftMs = objects.size > 0 ? since + EXPIRES_AFTER_MS - this.#clock.monotonic() : 0
    if (leftMs > 0) return leftMs
    this.#written.delete(key)
    return 0
  }

  /** The object has gone, by whomever: nothing more will be heard of it. */
  gone(key: string, object: T): void {
    this.#written.get(key)?.objects.delete(keyOf(object))
  }

  forget(key: string): void {
    this.#written.delete(key)
  }

  #of(key: string): Written['objects'] {
    let written = this.#written.get(key)
    if (!written) {
      written = { objects: new Map(), since: this.#clock.monotonic() }
      this.#written.set(key, written)
    }
    return written.objects
  }
}
