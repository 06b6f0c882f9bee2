// All ports of all Services in one address family, worked out anew only for Services that had news: a port that did not
// change stays the same object, by which whoever writes rules sees what is left to do.

import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { portsOf, type ServicePort, type Viewpoint } from './service-ports.ts'

export interface BookSource {
  service(key: string): Service | undefined
  slicesOf(key: string): readonly EndpointSlice[]
}

export class ServiceBook {
  readonly #source: BookSource
  readonly #known = new Map<string, { ports: ServicePort[]; text: string }>()
  readonly #touched = new Set<string>()

  constructor(source: BookSource) {
    this.#source = source
  }

  /** `namespace/name` of a Service that had news, or whose endpoints had. */
  touch(key: string): void {
    this.#touched.add(key)
  }

  touchAll(): void {
    for (const key of this.#known.keys()) this.#touched.add(key)
  }

  /** Sorted by name, as upstream's rules are. */
  read(from: Viewpoint): readonly ServicePort[] {
    for (const key of this.#touched) {
      const service = this.#source.service(key)
      const ports = service ? portsOf(service, this.#source.slicesOf(key), from) : []
      const text = JSON.stringify(ports)
      if (ports.length === 0) this.#known.delete(key)
      else if (this.#known.get(key)?.text !== text) this.#known.set(key, { ports, text })
    }
    this.#touched.clear()
    return [...this.#known.values()]
      .flatMap(({ ports }) => ports)
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }
}
