// A claim's constraint: all devices of the requests that it names have the same value of an attribute, or no two of them have.

import type { Attribute, Constraint, Device } from '../../kinds/devices/device-objects.ts'
import type { Offer } from './pools.ts'
import type { NamedWish } from './wishes.ts'

export class AttributeConstraint {
  readonly #attribute: string
  readonly #areDistinct: boolean
  /** Of all requests when empty. */
  readonly #requests: ReadonlySet<string>
  readonly #values: string[] = []

  constructor({ requests = [], matchAttribute, distinctAttribute }: Constraint) {
    this.#attribute = matchAttribute ?? distinctAttribute ?? ''
    this.#areDistinct = matchAttribute === undefined
    this.#requests = new Set(requests)
  }

  /** False when the device does not go with those that are there. */
  add(wish: NamedWish, offer: Offer): boolean {
    if (!this.#isMeant(wish)) return true
    const value = attributeOf(offer, this.#attribute)
    if (value === undefined) return false
    const isKnown = this.#values.includes(value)
    if (this.#areDistinct ? isKnown : this.#values.length > 0 && !isKnown) return false
    this.#values.push(value)
    return true
  }

  removeLast(wish: NamedWish): void {
    if (this.#isMeant(wish)) this.#values.pop()
  }

  #isMeant({ name, request }: NamedWish): boolean {
    return this.#requests.size === 0 || this.#requests.has(request) || this.#requests.has(name)
  }
}

/** With its type: the text `1` is not the number. Lists are alike to nothing. */
function attributeOf({ driver, device }: Offer, name: string): string | undefined {
  const attribute = lookUp(device, driver, name)
  const [type, value] = Object.entries(attribute ?? {})[0] ?? []
  return type === undefined || Array.isArray(value) ? undefined : `${type} ${value}`
}

/** A driver need not write its own domain before the names of its attributes. */
function lookUp({ attributes = {} }: Device, driver: string, name: string): Attribute | undefined {
  const [domain, id = ''] = name.split('/')
  return attributes[name] ?? (domain === driver ? attributes[id] : undefined)
}
