// The RoleBinding: who has a role inside one namespace.

import type { RoleBinding as Wire } from 'kubernetes-types/rbac/v1'
import { defineKind } from './define-kind.ts'
import { bindingColumns, bindingStrategy } from './rbac/bindings.ts'
import { RBAC_GROUP } from './rbac/policy-rules.ts'

export const RoleBinding = defineKind<Wire>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  strategy: bindingStrategy({ namespaced: true, roleKinds: ['Role', 'ClusterRole'] }),
  columns: bindingColumns('roleBinding'),
})
