import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import headless from '@xterm/headless'
import { describe, expect, it, vi } from 'vitest'
import { BoundedNumbers } from './bounded-numbers.ts'
import { keepFewMarks } from './few-marks.ts'
import { NoShells, noShells, type Shell } from './shell.ts'
import { TerminalRoom } from './terminal-room.ts'
import { type TerminalMessage, TerminalSession, type TerminalSocket } from './terminal-session.ts'

class FakeShell implements Shell {
  written = ''
  size = ''
  paused = false
  closed = false
  runs = ''
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
  async running() {
    return this.runs
  }
  close() {
    this.closed = true
  }
  print(text: string) {
    this.#data(Buffer.from(text))
  }
  printBytes(bytes: Uint8Array) {
    this.#data(bytes)
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
  sendMessage(message: TerminalMessage) {
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

describe('a line that somebody else has typed', () => {
  const look = async (terminal: TerminalSession) => {
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    return socket
  }
  /** As a shell does: what is typed comes back, and Enter goes to the next line. */
  const type = (terminal: TerminalSession, shell: FakeShell, text: string, by?: string) => {
    for (const key of text) {
      terminal.write(Buffer.from(key), by)
      shell.print(key === '\r' ? '\r\n' : key)
    }
  }

  it('is marked where it stands, at once and for whoever comes later', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    const here = await look(terminal)
    type(terminal, shell, 'mine\r')
    type(terminal, shell, 'theirs\r', 'Brindle')
    shell.print('out\r\nput\r\n')
    const marks = (socket: FakeSocket) => socket.messages.filter((message) => 'typed' in message)
    expect(marks(here)).toEqual([{ typed: { by: 'Brindle', up: 0 } }])
    expect(here.text).toBe('mine\r\ntheirs\r\nout\r\nput\r\n')
    expect(marks(await look(terminal))).toEqual([{ typed: { by: 'Brindle', up: 3 } }])
  })

  it('is told to a browser that was just being sent the screen, in its place', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    const socket = new FakeSocket()
    terminal.attach(socket)
    type(terminal, shell, 'x\r', 'Brindle')
    await socket.ready.promise
    expect(socket.messages).toEqual([{ typed: { by: 'Brindle', up: 0 } }, { ready: true }])
  })

  it('is so as soon as they had a hand in it, and the next one is not', async () => {
    const shell = new FakeShell()
    const heard: string[][] = []
    const terminal = new TerminalSession({
      shell,
      size: { columns: 80, rows: 24 },
      onCommand: (command, by) => heard.push([command, by]),
      onExit: () => undefined,
    })
    terminal.write(Buffer.from('ls'), 'Brindle')
    terminal.write(Buffer.from('\r'))
    shell.print(begins('ls'))
    await look(terminal)
    terminal.write(Buffer.from('pwd\r'))
    shell.print(begins('pwd'))
    await look(terminal)
    expect(heard).toEqual([
      ['ls', 'Brindle'],
      ['pwd', ''],
    ])
  })

  it('is none in a program that has the whole screen', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    shell.print('\x1b[?1049h')
    terminal.write(Buffer.from(':wq\r'), 'Brindle')
    expect((await look(terminal)).messages).toEqual([{ ready: true }])
  })
})

/** A room whose shells the test holds in its hands, in the order they were opened. */
function roomOfFakes() {
  const opened: { shell: FakeShell; machine: string | undefined }[] = []
  const room = new TerminalRoom({
    open: async (_, machine) => {
      const shell = new FakeShell()
      opened.push({ shell, machine })
      return shell
    },
    exec: () => Promise.reject(new Error('not in this test')),
    run: async () => undefined,
    close: async () => undefined,
  })
  const titles = () => room.tabs.map(({ title }) => title)
  return { room, opened, titles }
}

