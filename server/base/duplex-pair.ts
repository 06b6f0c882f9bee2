// Two ends of a connection that never leaves the process. Node's `duplexPair` stands still when whoever hears the first piece
// begins to read in another way at once, as what takes over an HTTP connection does; and it does not tell that an end broke.

import { Duplex } from 'node:stream'

class End extends Duplex {
  other!: End
  #taken: (() => void) | undefined

  override _read(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.other.#taken = done
    this.other.push(chunk)
  }

  override _final(done: () => void): void {
    this.other.push(null)
    done()
  }

  override _destroy(err: Error | null, done: (err: Error | null) => void): void {
    done(err)
    if (!this.readableEnded || !this.writableFinished) process.nextTick(() => this.other.destroy())
  }
}

/** What one end says the other one hears, no faster than it takes it; when one breaks, so does the other. */
export function duplexPair(): [Duplex, Duplex] {
  const [a, b] = [new End(), new End()]
  a.other = b
  b.other = a
  return [a, b]
}
