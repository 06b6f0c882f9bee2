// The audit log as a file of JSON lines, the older half beside it with `.1`. Written behind the request, in order, what
// comes in one turn of the process together.

import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

const ROTATE_BYTES = 16 * 1024 * 1024

export class AuditFile {
  readonly #path: string
  #stream: WriteStream
  #bytes: number
  /** Not yet written. */
  #text = ''

  private constructor(path: string) {
    this.#path = path
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    this.#stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  }

  static async open(path: string): Promise<AuditFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return new AuditFile(path)
  }

  readonly write = (event: object): void => {
    if (this.#text === '') setImmediate(() => this.#flush())
    this.#text += `${JSON.stringify(event)}\n`
  }

  #flush(): void {
    if (this.#text === '') return
    this.#stream.write(this.#text)
    this.#bytes += this.#text.length
    this.#text = ''
    if (this.#bytes > ROTATE_BYTES) this.#rotate()
  }

  close(): Promise<void> {
    this.#flush()
    return new Promise((resolve) => this.#stream.end(() => resolve()))
  }

  #rotate(): void {
    this.#stream.end()
    renameSync(this.#path, `${this.#path}.1`)
    this.#stream = createWriteStream(this.#path, { flags: 'a', mode: 0o600 })
    this.#bytes = 0
  }
}
