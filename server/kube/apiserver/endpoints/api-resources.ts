// The resources this server serves, found by what stands in a URL.

import { StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import type { Registry } from '../registry/registry.ts'
import type { RequestInfo } from '../request-path/request-info.ts'

const pathKey = (group: string, version: string, plural: string) => `${group}/${version}/${plural}`

export class ApiResources {
  readonly #byPath = new Map<string, Registry>()

  constructor(registries: Iterable<Registry>) {
    for (const registry of registries) {
      const { group, version, plural } = registry.kind
      const key = pathKey(group, version, plural)
      if (this.#byPath.has(key)) throw new Error(`two kinds are served at ${key}`)
      this.#byPath.set(key, registry)
    }
  }

  get kinds(): readonly AnyKind[] {
    return [...this.#byPath.values()].map((registry) => registry.kind)
  }

  /** By plural alone; for the server's own use with kinds it knows to be there. */
  core(plural: string): Registry | undefined {
    return this.#byPath.get(pathKey('', 'v1', plural))
  }

  ofKind(kind: AnyKind): Registry | undefined {
    return this.#byPath.get(pathKey(kind.group, kind.version, kind.plural))
  }

  find({ group, version, resource }: RequestInfo): Registry {
    const registry = this.#byPath.get(pathKey(group, version, resource))
    if (!registry) throw noSuchResource()
    return registry
  }
}

export const noSuchResource = () =>
  new StatusError('NotFound', 'the server could not find the requested resource', { details: {} })
