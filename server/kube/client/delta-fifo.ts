// A line of keys, and for each key what has happened to it since it was last taken out, in order.
//
//   queue    default/a   default/b
//   deltas   default/a → [Added a1, Updated a2]
//            default/b → [Deleted b7]
//
// The whole line is taken out together, so a consumer that is slow sees one key once, with everything that happened to
// it. (A line that is one key long most of the time must not be a Map that is emptied: V8 builds it anew each time.)
// `replace` is a fresh list: what the list no longer holds is deleted, though nobody saw how; then the last
// known state is all we have, wrapped as DeletedFinalStateUnknown. Upstream: client-go/tools/cache/delta_fifo.go.

import { type KubeObject, keyOf } from '../apimachinery/object-meta.ts'

export type Delta<T extends KubeObject> =
  | { type: 'Added' | 'Updated' | 'Deleted' | 'Replaced' | 'Sync'; object: T }
  | { type: 'DeletedFinalStateUnknown'; key: string; object: T }

/** What the consumer of the line knows already: the informer's cache. */
export interface KnownObjects<T extends KubeObject> {
  get(key: string): T | undefined
  keys(): Iterable<string>
}

export class DeltaFifo<T extends KubeObject> {
  readonly #known: KnownObjects<T>
  readonly #onReady: () => void
  /** In the order in which keys were first mentioned. */
  #line = new Map<string, Delta<T>[]>()
  /** Keys of the line that is being taken out. */
  #left = 0
  #populated = false
  /** Keys of the first list that have not been taken out yet; at 0 the consumer has heard all of it. */
  #initialLeft = 0

  constructor(known: KnownObjects<T>, onReady: () => void = () => undefined) {
    this.#known = known
    this.#onReady = onReady
  }

  get length(): number {
    return this.#line.size + this.#left
  }

  hasSynced(): boolean {
    return this.#populated && this.#initialLeft === 0
  }

  add(object: T): void {
    this.#populated = true
    this.#append(keyOf(object), { type: 'Added', object })
  }

  update(object: T): void {
    this.#populated = true
    this.#append(keyOf(object), { type: 'Updated', object })
  }

  delete(object: T): void {
    this.#populated = true
    const key = keyOf(object)
    if (!this.#known.get(key) && !this.#line.has(key)) return
    this.#append(key, { type: 'Deleted', object })
  }

  replace(objects: readonly T[]): void {
    const listed = new Set<string>()
    for (const object of objects) {
      const key = keyOf(object)
      listed.add(key)
      this.#append(key, { type: 'Replaced', object })
    }
    for (const key of new Set([...this.#line.keys(), ...this.#known.keys()])) {
      if (!listed.has(key)) this.#loseSight(key)
    }
    if (!this.#populated) {
      this.#populated = true
      this.#initialLeft = this.length
    }
    this.#onReady()
  }

  #loseSight(key: string): void {
    const last = this.#line.get(key)?.at(-1)
    if (last?.type === 'Deleted' || last?.type === 'DeletedFinalStateUnknown') return
    const object = last?.object ?? this.#known.get(key)
    if (object) this.#append(key, { type: 'DeletedFinalStateUnknown', key, object })
  }

  /** Puts every known object in the line once more, so that handlers look again. */
  resync(): void {
    for (const key of this.#known.keys()) {
      // News about it is on its way; an older state behind the news would turn time back.
      if (this.#line.has(key)) continue
      const object = this.#known.get(key)
      if (object) this.#append(key, { type: 'Sync', object })
    }
  }

  /** Takes out all keys with their deltas, one after the other. */
  drain(process: (key: string, deltas: readonly Delta<T>[]) => void): void {
    const line = this.#line
    this.#line = new Map()
    this.#left = line.size
    for (const [key, deltas] of line) {
      this.#left--
      if (this.#initialLeft > 0) this.#initialLeft--
      process(key, deltas)
    }
  }

  #append(key: string, delta: Delta<T>): void {
    const deltas = this.#line.get(key)
    if (!deltas) {
      this.#line.set(key, [delta])
    } else if (isDeletion(delta) && isDeletion(deltas.at(-1))) {
      // Two deletions in a row tell one story; the one that saw the final state tells it better.
      if (delta.type === 'Deleted') deltas[deltas.length - 1] = delta
    } else {
      deltas.push(delta)
    }
    this.#onReady()
  }
}

const isDeletion = (delta: Delta<KubeObject> | undefined) =>
  delta?.type === 'Deleted' || delta?.type === 'DeletedFinalStateUnknown'
