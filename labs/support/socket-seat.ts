// A seat at the classroom's own terminal: the page's connection to it, over the WebSocket that the server answers, with
// a screen that nobody has to look at.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import headless from '@xterm/headless'
import { WebSocketServer } from 'ws'
import { TerminalConnection } from '../../app/_features/terminal/terminal-connection.ts'
import type { TerminalRoom } from '../../server/classroom/terminals/terminal-room.ts'
import { serveTerminal } from '../../server/classroom/terminals/terminal-socket.ts'
import type { Screen, Seat } from './typist.ts'

const SIZE = { columns: 140, rows: 40 }

/** Answers at `<address><tab>`, as the classroom does for somebody who may. */
export async function terminalDoor(room: TerminalRoom): Promise<{ address: string } & AsyncDisposable> {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, { url = '' }) => {
    const rooms = { terminals: async () => room }
    void serveTerminal({ socket, rooms, tab: url.slice(1), lookerName: '', mayType: () => true })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      await new Promise((closed) => server.close(closed))
    },
  }
}

export class SocketSeat implements Seat, Disposable {
  readonly #screen = new headless.Terminal({ cols: SIZE.columns, rows: SIZE.rows, allowProposedApi: true })
  readonly #connection: TerminalConnection
  readonly #signal: AbortSignal
  #changed = Promise.withResolvers<void>()

  constructor(address: string, signal: AbortSignal) {
    this.#signal = signal
    this.#connection = new TerminalConnection(
      address,
      { write: (bytes) => this.#screen.write(bytes, () => this.#look()), clear: () => this.#screen.reset() },
      () => this.#look(),
    )
    this.#connection.resize(SIZE.columns, SIZE.rows)
    this.#screen.onData((answer) => this.#connection.send(answer))
    signal.addEventListener('abort', () => this.#look())
  }

  readonly press = async (keys: string): Promise<void> => this.#connection.send(keys)

  readonly sees = async (holds: (screen: Screen) => boolean, what: string): Promise<void> => {
    for (;;) {
      const { promise } = this.#changed
      const screen = this.#read()
      if (holds(screen)) return
      if (this.#signal.aborted) throw new Error(`${what} was not seen in time. The terminal shows:\n${screen.text}`)
      await promise
    }
  };

  [Symbol.dispose](): void {
    this.#connection.close()
    this.#screen.dispose()
  }

  #look(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #read(): Screen {
    const { active } = this.#screen.buffer
    const row = (at: number, end?: number) =>
      active.getLine(active.baseY + at)?.translateToString(end === undefined, 0, end) ?? ''
    const rows = Array.from({ length: SIZE.rows }, (_, at) => row(at))
    const before = [...rows.slice(0, active.cursorY), row(active.cursorY, active.cursorX)].join('\n')
    return { text: rows.join('\n').trimEnd(), before }
  }
}
