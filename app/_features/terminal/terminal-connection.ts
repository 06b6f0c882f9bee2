// One shell over one WebSocket. Binary frames are bytes both ways; text frames are JSON about the terminal itself. The
// shell outlives the socket: after a break we come back, and the server first sends the kept scroll-back, so the screen
// is cleared before. What is typed or run meanwhile waits until the shell is ready again.
//
// A network that is gone, as after a lid was closed, leaves a socket that looks alive. So it is asked now and then, when
// somebody is back at the page, and when a key was followed by nothing, whether anybody hears it. Keys that went into a
// dead one may have arrived or not, so they are not sent again, nor is what follows them: half a line is another command.

export interface TerminalState {
  state: 'connecting' | 'open' | 'broken' | 'ended' | 'refused'
  tries: number
  exit?: number
  /** Keys were typed, and nothing has been heard since. */
  late?: true
  /** What was typed last before a break may not have arrived. */
  lost?: true
}

export interface TerminalScreen {
  write(bytes: Uint8Array): void
  clear(): void
  /** Marks the line that is so many rows above the cursor as somebody else's. */
  mark?(by: string, up: number): void
}

const longestWaitMs = 8000
const askEveryMs = 20_000
const answerWithinMs = 5000
/** A shell shows what is typed at once, or another answer is asked for: some show nothing, as where a password is typed. */
const echoWithinMs = 1000
/** Whoever waits longer for that is told so. */
const pongWithinMs = 1000
const openWithinMs = 10_000
const ask = JSON.stringify({ ping: true })

export class TerminalConnection {
  private socket: WebSocket | undefined
  private waiting: Uint8Array<ArrayBuffer>[] = []
  private size: { columns: number; rows: number } | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly asking = setInterval(() => this.ask(), askEveryMs)
  /** Runs out unless something is heard. */
  private silence: ReturnType<typeof setTimeout> | undefined
  /** Runs out where nothing is heard after a key. */
  private doubt: ReturnType<typeof setTimeout> | undefined
  private isClosed = false
  private encoder = new TextEncoder()
  state: TerminalState = { state: 'connecting', tries: 0 }

  private readonly address: string
  private readonly screen: TerminalScreen
  private readonly onState: (state: TerminalState) => void

  constructor(address: string, screen: TerminalScreen, onState: (state: TerminalState) => void) {
    this.address = address
    this.screen = screen
    this.onState = onState
    this.open()
  }

  send(text: string): void {
    const bytes = this.encoder.encode(text)
    if (this.state.state === 'open') {
      this.socket?.send(bytes)
      this.noted()
      this.doubt ??= setTimeout(() => this.wonder(), echoWithinMs)
    } else if (!this.state.lost && this.state.state !== 'ended' && this.state.state !== 'refused') {
      this.waiting.push(bytes)
    }
  }

  /** It was read that something is lost. */
  noted(): void {
    if (this.state.state === 'open' && this.state.lost) this.stateIs({ state: 'open', tries: 0 })
  }

  /** Whoever may not have this shell any more does not knock at it; it comes back when they may. */
  refuse(isRefused: boolean): void {
    if (isRefused === (this.state.state === 'refused')) return
    if (!isRefused) {
      this.reconnect()
      return
    }
    this.heard()
    clearTimeout(this.timer)
    this.waiting = []
    this.stateIs({ state: 'refused', tries: 0 })
    this.socket?.close()
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.state.state === 'open') this.socket?.send(bytes)
  }

  resize(columns: number, rows: number): void {
    this.size = { columns, rows }
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ resize: this.size }))
  }

  /** Tries at once; after an exit this starts a new shell. */
  reconnect(): void {
    clearTimeout(this.timer)
    const before = this.socket
    this.stateIs({ state: 'connecting', tries: this.state.tries + 1, ...(this.state.lost ? { lost: true } : {}) })
    this.open()
    before?.close()
  }

  /** Somebody is back at the page, or the network is: what has to be tried is tried now. */
  wake(): void {
    if (this.state.state === 'broken') this.reconnect()
    else this.ask()
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
    clearInterval(this.asking)
    this.heard()
    this.socket?.close()
  }

  private ask(): void {
    if (this.state.state !== 'open' || this.silence !== undefined) return
    this.socket?.send(ask)
    this.silence = setTimeout(() => this.lost(), answerWithinMs)
  }

  private heard(): void {
    clearTimeout(this.silence)
    clearTimeout(this.doubt)
    this.silence = undefined
    this.doubt = undefined
    if (this.state.late) this.stateIs({ state: 'open', tries: 0 })
  }

  private wonder(): void {
    this.doubt = setTimeout(() => this.stateIs({ state: 'open', tries: 0, late: true }), pongWithinMs)
    this.ask()
  }

  private breaks(tries: number): void {
    const isLost = this.doubt !== undefined || this.state.lost
    this.heard()
    this.stateIs({ state: 'broken', tries, ...(isLost ? { lost: true } : {}) })
  }

  /** Such a socket takes long to close; it is left to itself. */
  private lost(): void {
    const before = this.socket
    this.breaks(1)
    this.open()
    before?.close()
  }

  private open(): void {
    clearTimeout(this.timer)
    const socket = new WebSocket(this.address)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    // What is sent first is all that the shell has printed, or, of a new shell, nothing yet.
    let isStale = this.state.tries > 0
    // Where packets vanish nobody refuses it either.
    const late = setTimeout(() => socket.close(), openWithinMs)
    socket.onopen = () => {
      clearTimeout(late)
      if (this.size) socket.send(JSON.stringify({ resize: this.size }))
    }
    socket.onmessage = (message: MessageEvent<ArrayBuffer | string>) => {
      if (socket !== this.socket) return
      this.heard()
      if (isStale) this.screen.clear()
      isStale = false
      if (typeof message.data === 'string') {
        this.hear(message.data)
        return
      }
      this.screen.write(new Uint8Array(message.data))
    }
    socket.onclose = () => {
      clearTimeout(late)
      if (this.isClosed || socket !== this.socket) return
      if (this.state.state === 'ended' || this.state.state === 'refused') return this.heard()
      const tries = this.state.tries + 1
      this.breaks(tries)
      this.timer = setTimeout(() => this.open(), Math.min(longestWaitMs, 250 * 2 ** Math.min(tries, 6)))
    }
  }

  private hear(text: string): void {
    const said = parse(text)
    if (typeof said.exit === 'number') this.stateIs({ state: 'ended', tries: 0, exit: said.exit })
    if (isTyped(said.typed)) this.screen.mark?.(said.typed.by, said.typed.up)
    if (said.ready === true) {
      this.stateIs({ state: 'open', tries: 0, ...(this.state.lost ? { lost: true } : {}) })
      for (const bytes of this.waiting.splice(0)) this.socket?.send(bytes)
    }
  }

  private stateIs(state: TerminalState): void {
    this.state = state
    this.onState(state)
  }
}

const isTyped = (value: unknown): value is { by: string; up: number } =>
  typeof value === 'object' && value !== null && 'by' in value && 'up' in value

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
