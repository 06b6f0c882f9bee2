import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadLabs } from '../labs/load-labs.ts'
import { agoText, courseOverview, initialsOf, type RunSummary } from './course-overview.ts'

const labs = await loadLabs(join(import.meta.dirname, '..', '..', '..', 'labs'))
const course = {
  chapters: [...new Set(labs.map(({ chapter }) => chapter))].map((id) => ({ id, title: id })),
}
const NOW = Date.UTC(2026, 0, 2)

const run = (labId: string, told: Partial<RunSummary> = {}): RunSummary => ({
  labId,
  step: 1,
  reached: 1,
  done: false,
  marks: new Map(),
  hintsOpened: 0,
  touchedAt: new Date(NOW - 3_600_000),
  ...told,
})

const overview = (...runs: RunSummary[]) =>
  courseOverview({
    course,
    labs,
    runs,
    machines: { kind: 'real', reason: '', remedy: '' },
    learnerName: 'Ada Lovelace',
    asleep: true,
    now: NOW,
  })

describe('courseOverview', () => {
  it('resumes the lab that was touched last, at the step the checks have come to', () => {
    const { resume } = overview(
      run('pods', { reached: 3, touchedAt: new Date(NOW - 90_000_000) }),
      run('a-deployment-heals-itself', { reached: 2 }),
    )
    expect(resume).toEqual({
      labId: 'a-deployment-heals-itself',
      title: 'A Deployment heals itself',
      lead: 'Next: Take a Pod away.',
      started: true,
      when: 'You stopped an hour ago in lab B, at step 2 of 6.',
      asleep: true,
    })
  })

  it('goes on with the next one when the last one is done', () => {
    const { resume, then } = overview(run('pods', { done: true, reached: 6 }))
    expect(resume).toMatchObject({ labId: 'a-deployment-heals-itself', started: false, when: '' })
    expect(then.map(({ labId }) => labId)[0]).toBe('a-service-finds-its-pods')
  })

  it('tells a lab that was right at every first try', () => {
    const steps = labs[0]?.steps.length ?? 0
    const marks = new Map(Array.from({ length: steps }, (_, index) => [index + 1, { credit: 1, attempts: 1 }]))
    const firstTry = (told: Partial<RunSummary>) =>
      overview(run('pods', { done: true, marks, ...told })).chapters[0]?.labs[0]?.firstTry
    expect(firstTry({})).toBe(true)
    expect(firstTry({ hintsOpened: 1 })).toBe(false)
    expect(firstTry({ marks: new Map([...marks, [2, { credit: 1, attempts: 2 }]]) })).toBe(false)
  })

  it('still offers something when everything is done', () => {
    const { resume, then } = overview(...labs.map(({ id }) => run(id, { done: true })))
    expect([resume.labId, then]).toEqual(['pods', []])
  })
})

describe('names and times', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['ottilie', 'Ot'],
    ['x', 'X'],
    ['grace.b.hopper', 'GB'],
    ['', '?'],
  ])('initials of "%s" are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials)
  })

  it.each([
    [30_000, 'just now'],
    [5 * 60_000, '5 minutes ago'],
    [3_600_000, 'an hour ago'],
    [86_400_000, 'yesterday'],
    [5 * 86_400_000, '5 days ago'],
  ])('%d ms is %s', (ms, text) => {
    expect(agoText(ms)).toBe(text)
  })
})
