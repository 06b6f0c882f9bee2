// What this server is writing just now, so that the event of a write finds the object it was made from (no second
// JSON.parse) and the request that made it. The event may come before the transaction's answer or after it.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { withRevision } from './entry.ts'

export interface WriteOrigin {
  requestId: string
  cause: string
  client: string
}

export class Write {
  readonly key: string
  readonly origin: WriteOrigin
  /** Absent for a delete. */
  readonly value: Buffer | undefined
  readonly #object: KubeObject | undefined
  #frozen: KubeObject | undefined
  revision: number | undefined

  constructor(write: { key: string; origin: WriteOrigin; value?: Buffer; object?: KubeObject }) {
    this.key = write.key
    this.origin = write.origin
    this.value = write.value
    this.#object = write.object
  }

  /** The same frozen object for the answer, the cache and every watcher. */
  objectAt(revision: number): KubeObject {
    if (!this.#object) throw new Error('a delete has no object')
    this.#frozen ??= withRevision(this.#object, revision)
    return this.#frozen
  }
}

export class WritesInFlight {
  readonly #byKey = new Map<string, Write[]>()

  begin(write: Write): void {
    const writes = this.#byKey.get(write.key)
    if (writes) writes.push(write)
    else this.#byKey.set(write.key, [write])
  }

  end(write: Write): void {
    const writes = this.#byKey.get(write.key)?.filter((other) => other !== write)
    if (writes && writes.length > 0) this.#byKey.set(write.key, writes)
    else this.#byKey.delete(write.key)
  }

  /** The write that an event of the store came from, if it was ours. */
  find(key: string, revision: number, value: Buffer | undefined): Write | undefined {
    return this.#byKey
      .get(key)
      ?.find((write) => (write.revision === undefined ? sameBytes(write.value, value) : write.revision === revision))
  }
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}
