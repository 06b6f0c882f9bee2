import { PassThrough } from 'node:stream'
import type Docker from 'dockerode'
import { expect, it } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { openShell, type TerminalShell } from './shell.ts'

const SIZE = { columns: 80, rows: 24 }

/** A container whose shells run, for the engine, until they are told to be over. */
function containerOfShells(id: string) {
  const execs: { over: (status: number) => void }[] = []
  const container = {
    id,
    async exec() {
      let state: { Running: boolean; ExitCode: number | null; Pid: number } = { Running: true, ExitCode: null, Pid: 0 }
      execs.push({
        over: (status) => {
          state = { Running: false, ExitCode: status, Pid: 0 }
        },
      })
      return { start: async () => new PassThrough(), resize: async () => undefined, inspect: async () => state }
    },
  }
  return { container: container as unknown as Docker.Container, execs }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

it('opens no shell while the engine has not told that one which was closed is over', async () => {
  const clock = new FakeClock()
  const { container, execs } = containerOfShells('a')
  const first = await openShell(container, SIZE, { clock })
  const closed = first.close()
  let second: TerminalShell | undefined
  const opening = openShell(container, SIZE, { clock }).then((shell) => {
    second = shell
  })
  await settle()
  await clock.advance(100)
  expect(execs).toHaveLength(1)

  execs[0]?.over(129)
  await clock.advance(100)
  await Promise.all([closed, opening])
  expect(second).toBeDefined()
  expect(await first.ended).toBe(129)
})

it('nor while one that hung up by itself is not over; another container’s shells wait for nobody', async () => {
  const clock = new FakeClock()
  const { container, execs } = containerOfShells('b')
  const first = await openShell(container, SIZE, { clock })
  first.stream.destroy()
  await settle()
  const opening = openShell(container, SIZE, { clock })
  await openShell(containerOfShells('c').container, SIZE, { clock })
  expect(execs).toHaveLength(1)
  execs[0]?.over(3)
  await settle()
  await clock.advance(100)
  await opening
  expect(await first.ended).toBe(3)
})

it('waits no longer than three seconds for a command that does not heed the hang-up', async () => {
  const clock = new FakeClock()
  const { container, execs } = containerOfShells('d')
  const first = await openShell(container, SIZE, { clock })
  const closed = first.close()
  const opening = openShell(container, SIZE, { clock })
  await settle()
  await clock.advance(3000)
  await Promise.all([closed, opening])
  expect(execs).toHaveLength(2)
})
