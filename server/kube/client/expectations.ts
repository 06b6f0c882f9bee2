// What a loop has done and not yet seen. Its cache lags behind its own writes: counting pods again before the cache
// has heard of the ones just made would make them twice. So a loop writes down what it expects to hear, and does
// not count again until it has heard it, or until so much time has passed that the news must have been lost.
//
//   default/web   creations 2 → 1 → 0      deletions {uid-7, uid-9} → {uid-9} → {}      satisfied at 0 and {}
//
// Deletions are kept by uid: a pod that is being deleted is heard of several times but must count once.
// Upstream: kubernetes/pkg/controller/controller_utils.go (UIDTrackingControllerExpectations).

import type { Clock } from '../../base/clock.ts'
import { controllerOf, type KubeObject } from '../apimachinery/object-meta.ts'
import type { Change } from './shared-informer.ts'

interface Expected {
  creations: number
  deletions: Set<string>
  since: number
}

const EXPIRES_AFTER_MS = 5 * 60_000

export class Expectations {
  readonly #clock: Clock
  readonly #expected = new Map<string, Expected>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  expectCreations(key: string, count: number): void {
    this.#expected.set(key, { creations: count, deletions: new Set(), since: this.#clock.monotonic() })
  }

  expectDeletions(key: string, uids: Iterable<string>): void {
    this.#expected.set(key, { creations: 0, deletions: new Set(uids), since: this.#clock.monotonic() })
  }

  /** Of both in one turn. */
  expect(key: string, { creations, deletions }: { creations: number; deletions: Iterable<string> }): void {
    this.#expected.set(key, { creations, deletions: new Set(deletions), since: this.#clock.monotonic() })
  }

  /** One creation was heard of, or will never be, because it failed. */
  creationObserved(key: string, count = 1): void {
    const expected = this.#expected.get(key)
    if (expected) expected.creations -= count
  }

  deletionObserved(key: string, uid: string): void {
    this.#expected.get(key)?.deletions.delete(uid)
  }

  /**
   * Takes note of an object of an owner of this kind. On its way out counts as deleted; and one that was made and told to
   * go while no news came is first seen so: that is both.
   */
  heard({ type, object }: Change<KubeObject>, ownerKind: string): void {
    const owner = controllerOf(object)
    if (owner?.kind !== ownerKind) return
    const { namespace, uid = '', deletionTimestamp } = object.metadata ?? {}
    const key = `${namespace}/${owner.name}`
    if (type === 'added') this.creationObserved(key)
    if (type === 'deleted' || deletionTimestamp) this.deletionObserved(key, uid)
  }

  /** Whether the loop may trust its cache for this key. */
  satisfied(key: string): boolean {
    return this.waitMs(key) === 0
  }

  /**
   * So long until it will be trusted though news are missing; 0 when it is now. What was made and has gone again while no
   * news came is never heard of, and then nothing else may wake the loop.
   */
  waitMs(key: string): number {
    const expected = this.#expected.get(key)
    if (!expected || (expected.creations <= 0 && expected.deletions.size === 0)) return 0
    return Math.max(0, expected.since + EXPIRES_AFTER_MS + 1 - this.#clock.monotonic())
  }

  forget(key: string): void {
    this.#expected.delete(key)
  }
}
