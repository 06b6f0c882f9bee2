// The chain, in order. RBAC will stand between the built-in identities and the end.

import type { Authorizer } from './authorizer.ts'
import { controlPlane, everybody, superusers } from './built-in-identities.ts'
import { nodeAuthorizer } from './node-authorizer.ts'

export function authorizers(told: {
  nodeOfPod(namespace: string, name: string): string | undefined
}): readonly Authorizer[] {
  return [superusers, controlPlane, nodeAuthorizer(told.nodeOfPod), everybody]
}
