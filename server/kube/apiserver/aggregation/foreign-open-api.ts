// What servers behind this one say of themselves in OpenAPI, so that `kubectl explain` and validation know their kinds.
// Asked each time a server is looked at, and read again only when it has changed. A server that tells nothing is none
// the worse for it. Upstream: kube-aggregator/pkg/controllers/{openapi,openapiv3}.

import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import type { ForeignVersion } from '../endpoints/discovery.ts'

export type Ask = (
  path: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<{ code: number; text: string; etag?: string | undefined }>

interface Kept {
  etag: string | undefined
  document: JsonObject
}

export class ForeignOpenApi {
  /** By group version and path. */
  readonly #kept = new Map<string, Kept>()

  async read(groupVersion: string, ask: Ask): Promise<NonNullable<ForeignVersion['openApi']>> {
    const [v3, v2] = await Promise.all(
      [`/openapi/v3/apis/${groupVersion}`, '/openapi/v2'].map((path) => this.#document(groupVersion, path, ask)),
    )
    return { ...(v2 ? { v2 } : {}), ...(v3 ? { v3 } : {}) }
  }

  forget(groupVersion: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(`${groupVersion} `)) this.#kept.delete(key)
  }

  async #document(groupVersion: string, path: string, ask: Ask): Promise<JsonObject | undefined> {
    const key = `${groupVersion} ${path}`
    const known = this.#kept.get(key)
    try {
      const { code, text, etag } = await ask(path, known?.etag ? { 'if-none-match': known.etag } : {})
      if (code === 304) return known?.document
      const document: unknown = code === 200 ? JSON.parse(text) : undefined
      this.#kept.delete(key)
      if (!isJsonObject(document)) return undefined
      this.#kept.set(key, { etag, document })
      return document
    } catch {
      // It answers a moment later, or never: what it serves is served without.
      return known?.document
    }
  }
}
