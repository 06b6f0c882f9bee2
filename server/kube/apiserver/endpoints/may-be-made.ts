// Whether an object may be made by a request that would change it if it were there: an apply, or a PUT of some kinds.
// Upstream: apiserver/pkg/endpoints/handlers/create.go withAuthorization.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { badRequest, conflict, forbidden } from '../../apimachinery/status-error.ts'
import { type Authorizer, authorizeBy, forbiddenMessage } from '../authorization/authorizer.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'

/** When others make and delete it meanwhile. Of a body without a resourceVersion: with one, the registry refuses the second. */
export const ATTEMPTS = 5

interface Asked {
  context: RequestContext
  info: RequestInfo
  authorizers: readonly Authorizer[]
}

/** Who may change what is there may not yet make it. */
export async function assertMayBeMade({ context, info, authorizers }: Asked, object: KubeObject): Promise<void> {
  const { name, uid } = object.metadata ?? {}
  const resource = { group: info.group, resource: info.resource }
  if (uid) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw conflict(resource, info.name, why)
  }
  if (!name) {
    throw badRequest(`the name of the object (${info.name} based on URL) was undeterminable: name must be provided`)
  }
  const asked = { ...info, verb: 'create' }
  if ((await authorizeBy(authorizers, context.user, asked)).decision !== 'allow') {
    throw forbidden(resource, name, forbiddenMessage(context.user, asked))
  }
}
