// The other end of a connection, for tests: opens streams and collects what the server says.

import { type Duplex, duplexPair } from 'node:stream'
import { CONTROL, controlFrame, dataFrame, FIN, type Frame, FrameReader, uint32s } from './frames.ts'
import { HeaderPacker, type Headers } from './header-blocks.ts'

export class SpdyTestClient {
  readonly #mine: Duplex
  /** What the server is given. */
  readonly transport: Duplex
  readonly #packer = new HeaderPacker()
  readonly frames: Frame[] = []
  readonly ended: Promise<void>
  #next = 1
  #heard: () => void = () => undefined

  constructor() {
    ;[this.#mine, this.transport] = duplexPair()
    this.#mine.on('error', () => undefined)
    this.ended = this.#read()
  }

  async open(headers: Headers, flags = 0): Promise<number> {
    const id = this.#next
    this.#next += 2
    const block = await this.#packer.pack(headers)
    this.write(controlFrame(CONTROL.synStream, Buffer.concat([uint32s(id, 0), Buffer.alloc(2), block]), flags))
    return id
  }

  say(id: number, content: string | Buffer, { fin = false } = {}): boolean {
    return this.write(dataFrame(id, Buffer.from(content), fin ? FIN : 0))
  }

  reset(id: number): void {
    this.write(controlFrame(CONTROL.rstStream, uint32s(id, 5)))
  }

  write(bytes: Buffer): boolean {
    return this.#mine.write(bytes)
  }

  close(): void {
    this.#mine.destroy()
  }

  /** Everything that came on a stream so far. */
  heard(id: number): { text: string; fin: boolean; wasReset: boolean } {
    let text = ''
    let fin = false
    let wasReset = false
    for (const frame of this.frames) {
      if (frame.type === 'data' && frame.streamId === id) {
        text += frame.content
        fin ||= frame.fin
      } else if (frame.type === 'control' && frame.kind === CONTROL.rstStream)
        wasReset ||= frame.body.readUInt32BE(0) === id
    }
    return { text, fin, wasReset }
  }

  /** Resolves when the condition holds; looks again after each frame. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = () => {
        if (condition()) resolve()
      }
      this.#heard()
    })
  }

  async #read(): Promise<void> {
    const reader = new FrameReader()
    try {
      for await (const chunk of this.#mine as AsyncIterable<Buffer>) {
        for (const frame of reader.read(chunk)) {
          this.frames.push(frame)
          this.#heard()
        }
      }
    } catch {
      // Closed by the test.
    }
  }
}
