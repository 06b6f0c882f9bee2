// The audit log as a file of JSON lines, the older half beside it with `.1`. Written behind the request, in order, what
// comes in one turn of the process together.

import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '../../base/logger.ts'

const ROTATE_BYTES = 16 * 1024 * 1024

export class AuditFile {
  readonly #path: string
  readonly #logger: Logger
  /** None when the disk has refused one: the next line tries another. */
  #stream: WriteStream | undefined
  #bytes = 0
  /** Not yet written. */
  #text = ''
  #hasFailed = false

  private constructor(path: string, logger: Logger) {
    this.#path = path
    this.#logger = logger
  }

  static async open(path: string, logger: Logger): Promise<AuditFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    // Where it cannot be, the server does not start, as upstream's.
    await (await open(path, 'a', 0o600)).close()
    return new AuditFile(path, logger)
  }

  readonly write = (event: object): void => {
    if (this.#text === '') setImmediate(() => this.#flush())
    this.#text += `${JSON.stringify(event)}\n`
  }

  #flush(): void {
    if (this.#text === '') return
    // What a full disk took of a line must not spoil the next one.
    const text = this.#hasFailed && !this.#stream ? `\n${this.#text}` : this.#text
    const stream = this.#stream ?? this.#open()
    stream.write(text, (err) => {
      if (!err) this.#hasFailed = false
    })
    this.#bytes += text.length
    this.#text = ''
    if (this.#bytes > ROTATE_BYTES) this.#rotate(stream)
  }

  async close(): Promise<void> {
    this.#flush()
    const stream = this.#stream
    if (stream) await new Promise((resolve) => stream.end(resolve))
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.#path, { flags: 'a', mode: 0o600 })
    stream.on('error', (err) => {
      if (this.#stream === stream) this.#stream = undefined
      this.#refused(err)
    })
    this.#bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
    this.#stream = stream
    return stream
  }

  #rotate(stream: WriteStream): void {
    stream.end()
    this.#stream = undefined
    try {
      renameSync(this.#path, `${this.#path}.1`)
    } catch (err) {
      this.#refused(err as Error)
    }
  }

  #refused(err: Error): void {
    if (!this.#hasFailed) this.#logger.error('the audit log was not written; it goes on when it can be', { err })
    this.#hasFailed = true
  }
}
