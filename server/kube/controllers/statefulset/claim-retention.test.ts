import type { StatefulSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { OwnerReference } from '../../apimachinery/object-meta.ts'
import { isStale, ownersOf } from './claim-retention.ts'

const set = (whenDeleted: string, whenScaled: string): StatefulSet => ({
  metadata: { name: 'web', uid: 'set' },
  spec: {
    replicas: 2,
    selector: {},
    template: {},
    serviceName: '',
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
  },
})
const pod = (ordinal: number): Pod => ({ metadata: { name: `web-${ordinal}`, uid: `pod-${ordinal}` } })
const owner = (kind: string, name: string, uid: string, controller?: boolean): OwnerReference => ({
  apiVersion: kind === 'StatefulSet' ? 'apps/v1' : 'v1',
  kind,
  name,
  uid,
  ...(controller === undefined ? {} : { controller, blockOwnerDeletion: controller }),
})
const bySet = owner('StatefulSet', 'web', 'set', true)
const byPod = (ordinal: number) => owner('Pod', `web-${ordinal}`, `pod-${ordinal}`, true)

describe('the owners of a disk', () => {
  it.each([
    ['Retain', 'Retain', [], []],
    ['Delete', 'Retain', [bySet], [bySet]],
    ['Retain', 'Delete', [], [byPod(2)]],
    ['Delete', 'Delete', [bySet], [byPod(2)]],
  ])('%s when deleted, %s when scaled', (whenDeleted, whenScaled, kept, scaledAway) => {
    const policy = set(whenDeleted, whenScaled)
    // Whatever they were before, under whichever policy.
    for (const before of [[], [bySet], [owner('StatefulSet', 'web', 'set')]]) {
      expect(ownersOf(policy, { before, pod: pod(0) })).toEqual(kept)
      expect(ownersOf(policy, { before, pod: pod(2) })).toEqual(scaledAway)
    }
    expect(ownersOf(policy, { before: [byPod(2)], pod: pod(2) })).toEqual(scaledAway)
  })

  const other = owner('Backup', 'nightly', 'other')
  const otherController = owner('Backup', 'nightly', 'other', true)
  it.each<{ name: string; before: OwnerReference[]; after: OwnerReference[] }>([
    { name: 'stay beside others', before: [other], after: [other, bySet] },
    { name: 'are none where another controls it', before: [otherController, bySet], after: [otherController] },
    {
      name: 'are left as they are when they are of a set that was',
      before: [owner('StatefulSet', 'web', 'before', true)],
      after: [owner('StatefulSet', 'web', 'before', true)],
    },
    {
      name: 'are left as they are when they are of a pod that was',
      before: [owner('Pod', 'web-0', 'before', true)],
      after: [owner('Pod', 'web-0', 'before', true)],
    },
  ])('$name', ({ before, after }) => {
    expect(ownersOf(set('Delete', 'Delete'), { before, pod: pod(0) })).toEqual(after)
  })

  it('leaves the controller alone that somebody else has given it, where all is kept', () => {
    expect(ownersOf(set('Retain', 'Retain'), { before: [otherController], pod: pod(0) })).toEqual([otherController])
  })
})

it('waits for a disk that goes with the pod before, only where disks go with pods', () => {
  const held = { metadata: { ownerReferences: [byPod(2)] } }
  expect(isStale(set('Retain', 'Delete'), held, 'web-2')).toBe(true)
  expect(isStale(set('Retain', 'Delete'), held, 'web-1')).toBe(false)
  expect(isStale(set('Delete', 'Retain'), held, 'web-2')).toBe(false)
  expect(isStale(set('Retain', 'Delete'), undefined, 'web-2')).toBe(false)
})
