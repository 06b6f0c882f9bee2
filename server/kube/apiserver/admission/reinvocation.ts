// The second turn of what changes an object: when a webhook or a policy has changed it, everybody is asked once more, and
// of the webhooks and policies those that want it. Upstream: apiserver/pkg/admission/reinvocation.go.

import { writeJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'

export class Reinvocation {
  readonly #invoked = new Map<string, Invoked>()
  #isAgain = false
  #isWanted = false

  get isAgain(): boolean {
    return this.#isAgain
  }

  /** What a plug-in that has webhooks or policies remembers of the first turn. */
  of(plugin: string, object: KubeObject | undefined): Invoked {
    const known = this.#invoked.get(plugin)
    if (known) {
      if (this.#isAgain && known.isOutdated(object)) known.requireAll()
      return known
    }
    const invoked = new Invoked()
    this.#invoked.set(plugin, invoked)
    return invoked
  }

  want(): void {
    this.#isWanted = true
  }

  /** True once, when somebody wanted it. */
  begins(): boolean {
    if (this.#isAgain || !this.#isWanted) return false
    this.#isAgain = true
    return true
  }
}

export class Invoked {
  readonly #before = new Set<unknown>()
  readonly #again = new Set<unknown>()
  #output: string | undefined

  /** It has been asked, and wants to be asked again about what others make of the object. */
  remember(key: unknown): void {
    this.#before.add(key)
  }

  /** The object has changed since those that are remembered saw it. */
  requireAll(): void {
    for (const key of this.#before) this.#again.add(key)
    this.#before.clear()
  }

  isWanted(key: unknown): boolean {
    return this.#again.has(key)
  }

  leave(object: KubeObject | undefined): void {
    this.#output = writeJson(object)
  }

  isOutdated(object: KubeObject | undefined): boolean {
    return this.#output !== undefined && this.#output !== writeJson(object)
  }
}
