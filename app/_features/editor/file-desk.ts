// The files that are open in the editor, with what was typed and not saved yet. The terminal may change the same files,
// so every open one knows the version it was read at: saving over another version is refused by the classroom, and then
// whoever typed is told and chooses.

export interface FileVersion {
  text: string
  version: string
}

/** The classroom's side, as little of it as is used. */
export interface FileApi {
  list(): Promise<{ path: string; bytes: number }[]>
  read(path: string): Promise<FileVersion>
  write(path: string, text: string, version: string | null): Promise<{ version: string }>
  rename(path: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** What kind of refusal that was. */
  kindOf(error: unknown): 'conflict' | 'missing' | 'other'
  wordsOf(error: unknown): string
}

export interface OpenFile {
  readonly path: string
  /** As it is in the editor. */
  readonly text: string
  /** As it was last read or written; `version` is null for a file that is not there. */
  readonly saved: { text: string; version: string | null }
  /** Changed by somebody else while there is something unsaved: theirs, or null when they deleted it. */
  readonly theirs?: FileVersion | null
  /** Goes up when the text was replaced from outside, for the editor to take over. */
  readonly replaced: number
  /** Of the editor that last showed it, for the next one. */
  readonly memory?: unknown
}

export interface DeskState {
  readonly files: readonly { path: string; bytes: number }[] | undefined
  readonly open: OpenFile | undefined
  /** Paths of files with something unsaved. */
  readonly unsaved: readonly string[]
  readonly isBusy: boolean
  /** What went wrong last, in words; empty when nothing did. */
  readonly error: string
  /** What happened without being asked for, in words. */
  readonly note: string
}

export class FileDesk {
  readonly #api: FileApi
  readonly #open = new Map<string, OpenFile>()
  readonly #listeners = new Set<() => void>()
  #shown = ''
  #state: DeskState = { files: undefined, open: undefined, unsaved: [], isBusy: false, error: '', note: '' }

  constructor(api: FileApi) {
    this.#api = api
  }

  get state(): DeskState {
    return this.#state
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async list(): Promise<void> {
    await this.#try(async () => this.#say({ files: await this.#api.list() }), { quiet: true })
  }

  /** Shows the file; what was typed before is still there. */
  async show(path: string): Promise<void> {
    this.#shown = path
    const open = this.#open.get(path)
    if (open) {
      this.#say({ error: '', note: '' })
      return this.check()
    }
    await this.#try(async () => this.#put(fresh(path, await this.#api.read(path))))
    if (!this.#open.has(path) && this.#shown === path) this.showList()
  }

  /** Shows the file after making it with that text, unless it is there: then it is shown as it is. */
  async showOrMake(path: string, text: string): Promise<void> {
    await this.#try(async () => {
      try {
        const { version } = await this.#api.write(path, text, null)
        this.#put(fresh(path, { text, version }))
      } catch (err) {
        if (this.#api.kindOf(err) !== 'conflict') throw err
      }
    })
    if (this.#state.error === '') await this.show(path)
    void this.list()
  }

  /** Makes an empty file; refuses one that is there. */
  async make(path: string): Promise<boolean> {
    const isDone = await this.#try(async () => {
      const { version } = await this.#api.write(path, '', null)
      this.#put(fresh(path, { text: '', version }))
      this.#shown = path
    })
    void this.list()
    return isDone
  }

  /** What the editor wants to find again when it shows the file next time. */
  keep(path: string, memory: unknown): void {
    const open = this.#open.get(path)
    if (open) this.#open.set(path, { ...open, memory })
  }

  showList(): void {
    this.#shown = ''
    this.#say({ note: '' })
    void this.list()
  }

