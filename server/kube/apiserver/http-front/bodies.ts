// The bodies of requests, as they come in. Each has an end, and so have all that are on their way together.

import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../base/clock.ts'
import { costOf, Unfinished } from '../../../base/unfinished.ts'
import { StatusError } from '../../apimachinery/status-error.ts'

/** As upstream: what etcd would refuse is refused before it is read to the end. */
const BODY_LIMIT = 3 * 1024 * 1024

const tooLarge = () => new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`)
const tooMany = () =>
  new StatusError('TooManyRequests', 'the server has received too many requests and has asked us to try again later', {
    details: { retryAfterSeconds: 1 },
  })

/** As upstream, all that a request takes: HTTP/1.1 has an end of its own, a stream of HTTP/2 has none. */
const LONGEST_MS = 60_000

export class Bodies {
  readonly #clock: Clock
  readonly #unfinished = new Unfinished()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  read(incoming: IncomingMessage): Promise<Buffer> {
    if (Number(incoming.headers['content-length'] ?? 0) > BODY_LIMIT) return Promise.reject(tooLarge())
    return new Promise((resolve, reject) => {
      let chunks: Buffer[] = []
      let length = 0
      let held = 0
      let isOver = false
      const settle = () => {
        isOver = true
        timer[Symbol.dispose]()
        this.#unfinished.giveBack(held)
        const all = chunks
        chunks = []
        return all
      }
      const fail = (error: Error) => {
        if (isOver) return
        settle()
        reject(error)
      }
      const late = () => fail(new StatusError('Timeout', 'the body did not come in time'))
      const timer = this.#clock.setTimeout(late, LONGEST_MS)
      incoming.on('data', (chunk: Buffer) => {
        if (isOver) return
        const cost = costOf(chunk)
        length += chunk.length
        held += cost
        const hasRoom = this.#unfinished.take(cost)
        chunks.push(chunk)
        if (length > BODY_LIMIT) fail(tooLarge())
        else if (!hasRoom) fail(tooMany())
      })
      incoming.on('end', () => {
        if (isOver) return
        const all = settle()
        resolve(all.length === 1 && all[0] ? all[0] : Buffer.concat(all))
      })
      incoming.on('error', fail)
      incoming.on('close', () => fail(new StatusError('BadRequest', 'the body ended early')))
    })
  }
}
