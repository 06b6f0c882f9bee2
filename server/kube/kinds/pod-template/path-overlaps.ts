// Files of one volume that are to lie in each other's place: the last one wins, or the volume cannot be made. Upstream:
// pkg/api/pod/warnings.go, warningsForOverlappingVirtualPaths.

import type { Volume, VolumeProjection } from 'kubernetes-types/core/v1'

interface Placed {
  path: string
  /** In a projected volume: what it comes from. */
  source?: string
}
type Items = readonly { path?: string }[]

const quote = (text = '') => JSON.stringify(text)

export function overlapWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap(({ name, configMap, secret, downwardAPI, projected }) => {
    const told = (what: string, placed: readonly Placed[]) =>
      overlaps(placed).map((pair) => `volume ${quote(name)} (${what}): overlapping paths: ${pair}`)
    const sources = projected?.sources ?? []
    return [
      ...told(`ConfigMap ${quote(configMap?.name)}`, placed(configMap?.items)),
      ...told(`Secret ${quote(secret?.secretName)}`, placed(secret?.items)),
      ...told('DownwardAPI', placed(downwardAPI?.items as Items)),
      ...sources
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${quote(name)} (Projected) has no sources provided`),
      ...told('Projected', sources.flatMap(placedBy)),
    ]
  })
}

const placed = (items: Items = [], source?: string): Placed[] =>
  items.map(({ path = '' }) => ({ path, ...(source && { source }) }))

function placedBy({ configMap, secret, downwardAPI, serviceAccountToken, ...other }: VolumeProjection): Placed[] {
  if (configMap?.items) return placed(configMap.items, `ConfigMap ${quote(configMap.name)}`)
  if (secret?.items) return placed(secret.items, `Secret ${quote(secret.name)}`)
  if (downwardAPI?.items) return placed(downwardAPI.items as Items, 'DownwardAPI')
  if (serviceAccountToken) return placed([serviceAccountToken], 'ServiceAccountToken')
  const { clusterTrustBundle: bundle } = other as {
    clusterTrustBundle?: { name?: string; signerName?: string; path: string }
  }
  return bundle ? placed([bundle], `ClusterTrustBundle ${quote(bundle.name ?? bundle.signerName)}`) : []
}

/** Each with those before it: `"a/b" with "a"`. */
function overlaps(all: readonly Placed[]): string[] {
  const trimmed = all
    .map(({ path, source }) => ({ under: `${path.replace(/\/+$/, '')}/`, source }))
    .filter(({ under }) => under !== '/')
  return trimmed.flatMap((one, index) =>
    trimmed
      .slice(0, index)
      .filter(({ under }) => under.startsWith(one.under) || one.under.startsWith(under))
      .map((other) => `${shown(one)} with ${shown(other)}`),
  )
}

const shown = ({ under, source }: { under: string; source: string | undefined }): string =>
  source === undefined ? quote(under.slice(0, -1)) : `${quote(under.slice(0, -1))} (${source})`
