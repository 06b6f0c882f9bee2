// The Role: what may be done inside one namespace. It says nothing about who; that is a binding's to say.

import type { Role as Wire } from 'kubernetes-types/rbac/v1'
import { pathSegmentProblems } from '../apimachinery/names.ts'
import { defineKind, nameColumn } from './define-kind.ts'
import { createdAtColumn, policyRuleErrors, RBAC_GROUP } from './rbac/policy-rules.ts'

export const Role = defineKind<Wire>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  strategy: {
    createsOnUpdate: true,
    nameProblems: pathSegmentProblems,
    validate: ({ rules }) => policyRuleErrors(rules ?? [], { namespaced: true }),
  },
  columns: [nameColumn, createdAtColumn],
})
