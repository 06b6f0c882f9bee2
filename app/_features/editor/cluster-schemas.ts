// The OpenAPI documents of the learner's cluster, loaded when a manifest speaks of them. Each has an address that changes
// with its content, so a CustomResourceDefinition that came meanwhile is found by looking at the index again.

import type { KnownSchemas, Schemas } from './manifest/schema.ts'
import { groupVersionsIn } from './manifest/validate.ts'

export interface SchemaApi {
  index(): Promise<Record<string, string>>
  document(groupVersion: string): Promise<Record<string, unknown>>
}

export class ClusterSchemas {
  readonly #api: SchemaApi
  #index: Promise<Record<string, string>> | undefined
  readonly #documents = new Map<string, Promise<Schemas>>()
  /** What is known now; grows. */
  known: KnownSchemas = { groupVersions: [], loaded: new Map() }

  constructor(api: SchemaApi) {
    this.#api = api
  }

  /** Looks at the index again with the next manifest. */
  refresh(): void {
    this.#index = undefined
  }

  /** Everything that this manifest needs. Rejects when the cluster does not answer; the next call tries again. */
  async knowing(text: string): Promise<KnownSchemas> {
    this.#index ??= this.#api.index()
    try {
      const index = await this.#index
      const loaded = new Map(
        await Promise.all(
          groupVersionsIn(text)
            .filter((path) => index[path] !== undefined)
            .map(async (path) => [path, await this.#document(path, index[path]!)] as const),
        ),
      )
      this.known = { groupVersions: Object.keys(index), loaded: new Map([...this.known.loaded, ...loaded]) }
      return this.known
    } catch (err) {
      this.#index = undefined
      throw err
    }
  }

  #document(path: string, address: string): Promise<Schemas> {
    const existing = this.#documents.get(address)
    if (existing) return existing
    const loading = this.#api.document(path) as Promise<Schemas>
    this.#documents.set(address, loading)
    loading.catch(() => this.#documents.delete(address))
    return loading
  }
}
