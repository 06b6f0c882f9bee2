import { describe, expect, it } from 'vitest'
import { NoShells, noShells, type Shell, type Shells } from './shell.ts'
import { TerminalRoom } from './terminal-room.ts'
import { TerminalSession, type TerminalSocket } from './terminal-session.ts'

class FakeShell implements Shell {
  written = ''
  size = ''
  paused = false
  closed = false
  #data: (data: Uint8Array) => void = () => undefined
  #exit: (code: number) => void = () => undefined
  write(data: Uint8Array) {
    this.written += Buffer.from(data).toString()
  }
  resize({ columns, rows }: { columns: number; rows: number }) {
    this.size = `${columns}x${rows}`
  }
  pause() {
    this.paused = true
  }
  resume() {
    this.paused = false
  }
  onData(listener: (data: Uint8Array) => void) {
    this.#data = listener
  }
  onExit(listener: (code: number) => void) {
    this.#exit = listener
  }
  close() {
    this.closed = true
  }
  print(text: string) {
    this.#data(Buffer.from(text))
  }
  end(code: number) {
    this.#exit(code)
  }
}

class FakeSocket implements TerminalSocket {
  text = ''
  messages: object[] = []
  buffered = 0
  dropped = false
  readonly ready = Promise.withResolvers<void>()
  sendBytes(data: Uint8Array) {
    this.text += Buffer.from(data).toString()
  }
  sendMessage(message: { ready: true } | { exit: number }) {
    this.messages.push(message)
    if ('ready' in message) this.ready.resolve()
  }
  drop() {
    this.dropped = true
  }
}

const size = { columns: 80, rows: 24 }
const session = (shell: Shell) => new TerminalSession({ shell, size, onExit: () => undefined })

describe('TerminalSession', () => {
  it('sends a browser that comes late what was printed before, then that it is ready', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    shell.print('first\r\nsecond\r\n$ ')
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    expect(socket.text).toBe('first\r\nsecond\r\n$ ')
    expect(socket.messages).toEqual([{ ready: true }])
  })

  it('neither loses nor repeats what is printed while the snapshot is being made', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    shell.print('a')
    const socket = new FakeSocket()
    terminal.attach(socket)
    shell.print('b')
    await socket.ready.promise
    shell.print('c')
    expect(socket.text).toBe('abc')
  })

  it('shows two browsers the same, and goes on when one has left', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    const [one, other] = [new FakeSocket(), new FakeSocket()]
    const attached = terminal.attach(one)
    terminal.attach(other)
    await Promise.all([one.ready.promise, other.ready.promise])
    shell.print('x')
    attached[Symbol.dispose]()
    shell.print('y')
    expect([one.text, other.text]).toEqual(['x', 'xy'])
  })

  it('keeps the shell when the last browser has gone', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    const first = new FakeSocket()
    terminal.attach(first)[Symbol.dispose]()
    shell.print('while nobody looked')
    const second = new FakeSocket()
    terminal.attach(second)
    await second.ready.promise
    expect(second.text).toBe('while nobody looked')
    expect(shell.closed).toBe(false)
  })

  it('makes a shell wait that prints faster than it can be parsed, and lets it go on', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    shell.print('x'.repeat(2 * 1024 * 1024))
    expect(shell.paused).toBe(true)
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    expect(shell.paused).toBe(false)
  })

  it('lets go of a browser that cannot keep up', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    socket.buffered = 100 * 1024 * 1024
    shell.print('x')
    expect(socket).toMatchObject({ dropped: true, text: '' })
  })

  it('passes on keys and sizes until the shell has ended', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    terminal.write(Buffer.from('ls\r'))
    terminal.resize({ columns: 120, rows: 40 })
    shell.end(3)
    terminal.write(Buffer.from('more'))
    expect([shell.written, shell.size]).toEqual(['ls\r', '120x40'])
    expect(socket.messages).toEqual([{ ready: true }, { exit: 3 }])
  })
})

describe('TerminalRoom', () => {
  it('opens one shell for a tab however many look at it, and another when that has ended', async () => {
    const opened: FakeShell[] = []
    const shells: Shells = {
      open: async () => {
        const shell = new FakeShell()
        opened.push(shell)
        return shell
      },
      run: async () => undefined,
      close: async () => undefined,
    }
    const room = new TerminalRoom(shells)
    const [one, other] = await Promise.all([room.tab('1'), room.tab('1')])
    expect(one).toBe(other)
    await room.tab('2')
    expect(opened).toHaveLength(2)
    opened[0]?.end(0)
    expect(await room.tab('1')).not.toBe(one)
    await room.close()
    expect(opened.slice(1).every((shell) => shell.closed)).toBe(true)
  })

  it('shows the reason where no shell can be had', async () => {
    const room = new TerminalRoom(noShells('There is no container engine here.'))
    const socket = new FakeSocket()
    await room.attach('1', socket)
    expect(socket.text).toBe('There is no container engine here.\r\n')
    expect(socket.messages).toEqual([{ ready: true }])
    await expect(room.tab('1')).rejects.toThrow(NoShells)
  })
})
