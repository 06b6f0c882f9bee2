import type { PersistentVolumeClaim as Claim, Node, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { findVolume, mismatch } from './volume-binding.ts'

const claimOf = (spec: object = {}): Claim => ({
  metadata: { namespace: 'default', name: 'data', uid: 'u1' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    resources: { requests: { storage: '5Gi' } },
    ...spec,
  },
})
const volumeOf = (name: string, spec: object = {}, told: object = {}): Volume => ({
  metadata: { name, labels: { tier: name } },
  spec: { capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'fast', ...spec },
  status: { phase: 'Available' },
  ...told,
})
const inZone = (zone: string) => ({
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }] },
  },
})
const reserved = { claimRef: { namespace: 'default', name: 'data' } }
const node: Node = { metadata: { name: 'n', labels: { zone: 'a' } } }

describe('the volume for a claim', () => {
  it.each<[string, Volume[], Parameters<typeof findVolume>[2], string | undefined]>([
    [
      'is the smallest that is large enough',
      [
        volumeOf('huge', { capacity: { storage: '1Ti' } }),
        volumeOf('good'),
        volumeOf('small', { capacity: { storage: '4Gi' } }),
      ],
      {},
      'good',
    ],
    [
      'before all the one that was reserved',
      [
        volumeOf('good', { capacity: { storage: '5Gi' } }),
        volumeOf('mine', { capacity: { storage: '1Ti' }, ...reserved }),
      ],
      {},
      'mine',
    ],
    [
      'is none that is reserved for another',
      [volumeOf('a', { claimRef: { namespace: 'x', name: 'data' } })],
      {},
      undefined,
    ],
    ['is none of another class', [volumeOf('a', { storageClassName: 'slow' })], {}, undefined],
    ['is none of another mode', [volumeOf('a', { volumeMode: 'Block' })], {}, undefined],
    ['is none with other attributes', [volumeOf('a', { volumeAttributesClassName: 'fast' })], {}, undefined],
    ['is none that only reads', [volumeOf('a', { accessModes: ['ReadOnlyMany'] })], {}, undefined],
    [
      'can rather do little more than is asked',
      [volumeOf('a', { accessModes: ['ReadWriteOnce', 'ReadWriteMany'], capacity: { storage: '5Gi' } }), volumeOf('b')],
      {},
      'b',
    ],
    ['is none that is bound or goes', [volumeOf('a', {}, { status: { phase: 'Released' } })], {}, undefined],
    ['is none that was promised', [volumeOf('a')], { isTaken: (name: string) => name === 'a' }, undefined],
    ['is left to the scheduler where that is asked', [volumeOf('a')], { isDelayed: true }, undefined],
    ['unless it is reserved', [volumeOf('a', reserved)], { isDelayed: true }, 'a'],
    ['is one that the node reaches', [volumeOf('a', inZone('b')), volumeOf('b', inZone('a'))], { node }, 'b'],
    [
      'is none if the reserved one is out of reach',
      [volumeOf('a', { ...inZone('b'), ...reserved }), volumeOf('b')],
      { node },
      undefined,
    ],
  ])('%s', (_what, volumes, options, expected) => {
    expect(findVolume(claimOf(), volumes, options)?.metadata?.name).toBe(expected)
  })

  it('has the labels that are asked for', () => {
    const claim = claimOf({ selector: { matchLabels: { tier: 'b' } } })
    expect(findVolume(claim, [volumeOf('a'), volumeOf('b')])?.metadata?.name).toBe('b')
  })

  it.each([
    [{ capacity: { storage: '1Gi' } }, 'requested PV is too small'],
    [{ volumeAttributesClassName: 'fast' }, 'volumeAttributesClassName does not match'],
    [{ storageClassName: 'slow' }, 'storageClassName does not match'],
    [{ volumeMode: 'Block' }, 'incompatible volumeMode'],
    [{ accessModes: ['ReadOnlyMany'] }, 'incompatible accessMode'],
    [{}, undefined],
  ])('cannot be named when it is %j', (spec, why) => {
    expect(mismatch(volumeOf('a', spec), claimOf())).toBe(why)
  })
})
