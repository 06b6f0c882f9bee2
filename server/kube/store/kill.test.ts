import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { openStore } from './store.ts'
import { seededRandom } from './testing/seeded-random.ts'

const KILLS = 100
const SEED = 20261120

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-kill-'))
})

afterAll(() => rm(directory, { recursive: true, force: true }))

interface Answer {
  value: string
  revision: number
}

describe('SIGKILL', () => {
  it(`loses nothing that was answered, ${KILLS} times (seed ${SEED})`, async () => {
    const random = seededRandom(SEED)
    let answers = 0
    for (let life = 0; life < KILLS; life++) {
      // Some die while still opening, with what the last one left behind.
      const answered = await runAndKill(life, random() < 0.1 ? 0 : 1 + Math.floor(random() * 150))
      answers += answered.size
      await check(answered)
    }
    expect(answers).toBeGreaterThan(KILLS)
  }, 180_000)
})

/** The last answer for each key. Killed after so many of them, or while opening. */
async function runAndKill(life: number, afterAnswers: number): Promise<Map<string, Answer>> {
  const victim = join(import.meta.dirname, 'testing/kill-victim.ts')
  const child = spawn(nodePath(), ['--disable-warning=ExperimentalWarning', victim, directory, String(life)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
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

async function check(answered: Map<string, Answer>): Promise<void> {
  const store = await openStore({ directory, clock: new FakeClock() })
  for (const [key, { value, revision }] of answered) {
    const { kvs } = await store.range({ key })
    expect(kvs[0]!.modRevision).toBeGreaterThanOrEqual(revision)
    if (revision >= store.compactRevision) {
      expect((await store.range({ key, revision })).kvs[0]?.value.toString()).toBe(value)
    }
  }
  await store.close()
}

/** Vitest may run on a Node that does not run TypeScript; the one of the project does. */
function nodePath(): string {
  return join(import.meta.dirname, '../../../node_modules/.bin/node')
}
