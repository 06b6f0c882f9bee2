// The learner's home as a file editor needs it. Every call runs a short script in the learner's own container, as the
// learner: what they may not touch there, nobody may touch through here, and the disk's own limits hold.
//
// A file's version is the hash of its bytes, so a change made in the terminal is noticed whoever made it and however.

import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { ClassroomError } from '../classroom-error.ts'
import type { ExecResult, Shells } from '../terminals/shell.ts'

export interface HomeFile {
  /** Relative to the home: `web.yaml`, `k8s/web.yaml`. */
  path: string
  bytes: number
}

export interface FileText {
  text: string
  version: string
}

export const MAX_BYTES = 1024 * 1024
const MAX_FILES = 500
const MAX_PATH = 200

/** What the scripts below say by their exit status. */
const SAYS = { missing: 40, exists: 41, changed: 42, folder: 43, large: 44 }

/** Files of the home and of its folders; hidden ones are the shell's own business. */
const LIST = `find . -mindepth 1 -maxdepth 2 -not -path '*/.*' -xtype f -printf '%s %P\\0' | head -z -n ${MAX_FILES}`

const READ = `
[ -e "$1" ] || exit ${SAYS.missing}
[ -f "$1" ] || exit ${SAYS.folder}
[ "$(stat -L -c %s -- "$1")" -le ${MAX_BYTES} ] || exit ${SAYS.large}
exec base64 -w0 -- "$1"`

/** Written beside it and moved, so that a full disk leaves the old file whole. */
const WRITE = `
[ ! -d "$1" ] || exit ${SAYS.folder}
if [ -z "$2" ]; then
  [ ! -e "$1" ] || exit ${SAYS.exists}
else
  [ -e "$1" ] || exit ${SAYS.missing}
  [ "$(sha256sum < "$1")" = "$2  -" ] || exit ${SAYS.changed}
fi
target=$(readlink -m -- "$1")
mkdir -p -- "$(dirname -- "$target")"
new=$(mktemp -- "$target.XXXXXX")
trap 'rm -f -- "$new"' EXIT
cat > "$new"
if [ -e "$target" ]; then chmod --reference="$target" -- "$new"; else chmod 644 -- "$new"; fi
mv -f -- "$new" "$target"`

const RENAME = `
[ -e "$1" ] || exit ${SAYS.missing}
[ ! -e "$2" ] || exit ${SAYS.exists}
mkdir -p -- "$(dirname -- "$2")"
exec mv -nT -- "$1" "$2"`

const REMOVE = `
[ -e "$1" ] || [ -L "$1" ] || exit ${SAYS.missing}
[ ! -d "$1" ] || [ -L "$1" ] || exit ${SAYS.folder}
rm -f -- "$1"
folder=$(dirname -- "$1")
[ "$folder" = . ] || rmdir --ignore-fail-on-non-empty -- "$folder"`

export class HomeFiles {
  readonly #shells: Pick<Shells, 'exec'>
  /** A write looks before it moves; two at once would both have looked. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(shells: Pick<Shells, 'exec'>) {
    this.#shells = shells
  }

  async list(): Promise<HomeFile[]> {
    const { stdout } = await this.#do('The list of files could not be read', LIST)
    return stdout
      .split('\0')
      .filter(Boolean)
      .map((line) => {
        const blank = line.indexOf(' ')
        return { bytes: Number(line.slice(0, blank)), path: line.slice(blank + 1) }
      })
      .filter(({ path }) => problemOf(path) === undefined)
      .sort((one, other) => one.path.localeCompare(other.path))
  }

  async read(path: string): Promise<FileText> {
    const { stdout } = await this.#do(`${path} could not be read`, READ, [path])
    const bytes = Buffer.from(stdout, 'base64')
    if (!isUtf8(bytes) || bytes.includes(0)) {
      throw new ClassroomError('file-refused', `${path} is not text, so it cannot be edited here.`)
    }
    return { text: bytes.toString(), version: versionOf(bytes) }
  }

  /** Over the version that was read; `null` makes a new file and refuses to touch one that is there. */
  async write(path: string, text: string, version: string | null): Promise<{ version: string }> {
    const bytes = Buffer.from(text)
    if (bytes.length > MAX_BYTES) throw tooLarge(path)
    await this.#inTurn(`${path} could not be saved`, WRITE, [path, version ?? ''], text)
    return { version: versionOf(bytes) }
  }

  async rename(path: string, to: string): Promise<void> {
    await this.#inTurn(`${path} could not be renamed`, RENAME, [path, to])
  }

  async remove(path: string): Promise<void> {
    await this.#inTurn(`${path} could not be deleted`, REMOVE, [path])
  }

  #inTurn(what: string, script: string, paths: string[], input?: string): Promise<ExecResult> {
    const done = this.#turn.then(() => this.#do(what, script, paths, input))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #do(what: string, script: string, args: string[] = [], input?: string): Promise<ExecResult> {
    const paths = script === WRITE ? args.slice(0, 1) : args
    for (const path of paths) {
      const problem = problemOf(path)
      if (problem) throw new ClassroomError('file-refused', problem)
    }
    const command = ['bash', '-euc', `cd\n${script}`, 'podium', ...args]
    const result = await this.#shells.exec(command, input)
    if (result.exitCode !== 0) throw reasonOf(what, args, result)
    return result
  }
}

export const versionOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A file of the home or of one of its folders: anything else is not the editor's business. */
function problemOf(path: string): string | undefined {
  const names = path.split('/')
  if (path.length > MAX_PATH) return 'That name is too long.'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'A file’s name cannot hold control characters.'
  if (names.some((name) => name === '' || name.startsWith('.'))) {
    return `“${path}” is not a name for a file here: use a name such as web.yaml, or folder/web.yaml.`
  }
  if (names.length > 2) return 'Folders can be one level deep here: folder/web.yaml.'
  return undefined
}

const tooLarge = (path: string) =>
  new ClassroomError('file-refused', `${path} is larger than 1 MiB. Open it in the terminal instead: less ${path}`)

function reasonOf(what: string, [path = '', to]: string[], { exitCode, stdout, stderr }: ExecResult): ClassroomError {
  switch (exitCode) {
    case SAYS.missing:
      return new ClassroomError('file-unknown', `${path} is not there any more.`)
    case SAYS.exists:
      return new ClassroomError('file-exists', `There is a file ${to || path} already.`)
    case SAYS.changed:
      return new ClassroomError('file-changed', `${path} was changed in the meantime.`)
    case SAYS.folder:
      return new ClassroomError('file-refused', `${path} is a folder.`)
    case SAYS.large:
      return tooLarge(path)
  }
  const said = (stderr || stdout).trim().split('\n').at(-1) ?? ''
  const reason = /no space left/i.test(said) ? 'the disk of your home is full' : said || `exit status ${exitCode}`
  return new ClassroomError('file-refused', `${what}: ${reason}.`)
}
