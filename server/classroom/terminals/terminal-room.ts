// All tabs of one learner. Which tabs there are is known here and nowhere else, so every browser of the learner shows the
// same ones, and a reload finds them. A tab's shell is opened when somebody first looks at it; when it has ended, the
// next look opens another.
//
//   1, 2, … 12   the learner's own shells      node-1, node-1.2, …   as root on a machine of the learner's cluster

import { NoShells, type ShellSize, type Shells } from './shell.ts'
import { TerminalSession, type TerminalSocket } from './terminal-session.ts'

export interface TerminalTab {
  readonly name: string
  /** The last command, or what it is while there was none. */
  readonly title: string
  readonly isMachine: boolean
}

interface Tab extends TerminalTab {
  title: string
  readonly machine: string | undefined
  session: Promise<TerminalSession> | undefined
}

const DEFAULT_SIZE: ShellSize = { columns: 100, rows: 28 }
const MAX_TABS = 12
const MAX_TITLE = 80
export const TAB = /^[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?$/
const SHELL_TAB = /^[1-9][0-9]?$/

/** What there is before anything was opened. */
export const firstTabs = (): TerminalTab[] => [told(newTab('1'))]

export class TerminalRoom {
  readonly #shells: Shells
  readonly #tabs = new Map<string, Tab>([['1', newTab('1')]])
  readonly #listeners = new Set<() => void>()
  readonly #hearers = new Set<(command: string, by: string) => void>()
  #helper = ''
  #closed = false

  constructor(shells: Shells) {
    this.#shells = shells
  }

  get tabs(): TerminalTab[] {
    return [...this.#tabs.values()].map(told)
  }

  /** Who typed the last command, if it was not the learner alone. */
  get helper(): string {
    return this.#helper
  }

  /** When a tab has come, gone, or got another title. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Each command line that the learner's shells begin to run, and who typed it if it was not the learner alone. */
  onCommand(listener: (command: string, by: string) => void): Disposable {
    this.#hearers.add(listener)
    return { [Symbol.dispose]: () => void this.#hearers.delete(listener) }
  }

  /** A new tab, or the one that is there for that machine unless `another` is wanted; its name. */
  add(machine?: string, { another = false } = {}): string {
    const there = [...this.#tabs.values()].find((tab) => tab.machine === machine)
    if (machine !== undefined && there && !another) return there.name
    if (this.#tabs.size >= MAX_TABS) throw new NoShells(`There are ${MAX_TABS} tabs already. Close one of them first.`)
    const name = machine === undefined ? freeNumber(this.#tabs) : freeName(machine, this.#tabs)
    if (machine !== undefined && (SHELL_TAB.test(machine) || !TAB.test(machine))) {
      throw new NoShells(`"${machine}" is not the name of a machine.`)
    }
    this.#tabs.set(name, newTab(name, machine))
    this.#tell()
    return name
  }

  /** Takes the tab away and hangs up its shell. While a command runs there, only with `force`; answers with what runs. */
  async remove(name: string, { force }: { force: boolean }): Promise<{ running: string }> {
    const tab = this.#tabs.get(name)
    const running = force ? '' : await this.running(name)
    if (!tab || running !== '') return { running }
    this.#tabs.delete(name)
    const session = await tab.session?.catch(() => undefined)
    session?.close()
    this.#tell()
    return { running: '' }
  }

  /** The command that has the keyboard in a tab; empty when none runs there. */
  async running(name: string): Promise<string> {
    const session = await this.#tabs.get(name)?.session?.catch(() => undefined)
    return (await session?.running()) ?? ''
  }

  /** Whether the shell of a tab wants more of a line that was begun, as where a quote is open. */
  async isUnfinished(name: string): Promise<boolean> {
    const session = await this.#tabs.get(name)?.session?.catch(() => undefined)
    return session?.isUnfinished ?? false
  }

  /** The tab's session, with its shell running. Rejects with a reason for people. */
  tab(name: string): Promise<TerminalSession> {
    if (this.#closed) return Promise.reject(new NoShells('This terminal was closed because the classroom is stopping.'))
    const tab = this.#tabs.get(name)
    if (!tab) return Promise.reject(new NoShells('This tab was closed.'))
    if (tab.session) return tab.session
    const forget = () => {
      if (tab.session === session) tab.session = undefined
    }
    const session = this.#open(tab, forget)
    tab.session = session
    session.catch(forget)
    return session
  }

  run(script: string): Promise<void> {
    return this.#shells.run(script)
  }

  /** Shows the tab to a browser; where no shell can be had, shows the reason in its place. */
  async attach(name: string, socket: TerminalSocket): Promise<{ session?: TerminalSession } & Disposable> {
    try {
      const session = await this.tab(name)
      const attached = session.attach(socket)
      return { session, [Symbol.dispose]: () => attached[Symbol.dispose]() }
    } catch (err) {
      const reason =
        err instanceof NoShells ? err.message : `The terminal could not be opened: ${(err as Error).message}`
      socket.sendBytes(Buffer.from(`${reason}\r\n`))
      socket.sendMessage({ ready: true })
      return { [Symbol.dispose]: () => undefined }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const sessions = await Promise.allSettled([...this.#tabs.values()].map((tab) => tab.session))
    for (const session of sessions) if (session.status === 'fulfilled') session.value?.close()
    this.#tabs.clear()
    this.#listeners.clear()
    this.#hearers.clear()
    await this.#shells.close()
  }

  async #open(tab: Tab, forget: () => void): Promise<TerminalSession> {
    const shell = await this.#shells.open(DEFAULT_SIZE, tab.machine)
    const called = (title: string) => {
      if (title === tab.title) return
      tab.title = title
      this.#tell()
    }
    return new TerminalSession({
      shell,
      size: DEFAULT_SIZE,
      onCommand: (command, by) => {
        this.#helper = by
        called(command.slice(0, MAX_TITLE))
        for (const hear of this.#hearers) hear(command, by)
      },
      onExit: () => {
        forget()
        called(newTab(tab.name, tab.machine).title)
      },
    })
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

function newTab(name: string, machine?: string): Tab {
  const title =
    machine === undefined ? (name === '1' ? 'shell' : `shell ${name}`) : name.replace(`${machine}.`, `${machine} `)
  return { name, title, isMachine: machine !== undefined, machine, session: undefined }
}

const told = ({ name, title, isMachine }: Tab): TerminalTab => ({ name, title, isMachine })

function freeName(machine: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(machine)) return machine
  for (let number = 2; ; number++) if (!taken.has(`${machine}.${number}`)) return `${machine}.${number}`
}

function freeNumber(taken: ReadonlyMap<string, unknown>): string {
  for (let number = 1; ; number++) if (!taken.has(String(number))) return String(number)
}
