import type { CronJob as BatchCronJob } from 'kubernetes-types/batch/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forbidden, notFound } from '../../apimachinery/status-error.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { CronJob } from '../../kinds/cron-job.ts'
import { Event } from '../../kinds/event.ts'
import { Job } from '../../kinds/job.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { dueOf } from './missed-runs.ts'

describe('what is due', () => {
  const due = (schedule: string, told: { now: string; last?: string; deadline?: number; zone?: string }) => {
    const spec = {
      schedule,
      ...(told.deadline ? { startingDeadlineSeconds: told.deadline } : {}),
      ...(told.zone ? { timeZone: told.zone } : {}),
    }
    const cronJob = {
      metadata: { creationTimestamp: '2026-01-01T00:00:30Z' },
      spec,
      status: told.last ? { lastScheduleTime: told.last } : {},
    } as BatchCronJob
    const { lastMs, areMany, nextMs } = dueOf(cronJob, Date.parse(told.now))
    const text = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16))
    return [text(lastMs), areMany ? 'many' : 'few', text(nextMs)]
  }
  it.each([
    [
      'nothing before its first time',
      '*/5 * * * *',
      { now: '2026-01-01T00:04:59Z' },
      [undefined, 'few', '2026-01-01T00:05'],
    ],
    ['its first time', '*/5 * * * *', { now: '2026-01-01T00:05:00Z' }, ['2026-01-01T00:05', 'few', '2026-01-01T00:10']],
    [
      'nothing after it has been run',
      '*/5 * * * *',
      { now: '2026-01-01T00:07:00Z', last: '2026-01-01T00:05:00Z' },
      [undefined, 'few', '2026-01-01T00:10'],
    ],
    [
      'the last of several',
      '*/5 * * * *',
      { now: '2026-01-01T00:31:00Z' },
      ['2026-01-01T00:30', 'few', '2026-01-01T00:35'],
    ],
    [
      'the last of very many',
      '* * * * *',
      { now: '2026-06-01T00:00:00Z' },
      ['2026-06-01T00:00', 'many', '2026-06-01T00:01'],
    ],
    [
      'nothing that is too late',
      '0 0 * * *',
      { now: '2026-01-02T00:10:00Z', deadline: 300 },
      [undefined, 'few', '2026-01-03T00:00'],
    ],
    [
      'by the clock of its place',
      '0 9 * * *',
      { now: '2026-01-01T03:30:00Z', zone: 'Asia/Kolkata' },
      ['2026-01-01T03:30', 'few', '2026-01-02T03:30'],
    ],
    [
      'the last of several at uneven times',
      '30 6-16/4 * * 1-5',
      { now: '2026-01-02T10:31:00Z', last: '2026-01-01T10:30:00Z' },
      ['2026-01-02T10:30', 'few', '2026-01-02T14:30'],
    ],
    [
      'nothing where the last was long ago, beside the first two',
      '30 10,11,12 * * 1-5',
      { now: '2026-01-02T16:30:00Z', last: '2026-01-01T10:30:00Z' },
      [undefined, 'few', '2026-01-05T10:30'],
    ],
    [
      'the last of what is due by turns, counted from the last run',
      '@every 1h',
      { now: '2026-01-08T00:00:00Z', last: '2026-01-01T00:01:00Z' },
      ['2026-01-07T23:01', 'many', '2026-01-08T00:01'],
    ],
    [
      'nothing that is too late by turns, and the next one counted from the last run',
      '@every 1h',
      { now: '2026-01-08T00:01:11Z', last: '2026-01-01T00:01:00Z', deadline: 10 },
      [undefined, 'few', '2026-01-08T01:01'],
    ],
    [
      'many, where the first two are near each other and only two were missed',
      '0,1 3 * * *',
      { now: '2026-01-01T09:00:00Z' },
      [undefined, 'many', '2026-01-02T03:00'],
    ],
  ] as const)('%s', (_name, schedule, told, expected) => {
    expect(due(schedule, told)).toEqual(expected)
  })
})

