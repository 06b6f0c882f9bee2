// What is kept, dropped and counted as objects are made and changed. Expectations are read from the strategies of v1.36.2
// (kubernetes/pkg/registry/**/strategy.go) and their tests.

import { describe, expect, it } from 'vitest'
import { EndpointSlice, Lease, PersistentVolumeClaim, Service } from './index.ts'

describe('an EndpointSlice', () => {
  const slice = (told: object = {}, metadata: object = {}) =>
    ({
      metadata: { name: 'a', generation: 3, labels: { a: 'b' }, ...metadata },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'] }],
      ports: [{ port: 80 }],
      ...told,
    }) as never

  it.each([
    ['nothing', {}, {}, 3],
    ['an annotation', {}, { annotations: { a: 'b' } }, 3],
    ['an endpoint', { endpoints: [{ addresses: ['10.0.0.2'] }] }, {}, 4],
    ['a port', { ports: [{ port: 81 }] }, {}, 4],
    ['a label', {}, { labels: { a: 'c' } }, 4],
  ])('counts a change of %s', (_what, told, metadata, generation) => {
    const next = slice(told, metadata)
    EndpointSlice.strategy.prepareForUpdate?.(next, slice())
    expect(next).toMatchObject({ metadata: { generation } })
  })

  it('is not told in v1 what only v1beta1 could say, and keeps it until its endpoints change', () => {
    const old = { endpoints: [{ addresses: ['10.0.0.1'], deprecatedTopology: { zone: 'a' } }] }
    const made = slice(structuredClone(old))
    EndpointSlice.strategy.prepareForCreate?.(made)
    expect(made).toMatchObject({ endpoints: [{ addresses: ['10.0.0.1'] }] })
    expect(JSON.stringify(made)).not.toContain('deprecatedTopology')
    const kept = slice(structuredClone(old))
    EndpointSlice.strategy.prepareForUpdate?.(kept, slice(old))
    expect(kept).toMatchObject(old)
  })
})

it('a Lease says nothing of elections whose gate is closed', () => {
  const told = { spec: { holderIdentity: 'a', strategy: 'OldestEmulationVersion', preferredHolder: 'b' } }
  const [made, changed] = [structuredClone(told), structuredClone(told)]
  Lease.strategy.prepareForCreate?.(made)
  Lease.strategy.prepareForUpdate?.(changed, {})
  expect([made, changed]).toEqual([{ spec: { holderIdentity: 'a' } }, { spec: { holderIdentity: 'a' } }])
})

it('a Service that is balanced no more is not told where', () => {
  const status = { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } }
  const of = (type: string) => ({ spec: { type }, status }) as never
  const [still, no_more] = [of('LoadBalancer'), of('ClusterIP')]
  for (const next of [still, no_more]) Service.strategy.prepareForUpdate?.(next, of('LoadBalancer'))
  expect(still).toMatchObject({ status })
  expect(no_more).toMatchObject({ status: { loadBalancer: {} } })
  expect(JSON.stringify(no_more)).not.toContain('ingress')
})

describe('the source of a claim', () => {
  const claim = { kind: 'PersistentVolumeClaim', name: 'a' }
  const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'a' }
  const other = { apiGroup: 'a.b', kind: 'Book', name: 'a' }
  const both = (source: object) => ({ dataSource: source, dataSourceRef: source })

  it.each([
    ['of a claim is told by both names', { dataSource: claim }, {}, both(claim)],
    ['of a snapshot too', { dataSource: snapshot }, {}, both(snapshot)],
    ['of another kind is not heard by its old name', { dataSource: other }, {}, {}],
    ['but by its new one', { dataSourceRef: other }, {}, both(other)],
    ['and by its old one where it had one before', { dataSource: other }, both(other), both(other)],
    ['of another namespace has one name', { dataSourceRef: { ...claim, namespace: 'b' } }, {}, undefined],
  ])('%s', (_what, told, before, expected) => {
    const spec = structuredClone(told)
    PersistentVolumeClaim.strategy.prepareForUpdate?.({ spec } as never, { spec: before } as never)
    expect(spec).toEqual(expected ?? told)
  })
})
