// A TTY in a container as a shell of the classroom. What waits for a program that does not read, or for an engine that is
// slow, has a bound: whoever types may be a program as well.

import type { TerminalShell } from '../../machines/index.ts'
import type { Shell, ShellSize } from './shell.ts'

/** More than the longest message of a browser: keys after a long paste are not lost. */
const MOST_UNREAD = 2 * 1024 ** 2

export function shellOf({ stream, resize, ended, foreground, close }: TerminalShell, login: readonly string[]): Shell {
  stream.on('error', () => undefined)
  // A new size goes by another way than the keys; what was typed after it must not overtake it.
  let resizing: Promise<void> | undefined
  let waiting = 0
  let next: ShellSize | undefined
  return {
    write(data) {
      if (stream.writableLength + waiting > MOST_UNREAD) return
      if (!resizing) return void stream.write(data)
      waiting += data.length
      void resizing.then(() => {
        waiting -= data.length
        stream.write(data)
      })
    },
    resize(size) {
      const isInLine = next !== undefined
      next = size
      if (isInLine) return
      const done: Promise<void> = (resizing ?? Promise.resolve())
        .then(() => {
          const newest = next ?? size
          next = undefined
          return resize(newest)
        })
        .catch(() => undefined)
        .then(() => {
          if (resizing === done) resizing = undefined
        })
      resizing = done
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    onData: (listener) => void stream.on('data', listener),
    onExit: (listener) => void ended.then(listener),
    async running() {
      const command = await foreground()
      return command === login.join(' ') ? '' : command
    },
    close: () => void close().catch(() => undefined),
  }
}