describe('the loop', () => {
  let loops: TestLoops
  const tick = { namespace: 'default', name: 'tick' }
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    loops.kubelets.on = false
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const get = () => loops.client.of(CronJob).get(tick)
  const jobs = async () => (await loops.client.of(Job).list({ namespace: 'default' })).items
  const merge = 'application/merge-patch+json'
  const change = (spec: object) => insist(() => loops.client.of(CronJob).patch(tick, merge, { spec }))
  function create(spec: Partial<BatchCronJob['spec']> = {}) {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } }
    const told = {
      schedule: '* * * * *',
      jobTemplate: { metadata: { labels: { of: 'tick' } }, spec: { template } },
      ...spec,
    }
    return loops.client.of(CronJob).create({ metadata: tick, spec: told })
  }
  async function finish(name: string, type = 'Complete') {
    const at = new Date(loops.clock.now()).toISOString().replace(/\.\d+/, '')
    const status = {
      startTime: at,
      ...(type === 'Complete' ? { completionTime: at } : {}),
      conditions: [type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget', type].map((one) => ({
        type: one,
        status: 'True',
        lastTransitionTime: at,
      })),
    }
    await loops.client.of(Job).patch({ namespace: 'default', name }, merge, { status }, { subresource: 'status' })
  }
  const count = (wanted: number) => loops.until(`${wanted} Jobs`, async () => (await jobs()).length === wanted)

  it('makes a Job each time, named after the minute it was due', async () => {
    await loops.run(['cronjob'])
    await create()
    await count(2)
    const [first] = await jobs()
    const due = Number(first?.metadata?.name?.slice('tick-'.length)) * 60_000
    expect(due % 60_000).toBe(0)
    expect(first?.metadata).toMatchObject({
      labels: { of: 'tick' },
      annotations: {
        'batch.kubernetes.io/cronjob-scheduled-timestamp': new Date(due).toISOString().replace('.000', ''),
      },
      ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
    })
    await loops.until('both are active', async () => (await get()).status?.active?.length === 2)
    await loops.until('told', async () =>
      (await loops.client.of(Event).list(tick)).items.some(({ reason }) => reason === 'SuccessfulCreate'),
    )
  })

  it('does not begin while the last one runs, where that is forbidden', async () => {
    await loops.run(['cronjob'])
    await create({ concurrencyPolicy: 'Forbid' })
    await count(1)
    await loops.until('refused', async () =>
      (await loops.client.of(Event).list(tick)).items.some(({ reason }) => reason === 'JobAlreadyActive'),
    )
    expect(await jobs()).toHaveLength(1)
    await finish((await jobs())[0]?.metadata?.name ?? '')
    await count(2)
    await loops.until('its success is told', async () => (await get()).status?.lastSuccessfulTime !== undefined)
  })

  it('says that a day which no calendar has will never come', async () => {
    await loops.run(['cronjob'])
    await create({ schedule: '59 23 31 2 *' })
    await loops.until('told', async () =>
      (await loops.client.of(Event).list(tick)).items.some(
        ({ type, reason, message }) =>
          type === 'Warning' &&
          reason === 'InvalidSchedule' &&
          message === 'invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second',
      ),
    )
  })

  it('does not take a run for gone of which it has only not heard', async () => {
    await loops.run(['cronjob'])
    loops.news.hold('jobs')
    await create({ concurrencyPolicy: 'Forbid' })
    await count(1)
    await loops.until('it is in the status', async () => (await get()).status?.active?.length === 1)
    await loops.until('the next one was refused', async () =>
      (await loops.client.of(Event).list(tick)).items.some(({ reason }) => reason === 'JobAlreadyActive'),
    )
    const reasons = (await loops.client.of(Event).list(tick)).items.map(({ reason }) => reason)
    expect(reasons).not.toContain('MissingJob')
    expect(await jobs()).toHaveLength(1)
    loops.news.release('jobs')
  })

  it('puts the new one in the place of the old, where that is asked', async () => {
    await loops.run(['cronjob'])
    await create({ concurrencyPolicy: 'Replace' })
    await count(1)
    const before = (await jobs())[0]?.metadata?.name
    await loops.until('another', async () => {
      const [only, ...more] = await jobs()
      return more.length === 0 && only && only.metadata?.name !== before
    })
    expect((await get()).status?.active).toHaveLength(1)
  })

  it('keeps so many of those that have ended', async () => {
    await loops.run(['cronjob'])
    await create({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 })
    await count(3)
    await change({ suspend: true })
    const names = (await jobs()).map(({ metadata }) => metadata?.name ?? '').sort()
    await finish(names[0]!)
    await finish(names[1]!, 'Failed')
    await finish(names[2]!)
    await count(1)
    expect((await jobs())[0]?.metadata?.name).toBe(names[2])
  })

  it('makes no run twice when it is stopped and started again', async () => {
    const first = await loops.run(['cronjob'])
    await create({ schedule: '*/10 * * * *' })
    await count(1)
    await first[Symbol.asyncDispose]()
    await loops.run(['cronjob'])
    await loops.until('it is in the status', async () => (await get()).status?.active?.length === 1)
    expect(await jobs()).toHaveLength(1)
  })

  it('counts a run as active that it made and had not told of when it was stopped', async () => {
    const first = await loops.run(['cronjob'])
    await create({ schedule: '*/10 * * * *', concurrencyPolicy: 'Forbid' })
    await loops.until('it is in the status', async () => (await get()).status?.active?.length === 1)
    await first[Symbol.asyncDispose]()
    const untold = { status: { active: null, lastScheduleTime: null } }
    await loops.client.of(CronJob).patch(tick, merge, untold, { subresource: 'status' })
    await loops.run(['cronjob'])
    await loops.until('it is there again', async () => (await get()).status?.active?.length === 1)
    expect(await jobs()).toHaveLength(1)
  })

  it('ends the old one in whose place it puts the new one, though it has not heard of it', async () => {
    await loops.run(['cronjob'])
    loops.news.hold('jobs')
    await create({ concurrencyPolicy: 'Replace' })
    await count(1)
    const before = (await jobs())[0]?.metadata?.name
    await loops.until('another', async () => (await jobs()).some(({ metadata }) => metadata?.name !== before))
    expect((await jobs()).map(({ metadata }) => metadata?.name)).not.toContain(before)
    loops.news.release('jobs')
  })

  it('knows of a run that its own status of a moment ago does not tell', async () => {
    const first = await loops.run(['cronjob'])
    await create({ concurrencyPolicy: 'Forbid' })
    await loops.until('it is in the status', async () => (await get()).status?.active?.length === 1)
    await first[Symbol.asyncDispose]()
    const told = (await get()).status
    await loops.client.of(CronJob).patch(tick, merge, { status: { active: null } }, { subresource: 'status' })
    await loops.run(['cronjob'])
    loops.news.hold('cronjobs')
    await loops.client.of(CronJob).patch(tick, merge, { status: { active: told?.active } }, { subresource: 'status' })
    await loops.until('the next one was refused', async () =>
      (await loops.client.of(Event).list(tick)).items.some(({ reason }) => reason === 'JobAlreadyActive'),
    )
    expect(await jobs()).toHaveLength(1)
    loops.news.release('cronjobs')
  })

  it('waits for its next time when its times are changed', async () => {
    await loops.run(['cronjob'])
    await create({ schedule: '0 0 1 1 *' })
    await loops.clock.advance(150_000)
    await change({ schedule: '* * * * *' })
    const changedAt = loops.clock.now()
    await count(1)
    const due = Number((await jobs())[0]?.metadata?.name?.slice('tick-'.length)) * 60_000
    expect(due).toBeGreaterThan(changedAt)
  })

  it('goes on where an old run may not be deleted, and tells what has ended where a new one may not be made', async () => {
    await loops.run(['cronjob'])
    await create({ successfulJobsHistoryLimit: 0 })
    await count(1)
    const name = (await jobs())[0]?.metadata?.name ?? ''
    const refused = forbidden({ group: 'batch', resource: 'jobs' }, '', 'no')
    loops.servers.set(`/apis/batch/v1/namespaces/default/jobs/${name}`, ({ method }) => {
      if (method === 'DELETE') throw refused
      throw notFound({ group: 'batch', resource: 'jobs' }, name)
    })
    await finish(name)
    await count(2)
    await loops.until('told', async () =>
      (await loops.client.of(Event).list(tick)).items.some(({ reason }) => reason === 'FailedDelete'),
    )
    await change({ successfulJobsHistoryLimit: 3 })
    const second = (await jobs()).find(({ metadata }) => metadata?.name !== name)?.metadata?.name ?? ''
    loops.servers.set('/apis/batch/v1/namespaces/default/jobs', ({ method }) => {
      if (method === 'POST') throw refused
      throw notFound({ group: 'batch', resource: 'jobs' }, name)
    })
    await loops.until('refused', async () =>
      (await loops.client.of(Event).list(tick)).items.some(({ reason }) => reason === 'FailedCreate'),
    )
    await finish(second)
    await loops.until(
      'it is told as ended',
      async () => !(await get()).status?.active?.some((entry) => entry.name === second),
    )
  })

  it('says nothing of the end of a run that it deletes at once', async () => {
    await loops.run(['cronjob'])
    await create({ schedule: '*/10 * * * *', successfulJobsHistoryLimit: 0 })
    await loops.until('it runs', async () => (await get()).status?.active?.length === 1)
    await finish((await jobs())[0]!.metadata!.name!)
    await count(0)
    await loops.until('its success is told', async () => (await get()).status?.lastSuccessfulTime !== undefined)
    expect((await get()).status).not.toHaveProperty('active')
    const reasons = async () => (await loops.client.of(Event).list(tick)).items.map(({ reason }) => reason)
    await loops.until('told', async () => (await reasons()).includes('SuccessfulDelete'))
    expect(await reasons()).not.toContain('SawCompletedJob')
  })

  it('lets Jobs go when their time after the end is over', async () => {
    await loops.run(['ttl-after-finished', 'garbage-collector'])
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } }
    await loops.client
      .of(Job)
      .create({ metadata: { ...tick, name: 'once' }, spec: { template, ttlSecondsAfterFinished: 30 } })
    await finish('once')
    const endedAt = loops.clock.now()
    await count(0)
    expect(loops.clock.now() - endedAt).toBeGreaterThanOrEqual(29_000)
  })
})
