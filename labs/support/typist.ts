// Does a lab's script as a learner does it: line by line at a prompt, waiting for each answer. A file that the step gives
// is made in nano, and so is a change that a script makes with sed, also the one that `kubectl edit` asks for.

import type { Script } from '../../server/classroom/labs/lab.ts'

/** A keyboard and a screen. */
export interface Seat {
  press(keys: string): Promise<void>
  /** Resolves when the screen shows it; rejects with what it shows instead. */
  sees(holds: (screen: Screen) => boolean, what: string): Promise<void>
}

export interface Screen {
  /** Everything in sight, line by line. */
  readonly text: string
  /** The same up to the cursor. */
  readonly before: string
}

const ENTER = '\r'
const ctrl = (letter: string) => String.fromCharCode(letter.charCodeAt(0) & 0x1f)

/** Bash waits for a command, or for more of the one that was begun. */
const asksForMore = ({ before }: Screen) => /(\$|(^|\n)>) $/.test(before)

interface Change {
  readonly from: string
  readonly to: string
}

export class Typist {
  readonly #seat: Seat
  readonly #saved = new Set<string>()

  constructor(seat: Seat) {
    this.#seat = seat
  }

  /** Takes place: a folder with nothing in it. */
  async sitDown(): Promise<void> {
    await this.#seat.sees(asksForMore, 'a prompt')
    await this.#enter('cd "$(mktemp -d)"')
  }

  async perform({ text, files }: Script): Promise<void> {
    for (const file of files) await this.#save(file)
    for (const line of text.trimEnd().split('\n')) if (!line.startsWith('# ')) await this.#enter(line)
  }

  async #enter(line: string): Promise<void> {
    const changed = changeIn(line)
    if (changed) return this.#change(changed.command, changed)
    await this.#type(line)
    await this.#seat.press(ENTER)
    await this.#seat.sees(asksForMore, `a prompt after \`${line}\``)
  }

  /** Seen on the screen before anything else is pressed, so that the next prompt can only be the answer. */
  async #type(text: string): Promise<void> {
    if (text.trim() === '') return
    await this.#seat.press(text)
    await this.#seat.sees(({ before }) => squeezed(before).endsWith(squeezed(text)), `what was typed, \`${text}\``)
  }

  async #save({ name, text }: { name: string; text: string }): Promise<void> {
    if (this.#saved.has(name)) return
    this.#saved.add(name)
    await this.#open(`nano ${name}`)
    await this.#seat.press(text.trimEnd().replaceAll('\n', ENTER))
    await this.#leave()
  }

  async #change(command: string, { from, to }: Change): Promise<void> {
    await this.#open(command)
    const { press, sees } = this.#seat
    await press(ctrl('\\'))
    await sees(({ text }) => text.includes('Search (to replace)'), 'nano asking what to replace')
    await press(from + ENTER)
    await sees(({ text }) => text.includes('Replace with'), 'nano asking what to put there')
    await press(to + ENTER)
    await sees(({ text }) => text.includes('Replace this instance?'), `\`${from}\` in the file`)
    await press('a')
    await sees(({ text }) => /Replaced \d+ occurrence/.test(text), 'nano saying that it did')
    await this.#leave()
  }

  async #open(command: string): Promise<void> {
    await this.#type(command)
    await this.#seat.press(ENTER)
    await this.#seat.sees(({ text }) => text.includes('GNU nano') && text.includes('^X Exit'), 'nano')
  }

  async #leave(): Promise<void> {
    const { press, sees } = this.#seat
    await press(ctrl('O'))
    await sees(({ text }) => /Write to File|File Name to Write/.test(text), 'nano asking for the name')
    await press(ENTER)
    await sees(({ text }) => /Wrote \d+ lines?/.test(text), 'nano saying that it wrote')
    await press(ctrl('X'))
    await sees(asksForMore, 'a prompt after nano')
  }
}

/** What a learner would do in an editor; patterns that say more than a plain text are left to sed. */
function changeIn(line: string): (Change & { command: string }) | undefined {
  const sed = /^sed -i 's(?<by>[/|])(?<from>[^\\^$*[\]]*?)\k<by>(?<to>[^\\&]*?)\k<by>' (?<file>\S+)$/.exec(line)
  const edit =
    /^KUBE_EDITOR="sed -i 's(?<by>[/|])(?<from>[^\\^$*[\]]*?)\k<by>(?<to>[^\\&]*?)\k<by>'" (?<command>kubectl edit .+)$/.exec(
      line,
    )
  const { from, to, file, command = `nano ${file}` } = (sed ?? edit)?.groups ?? {}
  return from === undefined || to === undefined ? undefined : { from, to, command }
}

/** Where a row ends is the screen's affair. */
const squeezed = (text: string) => text.replaceAll(/\s/g, '')
