// Who listens is played here, to say what the one of a machine says seldom. That one: server/machines/programs-of-machines.

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runBy, runHere } from './run-program.ts'

const piece = (kind: string, said: Buffer | string) => {
  const body = Buffer.from(said)
  return Buffer.concat([Buffer.from(kind), Buffer.from(Uint32Array.of(body.length).buffer), body])
}

let directory: string
let path: string
let server: Server | undefined
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-run-'))
  path = join(directory, 'errands.sock')
})
afterEach(() => server?.close())
afterAll(() => rm(directory, { recursive: true }))

/** The number of those that came. */
async function listen(answer: (socket: Socket) => void) {
  const came = { count: 0 }
  server = createServer((socket) => {
    came.count++
    socket.on('error', () => undefined)
    answer(socket)
  })
  await new Promise<void>((resolve) => server?.listen(path, resolve))
  return came
}

/** Once it has begun to ask. */
const tell = (told: Buffer) => (socket: Socket) => void socket.once('data', () => socket.end(told))

const NULLS = [
  ['the command', ['ec\0ho', []]],
  ['an argument', ['echo', ['a', 'b\0c']]],
  ['the value of a variable', ['echo', [], { env: { A: 'x\0B=y' } }]],
  ['the name of a variable', ['echo', [], { env: { 'A\0B': 'x' } }]],
] as [string, Parameters<typeof runHere>][]

describe.each(NULLS)('a NUL in %s', (_, asked) => {
  it('is refused in the same words both ways, before anything is asked for', async () => {
    const came = await listen(tell(piece('x', '0')))
    const here = await runHere(...asked).catch((err) => err)
    const there = await runBy(path)(...asked).catch((err) => err)
    expect(here).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect([there.name, there.code, there.message]).toEqual([here.name, here.code, here.message])
    expect(came.count).toBe(0)
  })
})

it('says what was told, and how it ended', async () => {
  const told = Buffer.concat([piece('o', 'a'), piece('e', 'c'), piece('o', 'b'), piece('x', '3')])
  await listen((socket) => {
    for (const byte of told) socket.write(Buffer.of(byte))
    socket.end()
  })
  expect(await runBy(path)('one', [])).toEqual({ exitCode: 3, stdout: 'ab', stderr: 'c' })
})

it.each([
  ['nothing', Buffer.alloc(0)],
  ['what it says only', piece('o', 'a')],
  ['half a head', piece('x', '0').subarray(0, 3)],
  ['no number', piece('x', '0').subarray(0, 5)],
  ['half a number', piece('x', '12').subarray(0, 6)],
])('says plainly that it was told %s', async (_, told) => {
  await listen(tell(told))
  const why = 'one failed: who had started it hung up before it said how it ended'
  await expect(runBy(path)('one', [])).rejects.toThrow(why)
})

it('says plainly that nobody heard it out', async () => {
  await listen((socket) => socket.destroy())
  const why = 'one failed: who had started it hung up before it said how it ended'
  await expect(runBy(path)('one', [], { input: 'x'.repeat(3_000_000) })).rejects.toThrow(why)
})

it('hears why it was not started, also when the connection breaks then', async () => {
  await listen((socket) => socket.pause().write(piece('f', '11'), () => setImmediate(() => socket.destroy())))
  const { code, message } = await runBy(path)('one', []).catch((err) => err)
  expect([code, message]).toEqual(['EAGAIN', 'spawn one EAGAIN'])
})

it.each([
  ['o', 'stdout'],
  ['e', 'stderr'],
])('hears no more than 64 MiB of %s', async (kind, name) => {
  const hungUp = Promise.withResolvers<void>()
  await listen((socket) => {
    socket.on('close', () => hungUp.resolve())
    const more = () => {
      while (socket.writable && socket.write(piece(kind, Buffer.alloc(2 ** 20))));
    }
    socket.on('drain', more)
    more()
  })
  const there = await runBy(path)('one', []).catch((err) => err)
  const here = await runHere('sh', ['-c', `head -c 70000000 /dev/zero >&${kind === 'o' ? 1 : 2}`]).catch((err) => err)
  expect(here).toMatchObject({
    code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER',
    message: `${name} maxBuffer length exceeded`,
  })
  expect([there.name, there.code, there.message]).toEqual([here.name, here.code, here.message])
  await hungUp.promise
})
