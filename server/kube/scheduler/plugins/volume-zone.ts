// Volumes that lie in a zone or region are for nodes there. Upstream: plugins/volumezone.

import type { PersistentVolumeClaim as Claim, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { waitsForConsumer } from '../../kinds/storage/volume-binding.ts'
import { storageClassOf } from '../../kinds/storage/volumes.ts'
import { hasOtherLabels } from '../cluster-event.ts'
import { type Plugin, rejectForGood, SKIP } from '../framework.ts'
import { claimNotFound, namedClaimsOf } from '../pod-claims.ts'
import type { StorageView } from '../storage-view.ts'

const NAME = 'VolumeZone'
const ZONE = 'topology.kubernetes.io/zone'
const REGION = 'topology.kubernetes.io/region'
/** By the names that a volume may have them under, the newer name of each: a node that lacks the older may have that. */
const LABELS = new Map<string, string>([
  [ZONE, ZONE],
  [REGION, REGION],
  ['failure-domain.beta.kubernetes.io/zone', ZONE],
  ['failure-domain.beta.kubernetes.io/region', REGION],
])

interface Place {
  label: string
  values: ReadonlySet<string>
}

export function volumeZone(storage: StorageView): Plugin {
  return {
    name: NAME,
    preFilter(state, pod) {
      const places: Place[] = []
      for (const key of namedClaimsOf(pod)) {
        const found = placesOf(storage, key)
        if (typeof found === 'string') return rejectForGood(found)
        places.push(...found)
      }
      if (places.length === 0) return SKIP
      state.set(NAME, places)
      return undefined
    },
    filter(state, _, { labels: ofNode }) {
      // A node that says nothing of zones is in none, and may have all.
      if (![...LABELS.keys()].some((name) => name in ofNode)) return undefined
      const isThere = ({ label, values }: Place) =>
        values.has(ofNode[label in ofNode ? label : (LABELS.get(label) ?? '')] ?? '')
      return (state.get(NAME) as Place[]).every(isThere)
        ? undefined
        : rejectForGood('node(s) had no available volume zone')
    },
    wokenBy: ['node-added', 'node-updated', 'volume-claim-changed', 'volume-changed', 'storage-class-changed'],
    mayHelp(event, pod) {
      if (event.type === 'node-updated') return hasOtherLabels(event.node, event.previous)
      if (event.type === 'volume-claim-changed') return namedClaimsOf(pod).includes(keyOf(event.object))
      if (event.type === 'storage-class-changed') return !event.previous && waitsForConsumer(event.object)
      if (event.type !== 'volume-changed' || !event.previous) return true
      return !deepEqual(zonesOf(event.object), zonesOf(event.previous))
    },
  }
}

/** Where the claim's volume is, or why nobody knows; nowhere in particular while it waits for the pod to have a node. */
function placesOf(storage: StorageView, key: string): Place[] | string {
  const claim = storage.claims.get(key)
  if (!claim) return claimNotFound(key)
  const name = claim.spec?.volumeName
  if (!name) return waitsForConsumer(storage.classOf(claim)) ? [] : whyUnbound(storage, claim)
  const volume = storage.volumes.get(name)
  return volume ? placesOfVolume(volume) : `persistentvolume "${name}" not found`
}

function whyUnbound(storage: StorageView, claim: Claim): string {
  const name = storageClassOf(claim)
  if (!name) return 'PersistentVolumeClaim had no pv name and storageClass name'
  const found = storage.classOf(claim)
  if (!found) return `storageclasses.storage.k8s.io "${name}" not found`
  return found.volumeBindingMode
    ? 'PersistentVolume had no name'
    : `VolumeBindingMode not set for StorageClass "${name}"`
}

const zonesOf = ({ metadata }: Volume) => Array.from(LABELS.keys(), (name) => metadata?.labels?.[name])

/** A volume that is in several zones names them with two underscores between. */
const placesOfVolume = ({ metadata }: Volume): Place[] =>
  Object.entries(metadata?.labels ?? {}).flatMap(([label, value]) =>
    LABELS.has(label) ? [{ label, values: new Set(value.split('__')) }] : [],
  )
