import type { PersistentVolumeClaim as Claim, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { expect, it } from 'vitest'
import { SELECTED_NODE } from '../../kinds/storage/volume-binding.ts'
import { StorageView } from '../storage-view.ts'
import { node, pod, run } from '../testing/pods-and-nodes.ts'
import { DEFAULT_ARGUMENTS } from './index.ts'
import { volumeBinding } from './volume-binding.ts'

interface Told {
  /** Claims that wait for their consumer: how much they ask for, and for which node their volume is being made. */
  claims: Record<string, { size: number; selected?: string }>
  /** How large they are, and the node from which alone they are reached. */
  volumes?: Record<string, { size: number; at?: string }>
  /** What the driver has for the class, by node. */
  room?: Record<string, { capacity?: number; maximumVolumeSize?: number }>
  /** Whether the driver keeps count. */
  counts?: boolean
  provisioner?: string
}

const size = (gi: number) => ({ storage: `${gi}Gi` })
const only = <T>(known: Record<string, T>) => ({
  get: (key: string) => known[key.slice(key.indexOf('/') + 1)],
  list: () => Object.values(known),
  addIndex: () => undefined,
})
const heard = <T>(known: Record<string, T>) => ({ cache: only(known), addHandler: () => undefined })
const mapped = <T, R>(from: Record<string, T>, to: (name: string, told: T) => R) =>
  Object.fromEntries(Object.entries(from).map(([name, told]) => [name, to(name, told)]))

function storage({ claims, volumes = {}, room = {}, counts = true, provisioner = 'disks' }: Told): StorageView {
  const at = (name: string): Volume['spec'] => ({
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }],
      },
    },
  })
  const storageClass: StorageClass = {
    metadata: { name: 'slow' },
    provisioner,
    volumeBindingMode: 'WaitForFirstConsumer',
  }
  return new StorageView({
    claims: heard(
      mapped(
        claims,
        (name, told): Claim => ({
          metadata: {
            name,
            namespace: 'default',
            uid: name,
            annotations: told.selected ? { [SELECTED_NODE]: told.selected } : {},
          },
          spec: {
            storageClassName: 'slow',
            accessModes: ['ReadWriteOnce'],
            resources: { requests: size(told.size) },
          },
        }),
      ),
    ),
    volumes: heard(
      mapped(
        volumes,
        (name, told): Volume => ({
          metadata: { name },
          spec: {
            storageClassName: 'slow',
            accessModes: ['ReadWriteOnce'],
            capacity: size(told.size),
            ...(told.at ? at(told.at) : {}),
          },
          status: { phase: 'Available' },
        }),
      ),
    ),
    classes: heard({ slow: storageClass }),
    csiNodes: heard({}),
    attachments: heard({}),
    drivers: heard({ disks: { spec: { storageCapacity: counts } } }),
    capacities: heard(
      mapped(room, (name, { capacity, maximumVolumeSize }) => ({
        storageClassName: 'slow',
        nodeTopology: { matchLabels: { 'kubernetes.io/hostname': name } },
        ...(capacity === undefined ? {} : { capacity: `${capacity}Gi` }),
        ...(maximumVolumeSize === undefined ? {} : { maximumVolumeSize: `${maximumVolumeSize}Gi` }),
      })),
    ),
  } as unknown as ConstructorParameters<typeof StorageView>[0])
}

const using = (...names: string[]): Pod =>
  pod({ volumes: names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })) })
const NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
const NO_ROOM = 'node(s) did not have enough free storage'
const refusals = (what: Pod, view: StorageView) =>
  Object.fromEntries(
    Array.from(run(what, [node('a'), node('b')], { storage: view }).rejections, ([name, { reasons }]) => [
      name,
      reasons.join(),
    ]),
  )
const WANTED = { data: { size: 5 } }

it.each<[string, Told, Record<string, string>]>([
  ['has room for it', { claims: WANTED, room: { a: { capacity: 5 }, b: { capacity: 4 } } }, { b: NO_ROOM }],
  ['says nothing of how much it has there', { claims: WANTED, room: { b: {} } }, { a: NO_ROOM, b: NO_ROOM }],
  [
    'has room, but for no volume as large',
    { claims: WANTED, room: { a: { capacity: 9, maximumVolumeSize: 4 }, b: { capacity: 9, maximumVolumeSize: 5 } } },
    { a: NO_ROOM },
  ],
  ['does not keep count', { claims: WANTED, counts: false }, {}],
  ['is another, that is no driver', { claims: WANTED, provisioner: 'scripts' }, {}],
  [
    'is full, where a volume lies ready',
    { claims: WANTED, volumes: { ready: { size: 5, at: 'a' } }, room: {} },
    { b: NO_ROOM },
  ],
])('asks for a volume where its driver %s', (_, told, expected) => {
  expect(refusals(using('data'), storage(told))).toEqual(expected)
})

it('stays with the node that a volume is being made for', () => {
  expect(refusals(using('data'), storage({ claims: { data: { size: 1, selected: 'b' } }, counts: false }))).toEqual({
    a: NO_VOLUME,
  })
})

it('lets claims choose that ask for little first, in whatever order the pod names them', () => {
  const claims = { large: { size: 2 }, small: { size: 1 } }
  const volumes = { two: { size: 2 }, three: { size: 3 } }
  const view = storage({ claims, volumes, provisioner: 'kubernetes.io/no-provisioner' })
  const what = using('large', 'small')
  const { state } = run(what, [node('a')], { storage: view })
  volumeBinding(view, DEFAULT_ARGUMENTS.VolumeBinding).reserve?.(state, what, 'a')
  expect(Object.fromEntries(view.promisedVolumes)).toEqual({ two: 'small', three: 'large' })
})

it('counts for pods with the same claim on what one of them was promised', () => {
  const volumes = { one: { size: 2, at: 'a' }, two: { size: 2, at: 'b' } }
  const view = storage({ claims: { data: { size: 1 } }, volumes, provisioner: 'kubernetes.io/no-provisioner' })
  const first = using('data')
  const { state, chosen } = run(first, [node('a')], { storage: view })
  volumeBinding(view, DEFAULT_ARGUMENTS.VolumeBinding).reserve?.(state, first, chosen ?? '')
  expect(refusals(using('data'), view)).toEqual({ b: NO_VOLUME })
  volumeBinding(view, DEFAULT_ARGUMENTS.VolumeBinding).unreserve?.(state, first, chosen ?? '')
  expect(refusals(using('data'), view)).toEqual({})

  const made = storage({ claims: { data: { size: 1 } }, counts: false })
  const there = run(first, [node('b')], { storage: made })
  volumeBinding(made, DEFAULT_ARGUMENTS.VolumeBinding).reserve?.(there.state, first, 'b')
  expect(refusals(using('data'), made)).toEqual({ a: NO_VOLUME })
})
