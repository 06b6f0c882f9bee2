// One tab of a learner's terminal. The shell outlives the sockets that look at it: what it has printed is kept in a
// terminal of our own (xterm without a screen), and a browser that comes, or comes back, is first sent that.
//
//   shell ──► screen (parses, keeps 5,000 lines)
//        └──► every socket that is attached
//
// A socket that is being attached must neither miss a byte nor see one twice. Parsing is asynchronous, so from the
// moment its snapshot is asked for, what arrives is held back for it and sent after the snapshot.

import serialize from '@xterm/addon-serialize'
import headless from '@xterm/headless'
import type { Shell, ShellSize } from './shell.ts'

/** A browser's end, as little of a WebSocket as is used. */
export interface TerminalSocket {
  sendBytes(data: Uint8Array): void
  sendMessage(message: { ready: true } | { exit: number }): void
  /** Bytes that were sent and have not left yet. */
  readonly buffered: number
  /** Lets go of a browser that cannot keep up; it will come again and be sent the screen. */
  drop(): void
}

interface Attached {
  socket: TerminalSocket
  /** What came while its snapshot was being made; undefined afterwards. */
  held: Uint8Array[] | undefined
}

const SCROLLBACK_LINES = 5000
/** A shell that prints faster than this is parsed is made to wait. */
const UNPARSED_HIGH = 1024 * 1024
const UNPARSED_LOW = 128 * 1024
/** The number of the escape sequence by which a shell tells what it does; `E` says a command line. */
const SHELL_SAYS = 633
const SOCKET_HIGH = 8 * 1024 * 1024

export class TerminalSession {
  readonly #shell: Shell
  readonly #screen: InstanceType<typeof headless.Terminal>
  readonly #serializer = new serialize.SerializeAddon()
  readonly #attached = new Set<Attached>()
  readonly #firstOutput = Promise.withResolvers<void>()
  #unparsed = 0
  #paused = false
  #exitCode: number | undefined

  constructor(options: {
    shell: Shell
    size: ShellSize
    /** Hears each command line as the shell begins to run it. */
    onCommand?: (command: string) => void
    onExit: () => void
  }) {
    const { shell, size, onCommand, onExit } = options
    this.#shell = shell
    this.#screen = new headless.Terminal({
      cols: size.columns,
      rows: size.rows,
      scrollback: SCROLLBACK_LINES,
      allowProposedApi: true,
    })
    this.#screen.loadAddon(this.#serializer)
    this.#screen.parser.registerOscHandler(SHELL_SAYS, (text) => {
      const [, command] = /^E;\s*\d+\*?\s+(.+)$/.exec(text) ?? []
      if (command) onCommand?.(command.trim())
      return true
    })
    shell.onData((data) => this.#receive(data))
    shell.onExit((code) => {
      this.#exitCode = code
      this.#firstOutput.resolve()
      for (const { socket } of this.#attached) socket.sendMessage({ exit: code })
      onExit()
    })
  }

  /** Resolves when the shell has printed something: its prompt. */
  get prompted(): Promise<void> {
    return this.#firstOutput.promise
  }

  attach(socket: TerminalSocket): Disposable {
    const attached: Attached = { socket, held: [] }
    this.#attached.add(attached)
    // Everything that was written before this is parsed when the callback runs.
    this.#screen.write('', () => {
      if (!this.#attached.has(attached)) return
      const snapshot = this.#serializer.serialize()
      if (snapshot) socket.sendBytes(Buffer.from(snapshot))
      for (const data of attached.held ?? []) socket.sendBytes(data)
      attached.held = undefined
      socket.sendMessage({ ready: true })
      if (this.#exitCode !== undefined) socket.sendMessage({ exit: this.#exitCode })
    })
    return { [Symbol.dispose]: () => void this.#attached.delete(attached) }
  }

  write(data: Uint8Array): void {
    if (this.#exitCode === undefined) this.#shell.write(data)
  }

  resize({ columns, rows }: ShellSize): void {
    if (this.#exitCode !== undefined) return
    this.#screen.resize(columns, rows)
    this.#shell.resize({ columns, rows })
  }

  /** The command that has the keyboard; empty when none runs. */
  async running(): Promise<string> {
    return this.#exitCode === undefined ? this.#shell.running() : ''
  }

  close(): void {
    for (const { socket } of this.#attached) socket.drop()
    this.#attached.clear()
    this.#shell.close()
    this.#screen.dispose()
  }

  #receive(data: Uint8Array): void {
    this.#unparsed += data.length
    if (this.#unparsed > UNPARSED_HIGH && !this.#paused) {
      this.#paused = true
      this.#shell.pause()
    }
    this.#screen.write(data, () => {
      this.#unparsed -= data.length
      if (this.#unparsed < UNPARSED_LOW && this.#paused) {
        this.#paused = false
        this.#shell.resume()
      }
    })
    this.#firstOutput.resolve()
    for (const attached of this.#attached) {
      if (attached.held) attached.held.push(data)
      else if (attached.socket.buffered > SOCKET_HIGH) this.#dropSlow(attached)
      else attached.socket.sendBytes(data)
    }
  }

  #dropSlow(attached: Attached): void {
    this.#attached.delete(attached)
    attached.socket.drop()
  }
}