/** What a shell prints when it begins to run a command, with the number it has in its history. */
const begins = (command: string) => `\x1b]633;E;  12  ${command}\x07`
/** What a shell prints before it asks for the rest of a line. */
const wantsMore = '\x1b]633;F\x07'
/** And before it asks for a new one. */
const waitsForOne = '\x1b]633;A\x07'

describe('TerminalRoom', () => {
  it('opens one shell for a tab however many look at it, and another when that has ended', async () => {
    const { room, opened } = roomOfFakes()
    const [one, other] = await Promise.all([room.tab('1'), room.tab('1')])
    expect(one).toBe(other)
    await room.tab(room.add())
    expect(opened).toHaveLength(2)
    opened[0]?.shell.end(0)
    expect(await room.tab('1')).not.toBe(one)
    await room.close()
    expect(opened.slice(1).every(({ shell }) => shell.closed)).toBe(true)
  })

  it('shows the reason where no shell can be had', async () => {
    const room = new TerminalRoom(noShells('There is no container engine here.'))
    const socket = new FakeSocket()
    await room.attach('1', socket)
    expect(socket.text).toBe('There is no container engine here.\r\n')
    expect(socket.messages).toEqual([{ ready: true }])
    await expect(room.tab('1')).rejects.toThrow(NoShells)
  })

  it('says plainly that a simulated node has no machine', async () => {
    const room = new TerminalRoom(noShells('There is no container engine here.'))
    const socket = new FakeSocket()
    await room.attach(room.add('node-1'), socket)
    expect(socket.text).toBe('node-1 is simulated: there is no machine behind it to open a shell on.\r\n')
  })

  it('numbers new shells by the lowest number that is free, and tells whoever listens', async () => {
    const { room, titles } = roomOfFakes()
    let told = 0
    using _ = room.onChange(() => told++)
    expect([room.add(), room.add()]).toEqual(['2', '3'])
    await room.remove('2', { force: false })
    expect(room.add()).toBe('2')
    expect(titles()).toEqual(['shell', 'shell 3', 'shell 2'])
    expect(told).toBe(4)
  })

  it('knows who typed the last command in any of its tabs', async () => {
    const { room, opened } = roomOfFakes()
    const type = async (tab: string, at: number, by?: string) => {
      const session = await room.tab(tab)
      session.write(Buffer.from('ls\r'), by)
      const heard = Promise.withResolvers<void>()
      using _ = room.onCommand(() => heard.resolve())
      opened[at]?.shell.print(begins('ls'))
      await heard.promise
      return room.helper
    }
    expect(room.helper).toBe('')
    expect(await type('1', 0, 'Brindle')).toBe('Brindle')
    expect(await type(room.add(), 1)).toBe('')
  })

  it('knows when a line that was begun wants more, until it runs or is given up', async () => {
    const { room, opened } = roomOfFakes()
    await room.tab('1')
    const says = async (output: string) => {
      opened[0]?.shell.print(output)
      const socket = new FakeSocket()
      using _ = await room.attach('1', socket)
      await socket.ready.promise
      return room.isUnfinished('1')
    }
    expect(await room.isUnfinished('1')).toBe(false)
    expect(await says(`${wantsMore}> `)).toBe(true)
    expect(await says(begins('echo "a b"'))).toBe(false)
    expect(await says(`${wantsMore}> `)).toBe(true)
    expect(await says(`^C${waitsForOne}$ `)).toBe(false)
  })

  it('has one tab for each machine, and opens its shell there', async () => {
    const { room, opened } = roomOfFakes()
    expect([room.add('node-1'), room.add('node-1')]).toEqual(['node-1', 'node-1'])
    await room.tab('node-1')
    await room.tab('1')
    expect(opened.map(({ machine }) => machine)).toEqual(['node-1', undefined])
    expect(room.tabs.map(({ isMachine }) => isMachine)).toEqual([false, true])
  })

  it('opens another tab on a machine when that is wanted, and finds the first again', async () => {
    const { room, opened } = roomOfFakes()
    const names = [room.add('node-1'), room.add('node-1', { another: true }), room.add('node-1')]
    expect(names).toEqual(['node-1', 'node-1.2', 'node-1'])
    await room.tab('node-1.2')
    expect(opened.map(({ machine }) => machine)).toEqual(['node-1'])
    expect(room.tabs.at(-1)).toEqual({ name: 'node-1.2', title: 'node-1 2', isMachine: true })
    await room.remove('node-1', { force: true })
    expect([room.add('node-1'), room.add('node-1', { another: true })]).toEqual(['node-1.2', 'node-1'])
  })

  it.each(['3', '../x', '', 'NODE', 'a/b'])('takes %j for no machine', (name) => {
    expect(() => roomOfFakes().room.add(name)).toThrow(NoShells)
  })

  it('calls a tab after its last command until the shell ends', async () => {
    const { room, opened, titles } = roomOfFakes()
    await room.tab('1')
    const shown = Promise.withResolvers<void>()
    using _ = room.onChange(() => shown.resolve())
    opened[0]?.shell.print(begins('kubectl get pods -w'))
    await shown.promise
    expect(titles()).toEqual(['kubectl get pods -w'])
    opened[0]?.shell.end(0)
    expect(titles()).toEqual(['shell'])
  })

  it('keeps a tab in which a command runs, unless one insists', async () => {
    const { room, opened } = roomOfFakes()
    await room.tab('1')
    const shell = opened[0]!.shell
    shell.runs = 'kubectl get pods -w'
    expect(await room.remove('1', { force: false })).toEqual({ running: 'kubectl get pods -w' })
    expect([room.tabs.length, shell.closed]).toEqual([1, false])
    expect(await room.remove('1', { force: true })).toEqual({ running: '' })
    expect([room.tabs.length, shell.closed]).toEqual([0, true])
  })

  it('does not bring back a closed tab for a browser that still asks for it', async () => {
    const { room, opened } = roomOfFakes()
    await room.remove('1', { force: false })
    const socket = new FakeSocket()
    await room.attach('1', socket)
    expect(socket.text).toBe('This tab was closed.\r\n')
    expect(opened).toHaveLength(0)
  })

  it('refuses the thirteenth tab', () => {
    const { room } = roomOfFakes()
    for (let count = 1; count < 12; count++) room.add()
    expect(() => room.add()).toThrow('There are 12 tabs already')
  })
})

