// The ClusterRole: what may be done everywhere, or, bound by a RoleBinding, in one namespace. With an aggregationRule
// its rules are gathered from others by a loop. Upstream: kubernetes/pkg/registry/rbac/clusterrole.

import type { ClusterRole as Wire } from 'kubernetes-types/rbac/v1'
import { type LabelSelector, labelSelectorErrors } from '../apimachinery/label-selector.ts'
import { pathSegmentProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { defineKind, nameColumn } from './define-kind.ts'
import { createdAtColumn, policyRuleErrors, RBAC_GROUP } from './rbac/policy-rules.ts'

export const ClusterRole = defineKind<Wire>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  strategy: {
    createsOnUpdate: true,
    nameProblems: pathSegmentProblems,
    validate: ({ rules, aggregationRule }) => [
      ...policyRuleErrors(rules ?? [], { namespaced: false }),
      ...(aggregationRule ? aggregationErrors(aggregationRule) : []),
    ],
  },
  columns: [nameColumn, createdAtColumn],
})

function aggregationErrors({ clusterRoleSelectors = [] }: NonNullable<Wire['aggregationRule']>): FieldError[] {
  const at = 'aggregationRule.clusterRoleSelectors'
  if (clusterRoleSelectors.length === 0) {
    return [fieldError.required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil')]
  }
  return clusterRoleSelectors.flatMap((selector, index) => {
    const here = `${at}[${index}]`
    const errors = labelSelectorErrors(selector as LabelSelector, here)
    // Upstream says it once more, and shows what has not become of it.
    return errors.length > 0 ? [...errors, fieldError.invalid(here, null, 'invalid label selector.')] : []
  })
}
