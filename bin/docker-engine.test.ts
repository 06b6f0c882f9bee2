import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dockerVersion, ensureDocker, stopDocker } from './docker-engine.mjs'

let folder: string
let server: Server | undefined
const socket = () => join(folder, 'docker.sock')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-engine-'))
})
afterEach(async () => {
  server?.close()
  server = undefined
  await rm(folder, { recursive: true, force: true })
})

async function engineAnswers(body: string): Promise<void> {
  server = createServer((_, res) => res.end(body))
  await new Promise<void>((resolve) => server?.listen(socket(), resolve))
}

it('uses the engine that answers and starts nothing', async () => {
  await engineAnswers('{"Version":"26.1.5"}')
  const found = await ensureDocker({ stateDir: folder, socketPath: socket() })
  expect(found).toEqual({ available: true, version: '26.1.5', startedHere: false })
  expect(existsSync(join(folder, 'docker-engine.pid'))).toBe(false)
})

it('knows no version where nobody answers, or not in JSON', async () => {
  expect(await dockerVersion(socket())).toBeUndefined()
  await engineAnswers('hello')
  expect(await dockerVersion(socket())).toBeUndefined()
})

it('never ends a process that is not the engine it started', async () => {
  expect(await stopDocker({ stateDir: folder })).toBe(false)
  await writeFile(join(folder, 'docker-engine.pid'), `${process.pid}\n`)
  expect(await stopDocker({ stateDir: folder })).toBe(false)
  expect(existsSync(join(folder, 'docker-engine.pid'))).toBe(false)
})
