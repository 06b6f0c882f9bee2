import { PassThrough } from 'node:stream'
import type Docker from 'dockerode'
import { expect, it, vi } from 'vitest'
import { machineHandle, runInContainer } from './machine.ts'

const noShell = (): Promise<unknown> => Promise.reject(new Error('no shell in this test'))

/** A container that notes what is asked of it, and refuses what a paused one refuses. */
function machine(state: { Running: boolean; Paused: boolean }, exec = noShell) {
  const asked: string[] = []
  const note = async (what: string, change: Partial<typeof state> = {}) => {
    asked.push(what)
    Object.assign(state, change)
  }
  const refuse = () => Object.assign(new Error('container is paused'), { statusCode: 500 })
  const container = {
    inspect: async () => ({ State: { ...state } }),
    pause: () => note('pause', { Paused: true }),
    unpause: () => note('unpause', { Paused: false }),
    exec: () => (state.Paused ? Promise.reject(refuse()) : exec()),
    wait: async () => undefined,
    kill: async () => (state.Paused ? Promise.reject(refuse()) : note('kill', { Running: false })),
    remove: () => note('remove'),
  }
  const handle = machineHandle({
    docker: { getContainer: () => container } as unknown as Docker,
    shared: { open: async () => '', close: async () => undefined },
    disks: { unmount: async () => note('unmount'), remove: async () => note('remove disk') } as never,
    cgroups: { remove: async () => [] } as never,
    applyLimits: async () => undefined,
    cluster: 'demo',
    name: 'node-1',
    address: '',
    bridge: '',
    containerId: 'c1',
  })
  return { handle, asked }
}
const running = { Running: true, Paused: false }
/** Docker's word for one that stands still: it still runs. */
const paused = { Running: true, Paused: true }

it('pauses what runs, once, and says so', async () => {
  const { handle, asked } = machine({ ...running })
  expect(await handle.state()).toBe('running')
  await handle.pause()
  await handle.pause()
  expect([asked, await handle.state()]).toEqual([['pause'], 'paused'])
})

it('goes on from where it was paused, without booting', async () => {
  const { handle, asked } = machine({ ...paused })
  await handle.start()
  expect([asked, await handle.state()]).toEqual([['unpause'], 'running'])
})

it('leaves a machine alone that is to be paused and does not run', async () => {
  const { handle, asked } = machine({ Running: false, Paused: false })
  await handle.pause()
  expect(asked).toEqual([])
})

it.each([
  ['stop', ['unpause', 'kill', 'unmount']],
  ['kill', ['unpause', 'kill']],
  ['delete', ['unpause', 'remove', 'remove disk']],
] as const)('thaws first what is told to %s: it would hear nothing', async (what, order) => {
  const { handle, asked } = machine({ ...paused })
  await handle[what]()
  expect(asked).toEqual(order)
})

it('waits for the machine’s own kill no longer than for its end', async () => {
  vi.useFakeTimers()
  try {
    const { handle, asked } = machine({ ...running }, () => new Promise(() => undefined))
    const stopped = handle.stop()
    await vi.advanceTimersByTimeAsync(30_000)
    await stopped
    expect(asked).toEqual(['kill', 'unmount'])
  } finally {
    vi.useRealTimers()
  }
})

it('listens to no program on a machine for ever', async () => {
  const stream = new PassThrough()
  const piece = Buffer.alloc(2 ** 20)
  piece[0] = 1
  piece.writeUInt32BE(piece.length - 8, 4)
  // As from a socket: one piece at each turn.
  const more = () => {
    if (stream.destroyed) return
    stream.write(piece)
    setImmediate(more)
  }
  const exec = { start: async () => stream, inspect: async () => ({ Running: false, ExitCode: 0 }) }
  const running = runInContainer({ exec: async () => exec } as never, ['yes'])
  more()
  await expect(running).rejects.toThrow('the answer is longer than 67108864 bytes')
  expect(stream.destroyed).toBe(true)
})

it('hears a program that says a lot in little pieces', async () => {
  const pieces = 100_000
  const said = Buffer.alloc(9 * pieces)
  for (let at = 0; at < said.length; at += 9) said.set([1, 0, 0, 0, 0, 0, 0, 1, 0x61], at)
  const stream = new PassThrough()
  const exec = { start: async () => stream, inspect: async () => ({ Running: false, ExitCode: 0 }) }
  const running = runInContainer({ exec: async () => exec } as never, ['yes'])
  stream.end(said)
  expect((await running).stdout).toHaveLength(pieces)
})
