// The documents that were asked for last. Each change of a definition makes others, and nobody asks for those of before
// any more.

export interface OpenApiDocument {
  /** Quoted, as the ETag header wants it. */
  etag: string
  contentType: string
  body: Buffer
}

/** Those of the built-in kinds take a tenth of it. */
const MOST_BYTES = 256 * 1024 * 1024

export class RecentDocuments {
  readonly #documents = new Map<string, OpenApiDocument>()
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): OpenApiDocument | undefined {
    const found = this.#documents.get(key)
    if (!found) return undefined
    this.#documents.delete(key)
    this.#documents.set(key, found)
    return found
  }

  /** A document that is not there yet. It is kept, however large it is, until the next one comes. */
  add(key: string, document: OpenApiDocument): void {
    this.#bytes += document.body.length
    for (const [oldest, { body }] of this.#documents) {
      if (this.#bytes <= MOST_BYTES) break
      this.#documents.delete(oldest)
      this.#bytes -= body.length
    }
    this.#documents.set(key, document)
  }
}
