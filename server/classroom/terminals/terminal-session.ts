// One tab of a learner's terminal. The shell outlives the sockets that look at it: what it has printed is kept in a
// terminal of our own (xterm without a screen), and a browser that comes, or comes back, is first sent that.
//
//   shell ──► screen (parses, keeps 5,000 lines)
//        └──► every socket that is attached
//
// Lines that somebody else typed, or had a hand in, are marked for everyone who looks, also for whoever comes later.
//
// A socket that is being attached must neither miss a byte nor see one twice. Parsing is asynchronous, so from the
// moment its snapshot is asked for, what arrives is held back for it and sent after the snapshot.

import serialize from '@xterm/addon-serialize'
import headless, { type IMarker } from '@xterm/headless'
import { BoundedNumbers } from './bounded-numbers.ts'
import { keepFewMarks } from './few-marks.ts'
import type { Shell, ShellSize } from './shell.ts'

/** `typed`: the line that is so many rows above the cursor was typed by somebody who looks on. */
export type TerminalMessage = { ready: true } | { exit: number } | { typed: { by: string; up: number } }

/** A browser's end, as little of a WebSocket as is used. */
export interface TerminalSocket {
  sendBytes(data: Uint8Array): void
  sendMessage(message: TerminalMessage): void
  /** Bytes that were sent and have not left yet. */
  readonly buffered: number
  /** Lets go of a browser that cannot keep up; it will come again and be sent the screen. */
  drop(): void
}

interface Attached {
  socket: TerminalSocket
  /** What came while its snapshot was being made; undefined afterwards. */
  held: (Uint8Array | TerminalMessage)[] | undefined
}

const SCROLLBACK_LINES = 5000
/** A shell that prints faster than this is parsed is made to wait. */
const UNPARSED_HIGH = 1024 * 1024
const UNPARSED_LOW = 128 * 1024
/** The number of the escape sequence by which a shell tells what it does: `E` says a command line, `F` that it wants more of one, `A` that it waits for one. */
const SHELL_SAYS = 633
/** The number of the one by which what is printed becomes a link. */
const LINK = 8
/** Inserts, deletes, scrolls up, scrolls down. */
const MOVES_LINES = ['L', 'M', 'S', 'T']
const LONGEST_COMMAND = 4096
/** What is longer is cut before it is read: anything that is printed may look like it. */
const LONGEST_MARK = LONGEST_COMMAND + 64
/** Lines of a very wide screen that becomes a very narrow one are all laid anew, while everybody waits. */
const COLUMNS = { least: 20, most: 500 }
/** Parsed without a break for whoever else has something to do. */
const PIECE = 4096
const SOCKET_HIGH = 8 * 1024 * 1024
const ENTER = 0x0d

export class TerminalSession {
  readonly #shell: Shell
  readonly #screen: InstanceType<typeof headless.Terminal>
  readonly #serializer = new serialize.SerializeAddon()
  readonly #attached = new Set<Attached>()
  readonly #numbers = new BoundedNumbers()
  readonly #firstOutput = Promise.withResolvers<void>()
  /** Whose lines are on the screen, where they are not the learner's own. */
  readonly #marks: { marker: IMarker; by: string }[] = []
  /** Who else has typed in the line that is being typed, and in the last one that was entered. */
  #handOf = ''
  #enteredBy = ''
  #isUnfinished = false
  #unparsed = 0
  #paused = false
  #exitCode: number | undefined

