// What has come of requests that are not whole yet, of all connections of a server: whoever sends slowly would else be given
// all that one request may take, for every connection that can be opened.

const MOST_BYTES = 256 * 1024 * 1024
/** What a piece takes at least, however little came in it. */
const LEAST_PIECE = 256

export const costOf = (piece: Uint8Array): number => Math.max(piece.length, LEAST_PIECE)

export class Unfinished {
  #bytes = 0

  /** False when all together have too much: this request is to be refused, and what it has to be given back. */
  take(bytes: number): boolean {
    this.#bytes += bytes
    return this.#bytes <= MOST_BYTES
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes
  }
}
