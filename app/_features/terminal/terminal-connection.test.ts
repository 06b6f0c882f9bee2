import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TerminalConnection, type TerminalState } from './terminal-connection.ts'

/** The browser's WebSocket as far as a terminal uses it; the test plays the server. */
class Socket {
  static OPEN = 1
  static all: Socket[] = []
  readyState = 0
  binaryType = ''
  sent: (string | Uint8Array)[] = []
  onopen: (() => void) | null = null
  onmessage: ((message: { data: unknown }) => void) | null = null
  onclose: (() => void) | null = null
  readonly address: string

  constructor(address: string) {
    this.address = address
    Socket.all.push(this)
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data)
  }

  close(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.onclose?.()
  }

  opens(): void {
    this.readyState = 1
    this.onopen?.()
  }

  says(data: string): void {
    this.onmessage?.({ data })
  }

  writes(text: string): void {
    this.onmessage?.({ data: new TextEncoder().encode(text).buffer })
  }

  get heard(): string[] {
    return this.sent.map((data) => (typeof data === 'string' ? data : new TextDecoder().decode(data)))
  }
}

const newest = () => Socket.all.at(-1)!

describe('TerminalConnection', () => {
  let screen: string
  let states: TerminalState[]
  let connection: TerminalConnection

  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', Socket)
    Socket.all = []
    screen = ''
    states = []
    connection = new TerminalConnection(
      'ws://here/terminal/s/1',
      {
        write: (bytes) => {
          screen += new TextDecoder().decode(bytes)
        },
        clear: () => {
          screen = ''
        },
      },
      (state) => states.push(state),
    )
  })

  afterEach(() => {
    connection.close()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('takes away what a shell has printed that is no more, also when the next has nothing to show yet', () => {
    newest().opens()
    newest().writes('$ ls\r\n$ ')
    newest().says('{"ready":true}')
    newest().close()
    vi.advanceTimersByTime(1000)
    newest().opens()
    newest().says('{"ready":true}')
    newest().writes('$ ')
    expect(screen).toBe('$ ')
  })

  it('keeps what is typed until the shell is ready, then sends it in order', () => {
    connection.send('kubectl get nodes\r')
    newest().opens()
    connection.send('x')
    expect(newest().heard).toEqual([])
    newest().says('{"ready":true}')
    expect(newest().heard).toEqual(['kubectl get nodes\r', 'x'])
    expect(states.at(-1)).toMatchObject({ state: 'open' })
  })

  it('tells its size on every new socket, before anything else', () => {
    connection.resize(100, 30)
    newest().opens()
    expect(newest().heard).toEqual(['{"resize":{"columns":100,"rows":30}}'])
    newest().close()
    vi.advanceTimersByTime(10_000)
    newest().opens()
    expect(newest().heard).toEqual(['{"resize":{"columns":100,"rows":30}}'])
  })

  it('clears the screen when scroll-back comes again after a break, and not before', () => {
    newest().opens()
    newest().writes('~ $ ls\n')
    newest().says('{"ready":true}')
    newest().close()
    expect(states.at(-1)).toEqual({ state: 'broken', tries: 1 })
    vi.advanceTimersByTime(10_000)
    expect(screen).toBe('~ $ ls\n')
    newest().opens()
    newest().writes('~ $ ls\n')
    newest().writes('a b\n')
    expect(screen).toBe('~ $ ls\na b\n')
  })

  it('takes a socket that does not answer for lost, and one that says anything for alive', () => {
    newest().opens()
    newest().says('{"ready":true}')
    vi.advanceTimersByTime(20_000)
    expect(newest().heard).toEqual(['{"ping":true}'])
    newest().writes('~ $')
    vi.advanceTimersByTime(19_000)
    expect(states.at(-1)).toMatchObject({ state: 'open' })
    vi.advanceTimersByTime(1000)
    expect(newest().heard).toHaveLength(2)
    vi.advanceTimersByTime(5000)
    expect(Socket.all).toHaveLength(2)
    expect(states.at(-1)).toEqual({ state: 'broken', tries: 1 })
    newest().opens()
    newest().says('{"ready":true}')
    expect(states.at(-1)).toMatchObject({ state: 'open' })
  })

  it('asks, or tries, at once when somebody is back', () => {
    newest().opens()
    newest().says('{"ready":true}')
    connection.wake()
    connection.wake()
    expect(newest().heard).toEqual(['{"ping":true}'])
    newest().close()
    connection.wake()
    expect(Socket.all).toHaveLength(2)
  })

  it('finds out by a key that nobody hears it, says so at once, and sends nothing twice', () => {
    newest().opens()
    newest().says('{"ready":true}')
    const dead = newest()
    connection.send('rm -r ')
    vi.advanceTimersByTime(1000)
    expect(dead.heard).toEqual(['rm -r ', '{"ping":true}'])
    vi.advanceTimersByTime(999)
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0 })
    vi.advanceTimersByTime(1)
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0, late: true })
    vi.advanceTimersByTime(4000)
    expect(states.at(-1)).toEqual({ state: 'broken', tries: 1, lost: true })
    // The rest of a line whose beginning is lost would be another command.
    connection.send('x\r')
    newest().opens()
    newest().says('{"ready":true}')
    expect(newest().heard).toEqual([])
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0, lost: true })
    connection.send('ls\r')
    expect(newest().heard).toEqual(['ls\r'])
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0 })
  })

  it('says that keys are lost which were typed just before the socket closed, until somebody has read it', () => {
    newest().opens()
    newest().says('{"ready":true}')
    connection.send('l')
    newest().close()
    expect(states.at(-1)).toEqual({ state: 'broken', tries: 1, lost: true })
    connection.reconnect()
    newest().opens()
    newest().says('{"ready":true}')
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0, lost: true })
    connection.noted()
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0 })
  })

  it('has no doubt of a shell that shows what is typed, and none left of one that is only slow', () => {
    newest().opens()
    newest().says('{"ready":true}')
    connection.send('l')
    newest().writes('l')
    vi.advanceTimersByTime(5000)
    expect(newest().heard).toEqual(['l'])
    connection.send('s')
    vi.advanceTimersByTime(2000)
    expect(states.at(-1)).toMatchObject({ late: true })
    newest().says('{"pong":true}')
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0 })
    vi.advanceTimersByTime(5000)
    expect(Socket.all).toHaveLength(1)
  })

  it('says nothing of a shell that does not show what is typed, as where a password is asked for', () => {
    newest().opens()
    newest().says('{"ready":true}')
    const before = states.length
    connection.send('secret')
    vi.advanceTimersByTime(1000)
    expect(newest().heard).toEqual(['secret', '{"ping":true}'])
    newest().says('{"pong":true}')
    vi.advanceTimersByTime(5000)
    expect(states.slice(before)).toEqual([])
  })

  it('knocks no more once it is refused, and comes back when it is not', () => {
    newest().opens()
    newest().says('{"ready":true}')
    newest().close()
    connection.refuse(true)
    expect(states.at(-1)).toEqual({ state: 'refused', tries: 0 })
    vi.advanceTimersByTime(60_000)
    connection.wake()
    connection.send('x')
    expect(Socket.all).toHaveLength(1)
    connection.refuse(false)
    newest().opens()
    newest().says('{"ready":true}')
    expect(newest().heard).toEqual([])
    expect(states.at(-1)).toEqual({ state: 'open', tries: 0 })
  })

  it('gives up on a socket that nobody refuses and nobody takes', () => {
    vi.advanceTimersByTime(10_000)
    expect(states.at(-1)).toEqual({ state: 'broken', tries: 1 })
  })

  it('waits longer from try to try, at most eight seconds', () => {
    for (const wait of [500, 1000, 2000, 4000, 8000, 8000]) {
      const before = Socket.all.length
      newest().close()
      vi.advanceTimersByTime(wait - 1)
      expect(Socket.all).toHaveLength(before)
      vi.advanceTimersByTime(1)
      expect(Socket.all).toHaveLength(before + 1)
    }
  })

  it('does not come back by itself once the shell has ended, but does when asked', () => {
    newest().opens()
    newest().says('{"ready":true}')
    newest().says('{"exit":0}')
    newest().close()
    vi.advanceTimersByTime(60_000)
    expect(Socket.all).toHaveLength(1)
    expect(states.at(-1)).toMatchObject({ state: 'ended', exit: 0 })
    connection.reconnect()
    newest().opens()
    newest().says('{"ready":true}')
    expect(Socket.all).toHaveLength(2)
    expect(states.at(-1)).toMatchObject({ state: 'open' })
  })

  it('takes no notice of a socket that was given up', () => {
    const old = newest()
    old.opens()
    old.says('{"ready":true}')
    connection.reconnect()
    old.writes('late')
    expect(screen).toBe('')
    newest().opens()
    vi.advanceTimersByTime(60_000)
    expect(Socket.all).toHaveLength(2)
  })

  it('leaves nothing behind when closed', () => {
    newest().close()
    connection.close()
    vi.advanceTimersByTime(60_000)
    expect(Socket.all).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('shrugs off text that is not JSON', () => {
    newest().opens()
    expect(() => newest().says('hello')).not.toThrow()
    expect(() => newest().says('null')).not.toThrow()
  })
})
