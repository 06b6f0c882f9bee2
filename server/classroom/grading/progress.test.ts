import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import { gradeOf } from './grade.ts'
import { ProgressStore } from './progress.ts'

const NOW = Date.UTC(2026, 0, 2)

let stateDir: string
let database: Database
let store: ProgressStore

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-progress-'))
  database = openDatabase({
    path: join(stateDir, 'podium.db'),
    migrations: join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations'),
    clock: new FakeClock(NOW),
  })
  store = new ProgressStore(database)
  await database.person.create({ data: { id: 'ada', name: 'Ada' } })
})
afterEach(async () => {
  await database[Symbol.asyncDispose]()
  rmSync(stateDir, { recursive: true })
})

describe('ProgressStore', () => {
  it('keeps marks of a step that is not passed yet', async () => {
    const { runId } = await store.ofLab('ada', 'pods')
    await store.mark(runId, 1, { credit: 0.5, attempts: 2 })
    const { marks, passed } = await store.ofLab('ada', 'pods')
    expect([marks.get(1), passed.size]).toEqual([{ credit: 0.5, attempts: 2 }, 0])
  })

  it('begins again on a reset, and takes away nothing that was reached', async () => {
    const progress = await store.ofLab('ada', 'pods')
    await store.mark(progress.runId, 1, { credit: 1, attempts: 3 }, NOW)
    await store.typeAnswer(progress.runId, 'revision', '12')
    expect((await store.ofLab('ada', 'pods')).passed).toEqual(new Set([1]))
    await store.startOver(progress, NOW)
    const again = await store.ofLab('ada', 'pods')
    expect([again.passed.size, again.typed.size, again.reached]).toEqual([0, 0, 1])
    expect(gradeOf({ steps: 2, marks: again.marks, hints: 0 })).toMatchObject({ credit: 0.5, attempts: 3 })
  })

  it('knows when steps began and were passed until the cluster is another', async () => {
    const progress = await store.ofLab('ada', 'pods')
    progress.flags = [{ step: 1, is: 'begun', revision: 412 }]
    await store.save(progress, NOW)
    expect((await store.ofLab('ada', 'pods')).flags).toEqual(progress.flags)
    await store.startOver(progress, NOW)
    expect((await store.ofLab('ada', 'pods')).flags).toEqual([])
  })

  it('remembers what was typed last', async () => {
    const { runId } = await store.ofLab('ada', 'pods')
    await store.typeAnswer(runId, 'revision', '11')
    await store.typeAnswer(runId, 'revision', '12')
    const progress = await store.ofLab('ada', 'pods')
    expect(progress.typed).toEqual(new Map([['revision', '12']]))
    await store.forgetTyped(progress, ['revision'])
    expect((await store.ofLab('ada', 'pods')).typed.size + progress.typed.size).toBe(0)
  })
})
