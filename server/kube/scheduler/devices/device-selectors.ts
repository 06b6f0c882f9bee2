// Which devices the selectors of classes and claims mean. Compiled once; what an expression costs is told to who asks.

import { type Cel, CelError, createCel } from '../../cel/cel.ts'
import { compileDeviceSelector, type DeviceSelector } from '../../cel/device.ts'
import type { Selector } from '../../kinds/devices/device-objects.ts'
import type { Offer } from './pools.ts'

/** Different expressions of a cluster are few; should they be many, the old ones are compiled again. */
const MOST_KEPT = 100

export class Selectors {
  readonly #cel: Cel = createCel()
  readonly #compiled = new Map<string, DeviceSelector>()

  /** Throws in words that begin with `whose` selectors they are. */
  match(selectors: readonly Selector[], offer: Offer, whose: string, spend: (cost: number) => void): boolean {
    return selectors.every(({ cel }, at) => {
      const selector = this.#compile(cel?.expression ?? '', `${whose}: selector #${at}`)
      try {
        const { matches, cost } = selector.matches(offer.driver, offer.device)
        spend(cost)
        return matches
      } catch (err) {
        if (!(err instanceof CelError)) throw err
        const where = `${whose}: selector #${at} on device ${offer.id}`
        throw new Error(`${where}: CEL runtime error: ${err.message}`, { cause: err })
      }
    })
  }

  #compile(expression: string, where: string): DeviceSelector {
    const known = this.#compiled.get(expression)
    if (known) return known
    if (this.#compiled.size >= MOST_KEPT) this.#compiled.clear()
    try {
      const compiled = compileDeviceSelector(this.#cel, expression)
      this.#compiled.set(expression, compiled)
      return compiled
    } catch (err) {
      if (!(err instanceof CelError)) throw err
      throw new Error(`${where}: CEL compile error: ${err.message}`, { cause: err })
    }
  }
}
