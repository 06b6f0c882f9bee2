// What a Deployment and its ReplicaSets tell about revisions, in annotations: `kubectl rollout history` and `undo`
// read them. Upstream: kubernetes/pkg/controller/deployment/util/deployment_util.go.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1'

export const REVISION = 'deployment.kubernetes.io/revision'
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

/** These speak of the object they are on, so a ReplicaSet has its own or none. */
const NOT_INHERITED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
])

const MAX_HISTORY_LENGTH = 2000

type Annotations = Readonly<Record<string, string>>

/** Of 64 bits, and who brings ReplicaSets of their own may begin anywhere. */
const revisionIn = (annotations: Annotations | undefined): bigint => {
  const text = annotations?.[REVISION]
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : 0n
}

export const revisionOfReplicaSet = ({ metadata }: ReplicaSet): bigint => revisionIn(metadata?.annotations)

export const maxRevision = (replicaSets: readonly ReplicaSet[]): bigint =>
  [0n, ...replicaSets.map(revisionOfReplicaSet)].sort((a, b) => (a < b ? -1 : 1)).at(-1) ?? 0n

/** A size that somebody else wrote and that cannot be one is none. */
export function numberIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name]
  return text !== undefined && /^\d+$/.test(text) && Number(text) <= 2147483647 ? Number(text) : undefined
}

/** The annotations that the newest ReplicaSet should have; the very same object when it has them. */
export function annotationsForNewest(deployment: Deployment, current: Annotations, revision: bigint): Annotations {
  const next: Record<string, string> = { ...current }
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!NOT_INHERITED.has(key)) next[key] = value
  }
  const before = current[REVISION]
  // Only ever forward: an older Deployment in our cache must not set it back.
  if (revisionIn(current) < revision) {
    next[REVISION] = String(revision)
    if (before) next[REVISION_HISTORY] = appendHistory(current[REVISION_HISTORY], before)
  }
  return sameAnnotations(next, current) ? current : next
}

/** A rollback brings an old ReplicaSet back under a new number; its earlier ones stay readable. */
function appendHistory(history: string | undefined, revision: string): string {
  const revisions = history ? [...history.split(','), revision] : [revision]
  while (revisions.join(',').length > MAX_HISTORY_LENGTH) revisions.shift()
  return revisions.join(',')
}

/** What the size was meant to be when it was set: proportional scaling counts from there. */
export function sizeAnnotations(desired: number, max: number): Annotations {
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(max) }
}

export function sameAnnotations(a: Annotations, b: Annotations): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
