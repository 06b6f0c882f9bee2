import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import type { TerminalShell } from '../../machines/index.ts'
import { shellOf } from './shell-of-container.ts'

/** A program that reads when it is told to, and an engine that is as slow as the test wants. */
function slow() {
  const did: string[] = []
  let reads: (() => void) | undefined
  const stream = new Duplex({
    read: () => undefined,
    write(data: Buffer, _, done) {
      did.push(data.length > 9 ? `${data.length} bytes` : data.toString())
      reads = done
    },
  })
  const answers: (() => void)[] = []
  const shell: TerminalShell = {
    stream,
    resize: ({ columns }) => {
      did.push(`${columns} columns`)
      return new Promise((resolve) => answers.push(resolve))
    },
    ended: new Promise(() => undefined),
    foreground: async () => '',
    close: async () => undefined,
  }
  const turn = () => new Promise(setImmediate)
  const answer = async () => {
    await turn()
    answers.shift()?.()
    await turn()
  }
  const read = async () => {
    reads?.()
    await turn()
  }
  return { shell: shellOf(shell, ['bash', '-l']), stream, did, answer, read }
}

it('keeps no more of what is typed than a program may still read one day', async () => {
  const { shell, stream, did, read } = slow()
  const paste = Buffer.alloc(2 ** 20)
  for (let times = 0; times < 50; times++) shell.write(paste)
  expect(stream.writableLength).toBe(3 * 2 ** 20)
  for (let times = 0; times < 3; times++) await read()
  shell.write(Buffer.from('ls'))
  expect(did.slice(-2)).toEqual(['1048576 bytes', 'ls'])
})

it('neither while it is given another size, and gives it the newest of many', async () => {
  const { shell, stream, did, answer } = slow()
  for (let columns = 80; columns < 1000; columns++) shell.resize({ columns, rows: 24 })
  for (let times = 0; times < 50; times++) shell.write(Buffer.alloc(2 ** 20))
  await answer()
  expect(did).toEqual(['999 columns', '1048576 bytes'])
  expect(stream.writableLength).toBe(3 * 2 ** 20)
})

it('lets keys overtake no size that came before them, and one at a time', async () => {
  const { shell, did, answer } = slow()
  shell.resize({ columns: 80, rows: 24 })
  await new Promise(setImmediate)
  shell.resize({ columns: 90, rows: 24 })
  shell.write(Buffer.from('a'))
  shell.resize({ columns: 100, rows: 24 })
  expect(did).toEqual(['80 columns'])
  await answer()
  expect(did).toEqual(['80 columns', '100 columns'])
  await answer()
  expect(did).toEqual(['80 columns', '100 columns', 'a'])
})