  type(text: string): void {
    const open = this.#open.get(this.#shown)
    if (!open || open.text === text) return
    this.#put({ ...open, text })
    if (this.#state.note) this.#say({ note: '' })
  }

  /** True when the file is saved as it is shown. */
  async save(): Promise<boolean> {
    const open = this.#open.get(this.#shown)
    if (!open || open.theirs !== undefined) return false
    if (!isUnsaved(open)) return true
    return this.#write(open, open.saved.version)
  }

  /** Looks whether the terminal has changed the file that is shown. */
  async check(): Promise<void> {
    const path = this.#shown
    if (!this.#open.has(path) || this.#state.isBusy) return
    await this.#try(async () => this.#found(path, await this.#readOrNull(path)), { quiet: true })
  }

  takeTheirs(): void {
    const open = this.#open.get(this.#shown)
    if (open?.theirs) this.#put({ ...fresh(open.path, open.theirs), replaced: open.replaced + 1 })
    else if (open) this.#forget(open.path)
  }

  keepMine(): Promise<boolean> {
    const open = this.#open.get(this.#shown)
    return open?.theirs === undefined ? Promise.resolve(false) : this.#write(open, open.theirs?.version ?? null)
  }

  async rename(path: string, to: string): Promise<boolean> {
    const isDone = await this.#try(async () => {
      await this.#api.rename(path, to)
      const open = this.#open.get(path)
      this.#open.delete(path)
      if (open) this.#open.set(to, { ...open, path: to })
      if (this.#shown === path) this.#shown = to
    })
    void this.list()
    return isDone
  }

  async remove(path: string): Promise<void> {
    await this.#try(async () => {
      await this.#api.remove(path)
      this.#forget(path)
    })
    void this.list()
  }

  async #write(open: OpenFile, over: string | null): Promise<boolean> {
    const { path, text } = open
    let isSaved = false
    await this.#try(async () => {
      try {
        const { version } = await this.#api.write(path, text, over)
        const now = this.#open.get(path) ?? open
        const { theirs: _, ...rest } = now
        this.#put({ ...rest, saved: { text, version } })
        isSaved = true
      } catch (err) {
        if (this.#api.kindOf(err) === 'other') throw err
        const now = this.#open.get(path) ?? open
        this.#put({ ...now, theirs: await this.#readOrNull(path) })
      }
    })
    return isSaved
  }

  #found(path: string, theirs: FileVersion | null): void {
    const open = this.#open.get(path)
    if (!open || theirs?.version === open.saved.version) return
    if (theirs?.text === open.text) this.#put({ ...fresh(path, theirs), replaced: open.replaced })
    else if (isUnsaved(open) || theirs === null) this.#put({ ...open, theirs })
    else {
      this.#put({ ...fresh(path, theirs), replaced: open.replaced + 1 })
      this.#say({ note: `${path} was changed in the terminal; this is how it is now.` })
    }
  }

  async #readOrNull(path: string): Promise<FileVersion | null> {
    try {
      return await this.#api.read(path)
    } catch (err) {
      if (this.#api.kindOf(err) === 'missing') return null
      throw err
    }
  }

  #put(file: OpenFile): void {
    this.#open.set(file.path, file)
    this.#say({})
  }

  #forget(path: string): void {
    this.#open.delete(path)
    if (this.#shown === path) this.showList()
    else this.#say({})
  }

  /** True when it went well. A quiet one tells of no work, and of failure only. */
  async #try(work: () => Promise<void>, { quiet = false } = {}): Promise<boolean> {
    if (!quiet) this.#say({ isBusy: true, error: '', note: '' })
    try {
      await work()
      this.#say(quiet ? {} : { isBusy: false })
      return true
    } catch (err) {
      this.#say({ isBusy: quiet ? this.#state.isBusy : false, error: this.#api.wordsOf(err) })
      return false
    }
  }

  #say(change: Partial<DeskState>): void {
    this.#state = {
      ...this.#state,
      open: this.#open.get(this.#shown),
      unsaved: [...this.#open.values()].filter(isUnsaved).map(({ path }) => path),
      ...change,
    }
    for (const listener of this.#listeners) listener()
  }
}

const fresh = (path: string, { text, version }: FileVersion): OpenFile => ({
  path,
  text,
  saved: { text, version },
  replaced: 0,
})

export const isUnsaved = ({ text, saved }: OpenFile): boolean => text !== saved.text
