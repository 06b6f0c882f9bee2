import type { PersistentVolumeClaim as Claim, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { expect, it } from 'vitest'
import { SKIP } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { NodeList } from '../node-list.ts'
import type { StorageView } from '../storage-view.ts'
import { node, pod, run } from '../testing/pods-and-nodes.ts'
import { volumeZone } from './volume-zone.ts'

/** Claims that are bound to a volume of the same name, or are not; volumes of one driver, with labels. */
function storage(
  claims: Record<string, { mode?: string; bound?: boolean; labels?: Record<string, string> }>,
  limits: Record<string, number> = {},
  attached: string[] = [],
): StorageView {
  const claim = (name: string): Claim | undefined => {
    const { mode = 'ReadWriteOnce', bound = true } = claims[name] ?? {}
    if (!claims[name]) return undefined
    const annotations: Record<string, string> = bound ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {}
    return {
      metadata: { name, namespace: 'default', annotations },
      spec: { accessModes: [mode], ...(bound ? { volumeName: name } : {}) },
    }
  }
  const volume = (name: string): Volume | undefined =>
    claims[name] && {
      metadata: { name, labels: claims[name].labels ?? {} },
      spec: { csi: { driver: 'disks', volumeHandle: name } },
    }
  const waits: StorageClass = { provisioner: 'disks', volumeBindingMode: 'WaitForFirstConsumer' }
  return {
    claims: { get: (key: string) => claim(key.slice('default/'.length)) },
    volumes: { get: volume, list: () => [] },
    promisedVolumes: new Map<string, string>(),
    promisedNodes: new Map<string, string>(),
    promisedTo: () => undefined,
    hasRoomFor: () => true,
    classOf: () => waits,
    attachedTo: () => attached.map(volume),
    volumeLimits: (name: string) => new Map(limits[name] === undefined ? [] : [['disks', limits[name]]]),
  } as unknown as StorageView
}
const using = (...names: string[]): Pod =>
  pod({ volumes: names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })) })
const important = (what: Pod): Pod => ({ ...what, spec: { ...what.spec, containers: [], priority: 9 } })
const verdicts = (what: Pod, nodes: NodeInfo[], view: StorageView) => {
  const { chosen, rejections } = run(what, nodes, { storage: view })
  return {
    chosen,
    reasons: Object.fromEntries(Array.from(rejections, ([name, { reasons }]) => [name, reasons.join()])),
  }
}

it('says of a claim that is missing what is the same for all nodes', () => {
  const { message, rejectedBy } = run(using('none'), [node('a'), node('b')], { storage: storage({}) })
  expect(message).toBe('0/2 nodes are available: persistentvolumeclaim "none" not found. not found')
  expect(rejectedBy).toEqual(new Set(['VolumeRestrictions']))
})

const ALONE =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'

it('gives a claim for one pod only to one pod, on any node', () => {
  const view = storage({ mine: { mode: 'ReadWriteOncePod' }, ours: {} })
  const nodes = () => [node('a', { on: [using('mine', 'ours')] }), node('b')]
  expect(verdicts(using('mine'), nodes(), view)).toEqual({ chosen: undefined, reasons: { a: ALONE, b: ALONE } })
  expect(verdicts(using('ours'), nodes(), view).chosen).toBeDefined()
})

it('takes it from a less important pod', () => {
  const view = storage({ mine: { mode: 'ReadWriteOncePod' } })
  const holder = using('mine')
  const { postFilter } = run(important(using('mine')), [node('a', { on: [holder] }), node('b')], { storage: view })
  expect(postFilter?.preemption).toMatchObject({ node: 'a', victims: [holder] })
})

it.each([
  ['two readers share a disk', true, true, 'a'],
  ['a reader and a writer do not', true, false, undefined],
])('%s', (_, there, wanted, chosen) => {
  const disk = (readOnly: boolean) => pod({ volumes: [{ name: 'v', gcePersistentDisk: { pdName: 'disk', readOnly } }] })
  const found = verdicts(disk(wanted), [node('a', { on: [disk(there)] })], storage({}))
  expect(found).toEqual({ chosen, reasons: chosen ? {} : { a: 'node(s) had no available disk' } })
})

const zone = (name: string, label = 'topology.kubernetes.io/zone') => ({ [label]: name })

