import { expect, it } from 'vitest'
import type { Capacity, Claim, Device, ExactRequest, Slice } from '../../kinds/devices/device-objects.ts'
import { attributes, CLASSES, claim, exactly, slice } from '../testing/devices.ts'
import { allocate } from './allocator.ts'
import { Selectors } from './device-selectors.ts'

const selectors = new Selectors()
const GIB = 2n ** 30n * 10n ** 9n
const device = 'gpus.io/n/a'

interface Given {
  inUse?: string[]
  /** GiB of the device that others have. */
  others?: bigint
}

function resultsOf(claims: Claim[], slices: Slice[], { inUse = [], others }: Given = {}) {
  const shared = new Map(others === undefined ? [] : [[device, new Map([['memory', others * GIB]])]])
  const world = { slices, classOf: (name: string) => CLASSES[name], inUse: new Set(inUse), shared, selectors }
  return allocate({ metadata: { name: 'n' } }, claims, world)?.map(({ devices }) => devices?.results ?? [])
}

const x = (told: Partial<ExactRequest> = {}, name = 'c') => claim(name, [exactly('x', told)])
const some = (memory: string | number, name = 'c', told: Partial<ExactRequest> = {}) =>
  x({ capacity: { requests: { memory } }, ...told }, name)
const shareable = (memory: Capacity, told: Partial<Device> = {}): Partial<Device> => ({
  allowMultipleAllocations: true,
  capacity: { memory },
  ...told,
})
const plain = shareable({ value: '40Gi' })
const policy = (told: Capacity['requestPolicy']): Partial<Device> =>
  shareable({ value: '40Gi', requestPolicy: { default: '10Gi', ...told } })
const values = policy({ validValues: ['10Gi', '30Gi'] })
const boundless: Partial<Device> = { allowMultipleAllocations: true }
const counters = (value: string) => ({ memory: { value } })
const part = { ...boundless, consumesCounters: [{ counterSet: 'card', counters: counters('40Gi') }] }
const pool = { name: 'n', generation: 1, resourceSliceCount: 2 }
const card: Slice = {
  metadata: { name: 'card' },
  spec: { driver: 'gpus.io', nodeName: 'n', pool, sharedCounters: [{ name: 'card', counters: counters('40Gi') }] },
}

it.each<[string, Claim[], Slice[], string[] | undefined, Given?]>([
  ['to several', [some('20Gi'), some('20Gi', 'd')], [slice('n', { a: plain })], ['a 20Gi', 'a 20Gi']],
  ['no more than there is', [some('20Gi'), some('21Gi', 'd')], [slice('n', { a: plain })], undefined],
  ['what others leave', [some('20Gi')], [slice('n', { a: plain })], ['a 20Gi'], { others: 20n }],
  ['no more than others leave', [some('21Gi')], [slice('n', { a: plain })], undefined, { others: 20n }],
  ['nothing of what somebody has alone', [some(1)], [slice('n', { a: plain })], undefined, { inUse: [device] }],
  ['all of it where nothing is said', [x()], [slice('n', { a: plain })], ['a 40Gi']],
  ['the default where there is one', [x()], [slice('n', { a: values })], ['a 10Gi']],
  ['the next value that may be asked for', [some('11Gi')], [slice('n', { a: values })], ['a 30Gi']],
  ['no value that may not', [some('31Gi')], [slice('n', { a: values })], undefined],
  ['at least so much', [some('1Gi')], [slice('n', { a: policy({ validRange: { min: '5Gi' } }) })], ['a 5Gi']],
  ['whole steps', [some('8Gi')], [slice('n', { a: policy({ validRange: { min: '5Gi', step: '2Gi' } }) })], ['a 9Gi']],
  [
    'at most so much',
    [some('21Gi')],
    [slice('n', { a: policy({ validRange: { min: '5Gi', max: '20Gi' } }) })],
    undefined,
  ],
  ['nothing that it has not', [x({ capacity: { requests: { speed: 1 } } })], [slice('n', { a: plain })], undefined],
  ['without bounds where it has no capacity', [x(), x({}, 'd')], [slice('n', { a: boundless })], ['a', 'a']],
  ['to each request once', [x({ count: 2 })], [slice('n', { a: boundless })], undefined],
  [
    'a device that is nobody else’s, if it has enough',
    [some('41Gi'), some('40Gi', 'd')],
    [slice('n', { a: { capacity: { memory: { value: '40Gi' } } }, b: { capacity: { memory: { value: '41Gi' } } } })],
    ['b', 'a'],
  ],
  [
    'all that have room',
    [some('20Gi', 'c', { allocationMode: 'All' })],
    [slice('n', { a: shareable({ value: '30Gi' }), b: plain })],
    ['b 20Gi'],
    { others: 20n },
  ],
  [
    'once of the counters for all of its shares',
    [x(), x({}, 'd')],
    [card, slice('n', { a: part, b: part }, { pool })],
    ['a', 'a'],
  ],
  [
    'nothing of counters that a share has',
    [x({ count: 2 })],
    [card, slice('n', { a: part, b: part }, { pool })],
    undefined,
  ],
  [
    'unlike in an attribute',
    [claim('c', [exactly('x', { count: 2 })], { constraints: [{ distinctAttribute: 'gpus.io/numa' }] })],
    [slice('n', { a: attributes({ numa: 0 }), b: attributes({ numa: 0 }), c: attributes({ numa: 1 }) })],
    ['a; c'],
  ],
  [
    'nothing where too few are unlike',
    [claim('c', [exactly('x', { count: 3 })], { constraints: [{ distinctAttribute: 'gpus.io/numa' }] })],
    [slice('n', { a: attributes({ numa: 0 }), b: attributes({ numa: 1 }), c: attributes({ numa: 0 }) })],
    undefined,
  ],
])('gives %s', (_what, claims, slices, expected, told) => {
  const given = resultsOf(claims, slices, told)?.map((results) =>
    results
      .map(({ device: name, consumedCapacity = {} }) => [name, ...Object.values(consumedCapacity)].join(' '))
      .join('; '),
  )
  expect(given).toEqual(expected)
})

it('tells which share it is', () => {
  const results = resultsOf([some('10Gi'), some('10Gi', 'd')], [slice('n', { a: plain })])?.flat() ?? []
  const shareID = expect.stringMatching(/^[0-9a-f-]{36}$/)
  const share = { request: 'x', driver: 'gpus.io', pool: 'n', device: 'a', shareID }
  expect(results).toEqual([share, share].map((one) => ({ ...one, consumedCapacity: { memory: '10Gi' } })))
  expect(new Set(results.map((one) => one.shareID)).size).toBe(2)
})
