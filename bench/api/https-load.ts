// The load on the API server from outside, in a process of its own: one request in flight per connection, HTTP/1.1 over
// TLS, and nothing done with an answer but to see that it is complete and no refusal. Any real client costs more, and would
// be what is measured.

import { once } from 'node:events'
import tls from 'node:tls'
import { percentile } from '../table.ts'
import { OPERATIONS } from './operations.ts'

export interface Told {
  port: number
  ca: string
  cert: string
  key: string
}
export interface Job {
  operation: string
  connections: number
  milliseconds: number
}
export interface Load {
  count: number
  seconds: number
  p50: number
  p99: number
  /** Processor of this process. */
  clientMicros: number
}

const HEAD_END = Buffer.from('\r\n\r\n')

/** One connection. */
class Connection {
  readonly #socket: tls.TLSSocket
  #head: Buffer = Buffer.alloc(0)
  /** Of the body; undefined while the head is not there. */
  #left: number | undefined
  #code = 0
  #answered: ((code: number) => void) | undefined

  static async open({ port, ...secrets }: Told, secureContext: tls.SecureContext): Promise<Connection> {
    const socket = tls.connect({ host: '127.0.0.1', port, ...secrets, secureContext })
    await once(socket, 'secureConnect')
    return new Connection(socket)
  }

  private constructor(socket: tls.TLSSocket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (piece) => this.#read(piece))
  }

  ask(head: string, body: string): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve
      this.#socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(piece: Buffer): void {
    let bytes = piece
    if (this.#left === undefined) {
      bytes = this.#head.length > 0 ? Buffer.concat([this.#head, piece]) : piece
      const end = bytes.indexOf(HEAD_END)
      if (end < 0) {
        this.#head = bytes
        return
      }
      this.#head = Buffer.alloc(0)
      const head = bytes.toString('latin1', 0, end)
      this.#code = Number(head.slice(9, 12))
      this.#left = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
      bytes = bytes.subarray(end + HEAD_END.length)
    }
    this.#left -= bytes.length
    if (this.#left > 0) return
    this.#left = undefined
    this.#answered?.(this.#code)
  }
}

async function run(told: Told, { operation, connections, milliseconds }: Job): Promise<Load> {
  const request = OPERATIONS[operation]
  if (!request) throw new Error(`no such operation: ${operation}`)
  const secureContext = tls.createSecureContext(told)
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(told, secureContext)))
  const times: number[] = []
  const before = process.cpuUsage()
  const start = performance.now()
  await Promise.all(
    open.map(async (connection, worker) => {
      for (let turn = 0; performance.now() - start < milliseconds; turn++) {
        const asked = request(worker, turn, connections)
        if (!asked) return
        const { method, path, body, contentType = 'application/json' } = asked
        const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: bench\r\n`
        const from = performance.now()
        const code = await connection.ask(
          body ? `${head}Content-Type: ${contentType}\r\n` : head,
          body ? JSON.stringify(body) : '',
        )
        if (code >= 300) throw new Error(`${method} ${path}: ${code}`)
        times.push(performance.now() - from)
      }
    }),
  )
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(before)
  for (const connection of open) connection.close()
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)]
  return { count: times.length, seconds, p50, p99, clientMicros: user + system }
}

process.on('message', async ({ told, job }: { told: Told; job: Job }) => process.send?.(await run(told, job)))
