import { expect, it } from 'vitest'
import { Deployment, EndpointSlice, Pod, ReplicaSet, Service } from '../kube/kinds/index.ts'
import { type Raw, seeObjects } from './seen-object.ts'

//   Deployment web ─owns─► ReplicaSet web-1 ─owns─► Pod web-1-a        Service web ┄selects┄► Pods with app=web
//                                                   Pod stray (app=web, owned by nobody)
const meta = (uid: string, more: object = {}) => ({
  metadata: { uid, name: uid, namespace: 'default', resourceVersion: '7', ...more },
})
const owned = (kind: string, uid: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name: uid, uid, controller: true }],
})
const web = { labels: { app: 'web' } }
const all: Raw[] = [
  {
    kind: Deployment,
    object: {
      ...meta('web'),
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } },
      status: { readyReplicas: 1 },
    } as Raw['object'],
  },
  {
    kind: ReplicaSet,
    object: {
      ...meta('web-1', owned('Deployment', 'web')),
      spec: { replicas: 2, selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] } },
      status: { readyReplicas: 1 },
    } as Raw['object'],
  },
  { kind: Pod, object: meta('web-1-a', { ...web, ...owned('ReplicaSet', 'web-1') }) },
  { kind: Pod, object: meta('stray', web) },
  { kind: Pod, object: { ...meta('far', web), metadata: { ...meta('far', web).metadata, namespace: 'other' } } },
  { kind: Service, object: { ...meta('svc'), spec: { selector: { app: 'web' } } } as Raw['object'] },
  { kind: Service, object: { ...meta('headless'), spec: { selector: {} } } as Raw['object'] },
  {
    kind: EndpointSlice,
    object: {
      ...meta('slice', owned('Service', 'svc')),
      endpoints: [{ targetRef: { uid: 'stray' } }],
    } as Raw['object'],
  },
]
const seen = (uid: string) => seeObjects(all).find((object) => object.uid === uid)

it('tells who owns an object, and who controls it', () => {
  expect(seen('web-1-a')?.owners).toEqual([{ uid: 'web-1', kind: 'ReplicaSet', name: 'web-1', controls: true }])
  expect(seen('web')?.owners).toEqual([])
})

it('finds the Pods of the namespace that a selector reaches, whoever owns them', () => {
  expect(seen('web')?.selects).toEqual(['web-1-a', 'stray'])
  expect(seen('web-1')?.selects).toEqual(['web-1-a', 'stray'])
  expect(seen('svc')?.selects).toEqual(['web-1-a', 'stray'])
})

it('takes a Service without a selector to select nothing', () => {
  expect(seen('headless')).toMatchObject({ selector: '', selects: [] })
})

it('takes an EndpointSlice to reach what it names', () => {
  expect(seen('slice')?.selects).toEqual(['stray'])
})

it('says how an object is in the words of kubectl', () => {
  expect([seen('web')?.status, seen('web-1')?.status, seen('svc')?.selector]).toEqual(['1/2', '1/2', 'app=web'])
})

it.each([
  [{ finalizers: ['foregroundDeletion'] }, ['everything it owns to go first (foregroundDeletion)']],
  [{ finalizers: ['lab/keep'] }, ['somebody to take the finalizer lab/keep away']],
  [{ deletionGracePeriodSeconds: 30 }, ['its containers, which have 30 s to end']],
])('says what a deletion waits for: %o', (more, waitsFor) => {
  const deletionTimestamp = '2026-01-01T00:00:00Z'
  const object = { ...meta('p', { deletionTimestamp, ...more }), spec: { nodeName: 'node-1' } } as Raw['object']
  expect(seeObjects([{ kind: Pod, object }])[0]?.deleting).toEqual({ since: deletionTimestamp, waitsFor })
})

it('tries a Pod only for selectors that ask for a label it carries', () => {
  let reads = 0
  const count = 200
  const numbers = Array.from({ length: count }, (_, at) => at)
  const pods = numbers.map((at): Raw => {
    const { metadata } = meta(`pod-${at}`, { labels: { app: `a${at}`, all: 'yes' } })
    return { kind: Pod, object: Object.defineProperty({}, 'metadata', { get: () => reads++ >= 0 && metadata }) }
  })
  const sets = numbers.map((at): Raw => {
    const selector = { matchExpressions: [{ key: 'all', operator: 'Exists' }], matchLabels: { app: `a${at}` } }
    return { kind: ReplicaSet, object: { ...meta(`set-${at}`), spec: { selector } } as Raw['object'] }
  })
  const seen = seeObjects([...pods, ...sets]).slice(count)
  expect(seen.map(({ selects }) => selects)).toEqual(numbers.map((at) => [`pod-${at}`]))
  expect(reads).toBeLessThan(count * 20)
})
