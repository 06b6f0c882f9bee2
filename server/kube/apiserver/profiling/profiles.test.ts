import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { Profiles } from './profiles.ts'

/** The part of github.com/google/pprof's profile.proto that is written here. */
const { root } = protobuf.parse(`syntax = "proto3";
message Profile {
  repeated ValueType sample_type = 1; repeated Sample sample = 2; repeated Location location = 4;
  repeated Function function = 5; repeated string string_table = 6; int64 duration_nanos = 10;
}
message ValueType { int64 type = 1; int64 unit = 2; }
message Sample { repeated uint64 location_id = 1; repeated int64 value = 2; }
message Location { uint64 id = 1; repeated Line line = 4; }
message Line { uint64 function_id = 1; int64 line = 2; }
message Function { uint64 id = 1; int64 name = 2; int64 filename = 4; int64 start_line = 5; }`)

interface Read {
  stringTable: string[]
  sampleType: { type: number; unit: number }[]
  sample: { locationId: number[]; value: number[] }[]
  location: { id: number; line: { functionId: number }[] }[]
  function: { id: number; name: number; filename: number }[]
  durationNanos: number
}

function read(body: string | Buffer) {
  const type = root.lookupType('Profile')
  const profile = type.toObject(type.decode(gunzipSync(body)), { longs: Number, arrays: true }) as Read
  const texts = profile.stringTable
  const nameOf = (location: number) => {
    const { line } = profile.location.find(({ id }) => id === location)!
    return texts[profile.function.find(({ id }) => id === line[0]!.functionId)!.name]
  }
  return {
    types: profile.sampleType.map(({ type: name, unit }) => [texts[name], texts[unit]]),
    samples: profile.sample.map(({ locationId, value }) => ({ stack: locationId.map(nameOf), value })),
    seconds: profile.durationNanos / 1e9,
  }
}

function busyBody(milliseconds: number): number {
  const until = performance.now() + milliseconds
  let sum = 0
  while (performance.now() < until) sum += Math.sqrt(sum + 1)
  return sum
}

const asked = (seconds: number) => new URLSearchParams({ seconds: String(seconds) })

it('tells where the time of the processor went', async () => {
  const clock = new FakeClock()
  const profiles = new Profiles(clock)
  const told = profiles.answer('/debug/pprof/profile', asked(5))
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  busyBody(60)
  const refused = await profiles.answer('/debug/pprof/profile', asked(5))
  expect([refused.code, refused.body]).toEqual([500, 'Could not enable CPU profiling: cpu profiling already in use\n'])
  await clock.advance(5_000)
  const { contentType, body } = await told
  expect(contentType).toBe('application/octet-stream')
  const { types, samples, seconds } = read(body)
  expect(types).toEqual([
    ['samples', 'count'],
    ['cpu', 'nanoseconds'],
  ])
  expect(seconds).toBe(5)
  const busy = samples.filter(({ stack }) => stack.includes('busyBody'))
  expect(busy.reduce((sum, { value }) => sum + value[1]!, 0)).toBeGreaterThan(0)
})

it('tells what was made and is held', async () => {
  const clock = new FakeClock()
  const told = new Profiles(clock).answer('/debug/pprof/heap', asked(1))
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  const held = (function keepMuch() {
    return Array.from({ length: 2_000 }, (_, at) => ({ at, list: new Array(200).fill(at) }))
  })()
  await clock.advance(1_000)
  const { types, samples } = read((await told).body)
  expect(held).toHaveLength(2_000)
  expect(types).toEqual([['inuse_space', 'bytes']])
  expect(samples.some(({ stack }) => stack.includes('keepMuch'))).toBe(true)
})

it('says what there is, and that there is no more', async () => {
  const profiles = new Profiles(new FakeClock())
  const ask = async (path: string, query = '') => {
    const { code, body, headers } = await profiles.answer(path, new URLSearchParams(query))
    return [code, headers?.Location ?? String(body).split('\n')[0]]
  }
  expect(await ask('/debug/pprof')).toEqual([302, '/debug/pprof/'])
  expect(await ask('/debug/pprof/')).toEqual([200, '/debug/pprof/'])
  expect(await ask('/debug/pprof/goroutine')).toEqual([404, 'Unknown profile'])
  expect(await ask('/debug/pprof/profile', 'seconds=-1')).toEqual([
    400,
    '"seconds" must be more than 0 and at most 300',
  ])
})
