// All tabs of one learner. A tab is made when somebody first looks at it, and gone when its shell has ended.

import { NoShells, type ShellSize, type Shells } from './shell.ts'
import { TerminalSession, type TerminalSocket } from './terminal-session.ts'

const DEFAULT_SIZE: ShellSize = { columns: 100, rows: 28 }
const MAX_TABS = 12
export const TAB = /^[1-9][0-9]?$/

export class TerminalRoom {
  readonly #shells: Shells
  readonly #tabs = new Map<string, Promise<TerminalSession>>()
  #closed = false

  constructor(shells: Shells) {
    this.#shells = shells
  }

  /** The tab's session, with its shell running. Rejects with a reason for people. */
  tab(name: string): Promise<TerminalSession> {
    const existing = this.#tabs.get(name)
    if (existing) return existing
    if (this.#closed) return Promise.reject(new NoShells('This terminal was closed because the classroom is stopping.'))
    if (this.#tabs.size >= MAX_TABS) {
      return Promise.reject(new NoShells(`There are ${MAX_TABS} tabs already. Close one with "exit" first.`))
    }
    const forget = () => {
      if (this.#tabs.get(name) === session) this.#tabs.delete(name)
    }
    const session = this.#open(forget)
    this.#tabs.set(name, session)
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
    const sessions = await Promise.allSettled(this.#tabs.values())
    for (const session of sessions) if (session.status === 'fulfilled') session.value.close()
    this.#tabs.clear()
    await this.#shells.close()
  }

  async #open(onExit: () => void): Promise<TerminalSession> {
    const shell = await this.#shells.open(DEFAULT_SIZE)
    return new TerminalSession({ shell, size: DEFAULT_SIZE, onExit })
  }
}
