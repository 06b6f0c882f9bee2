import protobufjs from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { CompareRequest, LeaseTimeToLiveResponse, RangeRequest, WatchCreateRequest, WireKeyValue } from './messages.ts'

// Another implementation as the judge. It makes Long objects of integers, so they are compared as text.
const oracle = protobufjs.parse(
  `
  syntax = "proto3";
  message KeyValue { bytes key = 1; int64 create_revision = 2; int64 mod_revision = 3; int64 version = 4; bytes value = 5; int64 lease = 6; }
  message Filters { repeated int32 filters = 5; int64 watch_id = 7; string unknown = 99; fixed64 eight = 100; fixed32 four = 101; }
`,
  { keepCase: true },
).root

describe('messages', () => {
  it.each([
    { name: 'small', number: 1 },
    { name: 'of two bytes', number: 300 },
    { name: 'beyond 32 bits', number: 2 ** 40 + 12345 },
    { name: 'the largest', number: Number.MAX_SAFE_INTEGER },
    { name: 'negative', number: -1 },
  ])('agree with another implementation on a number that is $name', ({ number }) => {
    const type = oracle.lookupType('KeyValue')
    const content = { key: Buffer.from('k'), mod_revision: number, value: Buffer.alloc(300, 'v') }
    const ours = WireKeyValue.encode(content)
    expect(ours.equals(type.encode(type.create(content)).finish())).toBe(true)
    expect(WireKeyValue.decode(ours)).toEqual({ ...content, create_revision: 0, version: 0, lease: 0n })
  })

  it.each([2n ** 53n + 1n, 2n ** 63n - 1n, -1n, -(2n ** 63n)])(
    'agree with another implementation on the id %d, whole',
    (lease) => {
      const type = oracle.lookupType('KeyValue')
      const ours = WireKeyValue.encode({ lease })
      expect(ours.equals(type.encode(type.fromObject({ lease: String(lease) })).finish())).toBe(true)
      expect(WireKeyValue.decode(ours).lease).toBe(lease)
    },
  )

  it('read packed lists and skip what they do not know', () => {
    const type = oracle.lookupType('Filters')
    const bytes = Buffer.from(
      type.encode(type.create({ filters: [0, 1], watch_id: 7, unknown: 'x', eight: 1, four: 2 })).finish(),
    )
    expect(WatchCreateRequest.decode(bytes)).toMatchObject({ filters: [0, 1], watch_id: 7 })
  })

  it('keep the zero of one of several, and leave out every other', () => {
    const bytes = CompareRequest.encode({ target: 0, version: 0 })
    expect([...bytes]).toEqual([0x20, 0])
    expect(CompareRequest.decode(bytes)).toMatchObject({ version: 0, mod_revision: undefined, value: undefined })
  })

  it('know that a lease that is gone has the TTL -1', () => {
    expect(LeaseTimeToLiveResponse.decode(LeaseTimeToLiveResponse.encode({ TTL: -1 })).TTL).toBe(-1)
  })

  it.each([
    { name: 'cut short', bytes: [0x0a, 5, 1] },
    { name: 'of an impossible kind', bytes: [0x0f] },
    { name: 'of the wrong kind', bytes: [0x08, 1] },
    { name: 'without an end', bytes: [0x18, 0xff, 0xff] },
  ])('are refused when they are $name', ({ bytes }) => {
    expect(() => RangeRequest.decode(Buffer.from(bytes))).toThrow(RangeError)
  })
})
