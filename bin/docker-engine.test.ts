import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dockerVersion, ensureDocker, releaseDocker, stopDocker } from './docker-engine.mjs'

let folder: string
let server: Server | undefined
let engine: ChildProcess | undefined
const socket = () => join(folder, 'docker.sock')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-engine-'))
})
afterEach(async () => {
  server?.close()
  server = undefined
  engine?.kill('SIGKILL')
  engine = undefined
  await rm(folder, { recursive: true, force: true })
})

async function engineAnswers(body: string, containers = '[]'): Promise<void> {
  server = createServer(({ url }, res) => res.end(url === '/containers/json' ? containers : body))
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

/** Something that bears the engine's name, as if it had been started from this state directory. */
async function startedByUs(): Promise<ChildProcess> {
  const program = join(folder, 'dockerd')
  await copyFile('/bin/sleep', program)
  await chmod(program, 0o755)
  engine = spawn(program, ['1000'])
  await once(engine, 'spawn')
  await writeFile(join(folder, 'docker-engine.pid'), `${engine.pid}\n`)
  return engine
}

describe('at the end of npm start', () => {
  let said: string[]
  beforeEach(() => {
    said = []
  })
  const release = () => releaseDocker({ stateDir: folder, socketPath: socket(), log: (line) => said.push(line) })

  it('the engine that was started for it ends', async () => {
    const dockerd = await startedByUs()
    const ended = once(dockerd, 'exit')
    await engineAnswers('{}')
    await release()
    expect(await ended).toEqual([null, 'SIGTERM'])
    expect(said).toEqual(['stopped the Docker engine'])
  })

  it('an engine stays while something runs on it, and says what', async () => {
    const dockerd = await startedByUs()
    await engineAnswers('{}', '[{"Names":["/podium-demo-node-1"]},{"Names":["/db"]}]')
    await release()
    expect(dockerd.exitCode ?? dockerd.signalCode).toBeNull()
    expect(said).toEqual(['the Docker engine stays: containers run on it (podium-demo-node-1, db)'])
  })

  it('an engine that does not answer is left alone', async () => {
    const dockerd = await startedByUs()
    await release()
    expect(dockerd.exitCode ?? dockerd.signalCode).toBeNull()
  })
})
