// The same owner named twice is named once, and the sender is told. Upstream: endpoints/handlers/rest.go.

import type { KubeObject, OwnerReference } from '../../apimachinery/object-meta.ts'
import type { RequestContext } from '../request-path/request-context.ts'

/** Mutates. A patch is looked at later than other writes, and the warning says so. */
export function dedupOwners(object: KubeObject, context: RequestContext, verb: 'write' | 'patch'): void {
  const references = object.metadata?.ownerReferences
  if (!references || references.length < 2) return
  const kept: OwnerReference[] = []
  const duplicates: string[] = []
  const seen = new Set<string>()
  for (const reference of references) {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = reference
    const told = JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion])
    if (seen.has(told)) duplicates.push(uid)
    else kept.push(reference)
    seen.add(told)
  }
  if (duplicates.length === 0) return
  object.metadata = { ...object.metadata, ownerReferences: kept }
  const when = verb === 'patch' ? ' after mutating admission happens' : ''
  context.warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${duplicates.join(', ')}`,
  )
}
