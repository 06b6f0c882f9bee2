// A host that is lost, on a machine that has no process to give. What is spawned here is no cluster host, but a few lines that
// speak as one does.

import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { spawnClusterHost } from './spawn-host.ts'

/** Ends when it is to steer. */
const speaks = `#!${process.execPath}
process.on('message', ({ id, call }) => {
  if (call.method === 'steerLoops') process.exit(3)
  process.send({ type: 'answer', id, result: [] }, () => call.method === 'close' && process.disconnect())
})
`

let directory: string
let shell: string
let said: string[]
const logger = { ...noLogger, error: (message: string) => void said.push(message) }

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'podium-spawn-'))
  // Hosts are spawned by way of a shell; this is the only one to be found.
  shell = join(directory, 'sh')
  writeFileSync(shell, speaks)
  chmodSync(shell, 0o755)
  vi.stubEnv('PATH', directory)
  said = []
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

const options = () => ({ stateDir: directory, clock: systemClock, logger })

it('is tried again until there is a process to be had', async () => {
  await using host = await spawnClusterHost(options())
  renameSync(shell, `${shell}-away`)
  await expect(host.steerLoops('ada', { action: 'hold', loops: 'all' })).rejects.toThrow('exit code 3')
  await vi.waitFor(
    () => expect(said.filter((each) => each === 'cluster host failed').length).toBeGreaterThan(1),
    20_000,
  )
  await expect(host.listClusters()).rejects.toThrow('cluster host')
  renameSync(`${shell}-away`, shell)
  await vi.waitFor(async () => expect(await host.listClusters()).toEqual([]), 20_000)
})

it('says why there is none when it could not be had at all, and does not try for ever', async () => {
  rmSync(shell)
  await expect(spawnClusterHost(options())).rejects.toThrow('ENOENT')
  expect(said).toContain('cluster host failed')
})

it('ends in order while it is lost', async () => {
  const host = await spawnClusterHost(options())
  await host.steerLoops('ada', { action: 'hold', loops: 'all' }).catch(() => undefined)
  await host[Symbol.asyncDispose]()
})
