// Headers as they come: a HEADERS frame, and CONTINUATIONs of it until one says that it was the last. Nothing else may
// come in between, on no stream. Every block has to be unpacked, as each may change what the next one's bytes mean.

import { ConnectionError, FLAGS, FRAMES, type Frame, withoutPadding } from './frames.ts'
import { HeaderDecoder, MAX_HEADER_LIST_BYTES } from './hpack.ts'

/** Pieces of nothing cost us something all the same. */
const MAX_PIECES = 100
const PRIORITY_BYTES = 5

export type Headers = ReadonlyMap<string, string>

export class HeaderBlocks {
  readonly #decoder = new HeaderDecoder()
  #begun: { stream: number; pieces: Buffer[]; bytes: number; isLast: boolean } | undefined

  /** Throws unless this is a frame that may come now. */
  check({ type, stream }: Frame): void {
    const isContinued = type === FRAMES.CONTINUATION
    if (this.#begun ? !isContinued || stream !== this.#begun.stream : isContinued) {
      throw new ConnectionError('PROTOCOL_ERROR', 'a block of headers is left unfinished, or was not begun')
    }
  }

  /** What a HEADERS or CONTINUATION makes whole. `isLast`: nothing else comes on its stream. */
  take(frame: Frame): { stream: number; headers: Headers; isLast: boolean } | undefined {
    const { stream, flags } = frame
    const isFirst = frame.type === FRAMES.HEADERS
    const begun = isFirst ? { stream, pieces: [], bytes: 0, isLast: Boolean(flags & FLAGS.END_STREAM) } : this.#begun!
    const content = isFirst ? withoutPadding(frame) : frame.payload
    const piece = isFirst && flags & FLAGS.PRIORITY ? content.subarray(PRIORITY_BYTES) : content
    begun.pieces.push(piece)
    begun.bytes += piece.length
    if (begun.bytes > MAX_HEADER_LIST_BYTES || begun.pieces.length > MAX_PIECES) {
      throw new ConnectionError('ENHANCE_YOUR_CALM', 'too many header fields')
    }
    this.#begun = flags & FLAGS.END_HEADERS ? undefined : begun
    if (this.#begun) return undefined
    const block = begun.pieces.length === 1 ? piece : Buffer.concat(begun.pieces)
    return { stream, headers: this.#decode(block), isLast: begun.isLast }
  }

  #decode(block: Buffer): Headers {
    try {
      return this.#decoder.decode(block)
    } catch (error) {
      throw new ConnectionError('COMPRESSION_ERROR', (error as Error).message)
    }
  }
}
