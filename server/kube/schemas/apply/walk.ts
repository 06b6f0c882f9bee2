// Where a walk over a value is, and the sets that it fills. What leads to a place is found once for all that lies below it,
// not again from the root for each: objects have ten thousand levels.

import { MOST_LEVELS } from '../../apimachinery/depth.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { FieldSet } from './field-set.ts'

/** Owners of deeper places could not be read again: they lie in the object, five levels down. */
const MOST_STEPS = MOST_LEVELS - 5

export class Walk {
  readonly path: string[] = []
  readonly #fillings: Filling[] = []

  filling(): Filling {
    const filling = new Filling(this.path)
    this.#fillings.push(filling)
    return filling
  }

  enter(step: string): void {
    if (this.path.length === MOST_STEPS) throw badRequest('exceeded max depth')
    this.path.push(step)
  }

  leave(): void {
    this.path.pop()
    for (const filling of this.#fillings) filling.forget()
  }
}

export class Filling {
  readonly set = new FieldSet()
  readonly #path: readonly string[]
  /** The set itself and the ones below it, as far on the way as they were needed. */
  readonly #way = [this.set]

  constructor(path: readonly string[]) {
    this.#path = path
  }

  /** The place where the walk is. The root itself is none. */
  add(): void {
    const [path, way] = [this.#path, this.#way]
    const last = path.at(-1)
    if (last === undefined) return
    for (let depth = way.length; depth < path.length; depth++) way.push(way[depth - 1]!.child(path[depth - 1]!))
    way[path.length - 1]!.add(last)
  }

  /** The walk has gone back a step. */
  forget(): void {
    if (this.#way.length > this.#path.length + 1) this.#way.pop()
  }
}