  constructor(options: {
    shell: Shell
    size: ShellSize
    /** Hears each command line as the shell begins to run it, and who typed it if it was not the learner alone. */
    onCommand?: (command: string, by: string) => void
    onExit: () => void
  }) {
    const { shell, size, onCommand, onExit } = options
    this.#shell = shell
    this.#screen = new headless.Terminal({
      cols: size.columns,
      rows: size.rows,
      scrollback: SCROLLBACK_LINES,
      allowProposedApi: true,
      // It would tell of each byte that means nothing to it, in a page of text.
      logLevel: 'off',
    })
    this.#screen.loadAddon(this.#serializer)
    keepFewMarks(this.#screen)
    this.#screen.parser.registerOscHandler(SHELL_SAYS, (text) => {
      this.#isUnfinished = text.startsWith('F')
      const [, command] = /^E;\s*\d+\*?\s+(\S.*)$/.exec(text.slice(0, LONGEST_MARK)) ?? []
      if (command) onCommand?.(command.trim().slice(0, LONGEST_COMMAND), this.#enteredBy)
      return true
    })
    // Each cell may be a link of its own; none is in what a browser is sent of this screen.
    this.#screen.parser.registerOscHandler(LINK, () => true)
    // More lines than the screen has are moved by nobody who means well, and each takes as long as a thousand letters.
    for (const final of MOVES_LINES) {
      this.#screen.parser.registerCsiHandler({ final }, ([lines = 1]) => Number(lines) > this.#screen.rows)
    }
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
      for (const typed of this.#marksInSight()) socket.sendMessage({ typed })
      for (const each of attached.held ?? []) {
        if (each instanceof Uint8Array) socket.sendBytes(each)
        else socket.sendMessage(each)
      }
      attached.held = undefined
      socket.sendMessage({ ready: true })
      if (this.#exitCode !== undefined) socket.sendMessage({ exit: this.#exitCode })
    })
    return { [Symbol.dispose]: () => void this.#attached.delete(attached) }
  }

  /** `by`: the name of somebody who looks on and was lent the keyboard; the learner's own keys come without. */
  write(data: Uint8Array, by = ''): void {
    if (this.#exitCode !== undefined) return
    if (by) this.#handOf = by
    if (data.includes(ENTER)) {
      this.#enteredBy = this.#handOf
      this.#handOf = ''
      if (this.#enteredBy) this.#mark(this.#enteredBy)
    }
    this.#shell.write(data)
  }

  resize({ columns: wished, rows }: ShellSize): void {
    if (this.#exitCode !== undefined) return
    const columns = Math.min(COLUMNS.most, Math.max(COLUMNS.least, wished))
    this.#screen.resize(columns, rows)
    this.#shell.resize({ columns, rows })
  }

  /** The command that has the keyboard; empty when none runs. */
  async running(): Promise<string> {
    return this.#exitCode === undefined ? this.#shell.running() : ''
  }

  /** Whether what is typed now would be added to a line that was begun. */
  get isUnfinished(): boolean {
    return this.#isUnfinished
  }

  close(): void {
    for (const { socket } of this.#attached) socket.drop()
    this.#attached.clear()
    this.#shell.close()
    this.#screen.dispose()
  }

  /** The line where the cursor stands; xterm marks none while a program has the whole screen. */
  #mark(by: string): void {
    this.#screen.write('', () => {
      const marker = this.#screen.registerMarker(0)
      if (!marker) return
      this.#marks.push({ marker, by })
      marker.onDispose(() =>
        this.#marks.splice(
          this.#marks.findIndex((mark) => mark.marker === marker),
          1,
        ),
      )
    })
    const message = { typed: { by, up: 0 } }
    for (const { held, socket } of this.#attached) {
      if (held) held.push(message)
      else socket.sendMessage(message)
    }
  }

  #marksInSight(): { by: string; up: number }[] {
    const { baseY, cursorY } = this.#screen.buffer.normal
    return this.#marks.map(({ marker, by }) => ({ by, up: baseY + cursorY - marker.line }))
  }

  #parsed(bytes: number): void {
    this.#unparsed -= bytes
    if (this.#unparsed >= UNPARSED_LOW || !this.#paused) return
    this.#paused = false
    this.#shell.resume()
  }

  #receive(said: Uint8Array): void {
    const data = this.#numbers.pass(said)
    this.#unparsed += data.length
    if (this.#unparsed > UNPARSED_HIGH && !this.#paused) {
      this.#paused = true
      this.#shell.pause()
    }
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.subarray(at, at + PIECE)
      this.#screen.write(piece, () => this.#parsed(piece.length))
    }
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
