import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { expired } from '../../apimachinery/status-error.ts'
import { ConfigMap } from '../../kinds/index.ts'
import { loadSchemas } from '../../schemas/load-schemas.ts'
import type { OutgoingEvent } from '../request-path/answer.ts'
import type { Representation } from '../request-path/negotiate.ts'
import type { RenderContext } from './render.ts'
import { errorFrame, WatchFrames } from './watch-frames.ts'

const schemas = loadSchemas()
const clock = new FakeClock()
const context = (representation: Representation): RenderContext => ({
  representation,
  include: 'Metadata',
  now: 0,
  schemas,
})
const json = context({ as: 'object', format: 'json', pretty: false })
const protobuf = context({ as: 'object', format: 'protobuf', pretty: false })

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion: '7' }, data: { b: 'c' } }
const entry = {
  key: '/registry/configmaps/default/a',
  revision: 7,
  object,
  value: Buffer.from('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"b":"c"}}'),
}
const added: OutgoingEvent = { type: 'ADDED', object, entry }

it('makes the bytes of a change once for all who read the same form, and others for another', () => {
  const frames = new WatchFrames()
  const frame = frames.of(ConfigMap, json, clock)(added)
  expect(frames.of(ConfigMap, { ...json, now: 5 }, clock)(added)).toBe(frame)
  expect(JSON.parse(frame.toString())).toEqual({ type: 'ADDED', object })
  const binary = frames.of(ConfigMap, protobuf, clock)(added)
  expect(frames.of(ConfigMap, protobuf, clock)(added)).toBe(binary)
  expect(binary).not.toEqual(frame)
  const metadata = context({ as: 'partial', version: 'v1', format: 'json', pretty: false })
  expect(JSON.parse(frames.of(ConfigMap, metadata, clock)(added).toString()).object).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata,
  })
})

it('does not take an object that has entered a selection for one that has changed in it', () => {
  const frames = new WatchFrames()
  const frameOf = frames.of(ConfigMap, json, clock)
  const asAdded = frameOf(added)
  const asModified = frameOf({ ...added, type: 'MODIFIED' })
  expect([asAdded, asModified].map((frame) => JSON.parse(frame.toString()).type)).toEqual(['ADDED', 'MODIFIED'])
})

it('says in its own form why a watch has ended', () => {
  const refusal = expired('too old resource version: 1 (7)')
  expect(JSON.parse(errorFrame(refusal, json).toString())).toEqual({ type: 'ERROR', object: refusal.toStatus() })
  const frame = errorFrame(refusal, protobuf)
  expect(frame.readUInt32BE(0)).toBe(frame.length - 4)
  expect(frame.toString('latin1')).toMatch(/ERROR.*k8s\0.*Status.*too old resource version: 1/s)
})

it('names the columns once for each watch, and the age of each moment', () => {
  const table = context({ as: 'table', version: 'v1', format: 'json', pretty: false })
  const frameOf = new WatchFrames().of(ConfigMap, table, clock)
  const columns = [added, added].map((event) => JSON.parse(frameOf(event).toString()).object.columnDefinitions?.length)
  expect(columns).toEqual([3, undefined])
})
