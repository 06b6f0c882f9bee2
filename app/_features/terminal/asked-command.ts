// A command that waits, because another has the keyboard in every shell, until the learner has said what shall be done:
//
//   asked ──endAndRun──► typed there, once the other has ended; asked still where it does not end
//         ──runInNew───► typed in a new tab; asked still where none opens
//         ──runNot─────► not typed. Heard too while one of the others is under way.

export interface Asked {
  tab: string
  /** What runs there. */
  running: string
  command: string
}

export interface Hands {
  /** Ends what runs in a tab. What of it still runs after a while; empty when nothing does. */
  end(tab: string): Promise<string>
  /** A new tab, or undefined when it was refused. */
  open(): Promise<string | undefined>
  type(tab: string, command: string): void
}

export class AskedCommand {
  #asked: Asked | undefined
  #answer: (isTyped: boolean) => void = () => undefined
  readonly #listeners = new Set<() => void>()

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  snapshot = (): Asked | undefined => this.#asked

  /** Resolves to whether it was typed in the end. One that still waited is not. */
  ask(asked: Asked): Promise<boolean> {
    this.runNot()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#answer = resolve
    this.#set(asked)
    return promise
  }

  async endAndRun({ end, type }: Pick<Hands, 'end' | 'type'>): Promise<void> {
    const asked = this.#asked
    if (!asked) return
    const running = await end(asked.tab)
    if (this.#asked !== asked) return
    if (running !== '') return this.#set({ ...asked, running })
    this.#close(true)
    type(asked.tab, asked.command)
  }

  async runInNew({ open, type }: Pick<Hands, 'open' | 'type'>): Promise<void> {
    const asked = this.#asked
    if (!asked) return
    const tab = await open()
    if (tab === undefined || this.#asked !== asked) return
    this.#close(true)
    type(tab, asked.command)
  }

  runNot(): void {
    this.#close(false)
  }

  #close(isTyped: boolean): void {
    this.#answer(isTyped)
    this.#set(undefined)
  }

  #set(asked: Asked | undefined): void {
    if (asked === this.#asked) return
    this.#asked = asked
    for (const listener of this.#listeners) listener()
  }
}
