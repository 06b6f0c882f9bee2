// Volumes that lie in a zone or region are for nodes there. Upstream: plugins/volumezone.

import { deepEqual } from '../../apimachinery/deep.ts'
import { type Plugin, rejectForGood, SKIP } from '../framework.ts'
import { claimsOf } from '../pod-claims.ts'
import type { StorageView } from '../storage-view.ts'

const NAME = 'VolumeZone'
/** With the older name of each; a volume may have one and the node the other. */
const ZONE = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'] as const
const REGION = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'] as const
const LABELS = new Map<string, readonly string[]>([
  ...ZONE.map((name) => [name, ZONE] as const),
  ...REGION.map((name) => [name, REGION] as const),
])

interface Place {
  /** Names of the label, of which the node has one. */
  labels: readonly string[]
  values: ReadonlySet<string>
}

export function volumeZone(storage: StorageView): Plugin {
  return {
    name: NAME,
    preFilter(state, pod) {
      const claims = claimsOf(pod)
      const lost = claims.map(({ key }) => volumeOf(storage, key)).find(({ name, volume }) => name && !volume)
      if (lost) return rejectForGood(`persistentvolume "${lost.name}" not found`)
      const places = claims.flatMap(({ key }) => placesOf(storage, key))
      if (places.length === 0) return SKIP
      state.set(NAME, places)
      return undefined
    },
    filter(state, _, { labels: ofNode }) {
      // A node that says nothing of zones is in none, and may have all.
      if (![...LABELS.keys()].some((name) => name in ofNode)) return undefined
      const isThere = ({ labels, values }: Place) =>
        values.has(ofNode[labels.find((name) => name in ofNode) ?? ''] ?? '')
      return (state.get(NAME) as Place[]).every(isThere)
        ? undefined
        : rejectForGood('node(s) had no available volume zone')
    },
    wokenBy: ['node-added', 'node-updated', 'storage-changed'],
    mayHelp: (event) =>
      event.type !== 'node-updated' || !deepEqual(event.node.metadata?.labels, event.previous.metadata?.labels),
  }
}

function volumeOf(storage: StorageView, claim: string) {
  const name = storage.claims.get(claim)?.spec?.volumeName
  return { name, volume: name ? storage.volumes.get(name) : undefined }
}

/** A volume that is in several zones names them with two underscores between. */
function placesOf(storage: StorageView, claim: string): Place[] {
  const { volume } = volumeOf(storage, claim)
  return Object.entries(volume?.metadata?.labels ?? {}).flatMap(([name, value]) => {
    const labels = LABELS.get(name)
    return labels ? [{ labels: [name, ...labels], values: new Set(value.split('__')) }] : []
  })
}
