import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { openStore, StoreLockedError } from './store.ts'
import { bundleVictim } from './testing/bundle-victim.ts'
import { seededRandom } from './testing/seeded-random.ts'

const KILLS = 100
const SEED = 20261120

/** Side by side, each with a store of its own. */
const LANES = 2

let directory: string
let victim: Awaited<ReturnType<typeof bundleVictim>>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-kill-'))
  victim = await bundleVictim('kill-victim.ts')
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
  await victim?.[Symbol.asyncDispose]()
})

interface Answer {
  value: string
  revision: number
}

describe('SIGKILL', () => {
  it(`loses nothing that was answered, ${KILLS} times (seed ${SEED})`, async () => {
    const lanes = Array.from({ length: LANES }, (_, lane) => dieOften(lane, KILLS / LANES))
    const answers = await Promise.all(lanes)
    expect(answers.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(KILLS)
  }, 180_000)
})

describe('another process', () => {
  it('is kept out for as long as one has the store open, and not a moment longer', async () => {
    const place = join(directory, 'locked')
    const child = startVictim(place, 0)
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
    await expect(openStore({ directory: place, clock: new FakeClock() })).rejects.toThrow(StoreLockedError)
    child.kill('SIGKILL')
    await closed(child)
    await (await openStore({ directory: place, clock: new FakeClock() })).close()
  })
})

function startVictim(place: string, life: number) {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', victim.file, place, String(life)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function dieOften(lane: number, kills: number): Promise<number> {
  const random = seededRandom(SEED + lane)
  const place = join(directory, String(lane))
  let answers = 0
  for (let life = 0; life < kills; life++) {
    // Some die while still opening, with what the last one left behind.
    const answered = await runAndKill(place, life, random() < 0.1 ? 0 : 1 + Math.floor(random() * 150))
    answers += answered.size
    await check(place, answered)
  }
  return answers
}

/** The last answer for each key. Killed after so many of them, or while opening. */
async function runAndKill(place: string, life: number, afterAnswers: number): Promise<Map<string, Answer>> {
  const child = startVictim(place, life)
  const answered = new Map<string, Answer>()
  let seen = 0
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      const [key, value, revision] = line.split(' ')
      if (key && value) answered.set(key, { value, revision: Number(revision) })
      seen++
    }
    if (seen > afterAnswers) child.kill('SIGKILL')
  })
  await closed(child)
  expect(child.signalCode).toBe('SIGKILL')
  return answered
}

function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('close', () => resolve()))
}

async function check(place: string, answered: Map<string, Answer>): Promise<void> {
  const store = await openStore({ directory: place, clock: new FakeClock() })
  for (const [key, { value, revision }] of answered) {
    const { kvs } = await store.range({ key })
    expect(kvs[0]!.modRevision).toBeGreaterThanOrEqual(revision)
    if (revision >= store.compactRevision) {
      expect((await store.range({ key, revision })).kvs[0]?.value.toString()).toBe(value)
    }
  }
  await store.close()
}
