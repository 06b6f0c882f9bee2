import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { expired } from '../../apimachinery/status-error.ts'
import { ConfigMap } from '../../kinds/index.ts'
import { loadSchemas } from '../../schemas/load-schemas.ts'
import type { OutgoingEvent } from '../request-path/answer.ts'
import type { Representation } from '../request-path/negotiate.ts'
import type { RenderContext } from './render.ts'
import { errorFrame, watchFrames } from './watch-frames.ts'

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

it('gives those who read alike the same bytes, and says so', () => {
  const { form, frameOf } = watchFrames(ConfigMap, json, clock)
  const other = watchFrames(ConfigMap, { ...json, now: 5 }, clock)
  expect(other.form).toBe(form)
  expect(other.frameOf(added)).toEqual(frameOf(added))
  expect(JSON.parse(frameOf(added).toString())).toEqual({ type: 'ADDED', object })
  const binary = watchFrames(ConfigMap, protobuf, clock)
  expect(binary.form).not.toBe(form)
  expect(binary.frameOf(added)).not.toEqual(frameOf(added))
  const metadata = watchFrames(
    ConfigMap,
    context({ as: 'partial', version: 'v1', format: 'json', pretty: false }),
    clock,
  )
  expect([form, binary.form]).not.toContain(metadata.form)
  expect(JSON.parse(metadata.frameOf(added).toString()).object).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata,
  })
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
  const { form, frameOf } = watchFrames(ConfigMap, table, clock)
  // No two watches have the same to say, so nothing is shared.
  expect(form).toBeUndefined()
  const columns = [added, added].map((event) => JSON.parse(frameOf(event).toString()).object.columnDefinitions?.length)
  expect(columns).toEqual([3, undefined])
})
