// Which authorizers are asked, and what each must know from outside.

import type { AbacPolicy } from './abac.ts'
import type { WebhookAuthorizerOptions } from './webhook-authorizer.ts'

export type AuthorizerSettings =
  | { type: 'Node' | 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny' }
  | { type: 'ABAC'; policies: AbacPolicy[] }
  | { type: 'Webhook'; webhook: WebhookAuthorizerOptions }

/** Asked in this order. */
export type AuthorizationSettings = readonly AuthorizerSettings[]

export const NODE_AND_RBAC: AuthorizationSettings = [{ type: 'Node' }, { type: 'RBAC' }]
