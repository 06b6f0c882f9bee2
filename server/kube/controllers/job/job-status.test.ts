import { expect, it } from 'vitest'
import { countPods } from './count-pods.ts'
import { nextStatus } from './job-status.ts'
import { job, NOW, pod } from './testing/some-pods.ts'

const rests = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }
const goesOn = { ...rests, status: 'False', reason: 'JobResumed', message: 'Job resumed' }
const startTime = '2026-01-01T00:30:00Z'
const at = '2026-01-01T01:00:00Z'

it.each<{ name: string; suspend: boolean; told?: object[]; mayAct: boolean; said: object[]; since?: string }>([
  { name: 'that it rests', suspend: true, mayAct: true, said: [rests] },
  { name: 'nothing before its pods may go', suspend: true, mayAct: false, said: [], since: startTime },
  { name: 'that it goes on', suspend: false, told: [rests], mayAct: true, said: [goesOn], since: at },
  {
    name: 'that it still rests before pods may be made',
    suspend: false,
    told: [rests],
    mayAct: false,
    said: [rests],
    since: startTime,
  },
  { name: 'nothing of one that has never rested', suspend: false, mayAct: true, said: [], since: startTime },
])('says $name, and since when it runs', ({ suspend, told, mayAct, said, since }) => {
  const of = job({ suspend }, { startTime, ...(told ? { conditions: told } : {}) })
  const counts = countPods(of, [pod('a')], NOW)
  const turn = { counts, end: undefined, active: 1, terminating: 0, at, isOver: false, mayAct }
  const status = nextStatus(of, turn)
  expect(status.conditions ?? []).toMatchObject(said)
  expect(status.conditions ?? []).toHaveLength(said.length)
  expect(status.startTime).toBe(since)
})