describe('output that is meant to do harm', () => {
  const many = '9'.repeat(9)

  it.each([
    { name: 'a letter repeated for ever', output: `a\x1b[${many}b` },
    { name: 'the same by the one-character introducer', output: `a\u009b${many}b` },
    { name: 'a number in pieces', output: `a\x1b[${many.split('').join('\n')}b` },
    { name: 'lines without end', output: `\x1b[${many}L`.repeat(2000) },
    { name: 'as many lines as four digits can say', output: '\x1b[9999L\x1b[9999T'.repeat(2000) },
    { name: 'tabs, columns and deletions', output: `\x1b[${many}I\x1b[${many}P\x1b[${many}@\x1b[${many};${many}H` },
  ])('keeps nobody waiting: $name', { timeout: 5_000 }, async ({ output }) => {
    const shell = new FakeShell()
    const terminal = session(shell)
    // However it is cut.
    for (let at = 0; at < output.length; at += 7) shell.print(output.slice(at, at + 7))
    shell.print('\x1b[2J\x1b[Hstill here 123456789')
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    expect(socket.text).toContain('still here 123456789')
  })

  it('is passed on as it is where it is no such thing', () => {
    const numbers = new BoundedNumbers()
    const text = Buffer.from(
      '12345678 \x1b[1;31m red \x1b[38;2;255;128;0m \x1b]0;title 1234567\x07 \x1b[?2004h ä\u0302 123456',
    )
    expect(numbers.pass(text)).toBe(text)
    expect(Buffer.from(numbers.pass(Buffer.from('\x1b[123456;123456Hx12345'))).toString()).toBe('\x1b[1234;1234Hx12345')
  })

  it.each([
    { name: 'in one row', output: `a${'\u0301'.repeat(500)}` },
    { name: 'after a sequence that is broken off', output: `a${`\x1b[3${'\u0301'.repeat(9)}`.repeat(50)}` },
    { name: 'where lines have an end', output: `\x1b[?7l${`漢${'\u0301'.repeat(9)}`.repeat(100)}` },
    { name: 'repeated', output: `漢${'\u0301'.repeat(9)}\x1b[?7l\x1b[999b`.repeat(50) },
  ])('has no more marks in a cell than a letter can bear: $name', async ({ output }) => {
    const screen = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true, logLevel: 'off' })
    keepFewMarks(screen)
    await new Promise<void>((resolve) => screen.write(output, resolve))
    const cells = Array.from({ length: 80 * 24 }, (_, at) =>
      screen.buffer.active.getLine(Math.floor(at / 80))?.getCell(at % 80),
    )
    expect(Math.max(...cells.map((cell) => cell?.getChars().length ?? 0))).toBeLessThan(19)
  })

  it('shows the marks of every writing where they are', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    const text =
      'हिन्दी Việt e\u0301\u0323 \u1112\u1161\u11ab か\u3099 👩\u200d👧 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} ไทย é│'
    shell.print(text)
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    expect(socket.text).toBe(text)
  })

  it('has columns of their own for the marks that are too many', async () => {
    const shell = new FakeShell()
    const terminal = session(shell)
    shell.print(`a${'\u0301'.repeat(200)}\rb`)
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    expect(socket.text).toMatch(/^a/)
  })

  it('keeps no addresses of links', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const shell = new FakeShell()
    const terminal = session(shell)
    gc()
    const before = process.memoryUsage().heapUsed
    for (let link = 0; link < 20; link++) shell.print(`\x1b]8;;http://${'x'.repeat(200_000)}${link}\x07a`)
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    gc()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4e5)
    expect(socket.text).toBe('a'.repeat(20))
  })

  it('is not told in the log of the classroom', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const shell = new FakeShell()
    const terminal = session(shell)
    shell.print('\x7f'.repeat(100))
    const socket = new FakeSocket()
    terminal.attach(socket)
    await socket.ready.promise
    expect(log).not.toHaveBeenCalled()
    log.mockRestore()
  })

  it('does not hold up everybody by a command that seems to have no end', async () => {
    const shell = new FakeShell()
    const commands: string[] = []
    const onCommand = (command: string) => commands.push(command)
    new TerminalSession({ shell, size, onCommand, onExit: () => undefined }).resize(size)
    const { user } = process.cpuUsage()
    shell.print(`\x1b]633;E;1${' '.repeat(60_000)}x\u2028\x07${begins('ls')}`)
    await expect.poll(() => commands).toEqual(['ls'])
    expect(process.cpuUsage().user - user).toBeLessThan(2e6)
  })

  it('has as many columns as somebody could read', () => {
    const shell = new FakeShell()
    const session = new TerminalSession({ shell, size, onExit: () => undefined })
    session.resize({ columns: 2, rows: 1 })
    expect(shell.size).toBe('20x1')
    session.resize({ columns: 1000, rows: 1 })
    expect(shell.size).toBe('500x1')
  })

  it('is not told as a command of any length', () => {
    const shell = new FakeShell()
    const commands: string[] = []
    const onCommand = (command: string) => commands.push(command)
    new TerminalSession({ shell, size, onCommand, onExit: () => undefined }).resize(size)
    shell.print(`\x1b]633;E;  12  ${'x'.repeat(100_000)}\x07`)
    return expect.poll(() => commands[0]?.length).toBe(4096)
  })
})