it.each([
  ['its zone', zone('x'), { a: zone('x'), b: zone('y') }, 'a'],
  ['either of its zones', zone('x__y'), { a: zone('z'), b: zone('y') }, 'b'],
  [
    'its zone by the older name',
    zone('x', 'failure-domain.beta.kubernetes.io/zone'),
    { a: zone('x'), b: zone('y') },
    'a',
  ],
  ['nodes that say nothing of zones', zone('x'), { a: zone('y'), b: {} }, 'b'],
  [
    'its zone by the name that it has it under, where that is the newer one',
    zone('x'),
    { a: zone('x', 'failure-domain.beta.kubernetes.io/zone'), b: zone('x') },
    'b',
  ],
])('wants for a volume %s', (_, labels, nodes, chosen) => {
  const infos = Object.entries(nodes).map(([name, ofNode]) => node(name, { labels: ofNode as Record<string, string> }))
  const found = verdicts(using('data'), infos, storage({ data: { labels } }))
  const other = chosen === 'a' ? 'b' : 'a'
  expect(found).toEqual({ chosen, reasons: { [other]: 'node(s) had no available volume zone' } })
})

it.each([
  ['no class', undefined, undefined, 'PersistentVolumeClaim had no pv name and storageClass name'],
  ['a class that is not there', 'slow', undefined, 'storageclasses.storage.k8s.io "slow" not found'],
  ['a class that does not say when', 'slow', '', 'VolumeBindingMode not set for StorageClass "slow"'],
  ['a class that binds at once', 'slow', 'Immediate', 'PersistentVolume had no name'],
  ['a class that waits for it', 'slow', 'WaitForFirstConsumer', undefined],
])('knows no zone yet where a claim has %s', (_, storageClassName, volumeBindingMode, reason) => {
  const claim: Claim = { spec: { ...(storageClassName ? { storageClassName } : {}) } }
  const found = { provisioner: 'disks', ...(volumeBindingMode ? { volumeBindingMode } : {}) }
  const view = { claims: { get: () => claim }, classOf: () => (volumeBindingMode === undefined ? undefined : found) }
  const result = volumeZone(view as unknown as StorageView).preFilter?.(new Map(), using('data'), new NodeList([]))
  expect(result).toEqual(reason ? { reasons: [reason], unresolvable: true } : SKIP)
})

it('says of a volume that has gone what is the same for all nodes', () => {
  const view = storage({ data: {} })
  const { message } = run(using('data'), [node('a'), node('b')], {
    storage: { ...view, volumes: { get: () => undefined, list: () => [] } } as unknown as StorageView,
  })
  expect(message).toMatch(/^0\/2 nodes are available: persistentvolume "data" not found\./)
})

it('attaches no more volumes of a driver than the node can have, and counts what pods share once', () => {
  const claims = { one: {}, two: {}, three: {}, later: { bound: false } }
  const nodes = () => [node('a', { on: [using('one', 'two'), using('two')] })]
  const full = { chosen: undefined, reasons: { a: 'node(s) exceed max volume count' } }
  expect(verdicts(using('three'), nodes(), storage(claims, { a: 2 }))).toEqual(full)
  // Its volume will be made by the driver of its class.
  expect(verdicts(using('later'), nodes(), storage(claims, { a: 2 }))).toEqual(full)
  expect(verdicts(using('three'), nodes(), storage(claims, { a: 3 })).chosen).toBe('a')
  expect(verdicts(using('two'), nodes(), storage(claims, { a: 2 })).chosen).toBe('a')
  expect(verdicts(using('three'), nodes(), storage(claims)).chosen).toBe('a')
})

it('counts volumes that are attached though no pod uses them, also those that it wants, and what pods use not twice', () => {
  const claims = { one: {}, two: {}, gone: {} }
  const nodes = () => [node('a', { on: [using('one')] })]
  const limits = { a: 2 }
  expect(verdicts(using('two'), nodes(), storage(claims, limits, ['one', 'gone'])).chosen).toBeUndefined()
  expect(verdicts(using('two'), nodes(), storage(claims, limits, ['one'])).chosen).toBe('a')
  expect(verdicts(using('gone'), nodes(), storage(claims, limits, ['one', 'gone'])).chosen).toBeUndefined()
  expect(verdicts(using('gone'), nodes(), storage(claims, { a: 3 }, ['one', 'gone'])).chosen).toBe('a')
})
