// The ClusterRoleBinding: who has a role everywhere.

import type { ClusterRoleBinding as Wire } from 'kubernetes-types/rbac/v1'
import { defineKind } from './define-kind.ts'
import { bindingColumns, bindingStrategy } from './rbac/bindings.ts'
import { RBAC_GROUP } from './rbac/policy-rules.ts'

export const ClusterRoleBinding = defineKind<Wire>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  strategy: bindingStrategy({ namespaced: false, roleKinds: ['ClusterRole'] }),
  columns: bindingColumns('clusterRoleBinding'),
})
