import { expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../../base/clock.ts'
import { Metrics } from '../../../base/metrics.ts'
import { readRequestInfo } from '../request-path/request-info.ts'
import { FlowControl, type Seat } from './flow-control.ts'

const START = Date.parse('2026-01-01T00:00:00Z')

// One seat of its own and two queues; whoever comes waits in the shorter one.
const level = {
  metadata: { name: 'pool' },
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: 1,
      limitResponse: { type: 'Queue', queuing: { queues: 2, handSize: 2, queueLengthLimit: 9 } },
      borrowingLimitPercent: 0,
    },
  },
}
const schema = {
  metadata: { name: 'swimmers' },
  spec: {
    priorityLevelConfiguration: { name: 'pool' },
    matchingPrecedence: 1,
    distinguisherMethod: { type: 'ByUser' },
    rules: [
      {
        subjects: [{ kind: 'Group', group: { name: 'swimmers' } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
      },
    ],
  },
}

it('shows who has a seat, who waits for one, and in which queue', async () => {
  const clock = new FakeClock(START)
  const control = new FlowControl({
    clock,
    metrics: new Metrics(),
    seats: 1,
    schemas: () => [schema] as never,
    levels: () => [level] as never,
  })
  const rows = (name: string, query = '') => {
    const [head = '', ...lines] = control.dump(name, new URLSearchParams(query))!.trimEnd().split('\n')
    const cells = (line: string) => line.split(',').map((cell) => cell.trim())
    return lines
      .map(cells)
      .filter(([of]) => of === 'pool')
      .map((row) => Object.fromEntries(cells(head).map((name, at) => [name, row[at]])))
  }
  const enter = (name: string) => {
    const info = readRequestInfo('GET', '/apis/apps/v1/namespaces/sea/deployments/boat/scale', new URLSearchParams())
    return control.enter({ user: { name, groups: ['swimmers'] } as never, info, size: 1 })
  }
  const first = enter('a') as Seat
  await clock.advance(1000)
  const [second, third] = ['a', 'b'].map(enter) as Promise<Seat>[]

  const seated = { FlowSchemaName: 'swimmers', FlowDistingsher: 'a', InitialSeats: '1', FinalSeats: '0' }
  const none = { QueueIndex: '-1', RequestIndexInQueue: '-1' }
  expect(rows('dump_requests').at(-1)).toEqual({
    PriorityLevelName: 'pool',
    ...seated,
    ...none,
    AdditionalLatency: '0s',
    ArriveTime: '2026-01-01T00:00:00.000Z',
    StartTime: '2026-01-01T00:00:00.000Z',
  })
  const waiting = rows('dump_requests', 'includeRequestDetails=1').slice(0, 2)
  const details = { UserName: 'a', Verb: 'get', Namespace: 'sea', Name: 'boat', APIVersion: 'apps/v1' }
  const ofFirst = waiting.find(({ FlowDistingsher }) => FlowDistingsher === 'a')!
  expect(ofFirst).toMatchObject({
    ...details,
    Resource: 'deployments',
    SubResource: 'scale',
    RequestIndexInQueue: '0',
    ArriveTime: '2026-01-01T00:00:01.000Z',
    StartTime: '0001-01-01T00:00:00Z',
  })
  expect(new Set(waiting.map(({ QueueIndex }) => QueueIndex)), 'each in its own queue').toEqual(new Set(['0', '1']))
  expect(rows('dump_queues').map(({ PendingRequests }) => PendingRequests)).toEqual(['1', '1'])

  first.leave()
  const seat = await Promise.race([second, third])
  await settlePromises()
  expect(
    rows('dump_queues')
      .map(({ ExecutingRequests }) => ExecutingRequests)
      .sort(),
  ).toEqual(['0', '1'])
  const running = rows('dump_queues').find(({ ExecutingRequests }) => ExecutingRequests === '1')
  expect(running).toMatchObject({ PendingRequests: '0', SeatsInUse: '1', NextDispatchR: '0.00300000ss' })
  expect(rows('dump_queues').find(({ PendingRequests }) => PendingRequests === '1')).toMatchObject({
    InitialSeatsSum: '1',
    MaxSeatsSum: '1',
    TotalWorkSum: '0.00300000ss',
  })
  expect(rows('dump_requests').filter(({ RequestIndexInQueue }) => RequestIndexInQueue === '-1')).toHaveLength(1)
  seat!.leave()
  ;(await Promise.all([second, third])).at(1)?.leave()
  await settlePromises()
  expect(control.dump('dump_nothing', new URLSearchParams())).toBeUndefined()
})
