// What Role and ClusterRole have in common: their rules. Upstream: kubernetes/pkg/apis/rbac/validation/validation.go.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { Column } from '../define-kind.ts'

export const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** `namespaced`: rules of a Role, which can never reach a path. */
export function policyRuleErrors(rules: readonly PolicyRule[], { namespaced }: { namespaced: boolean }): FieldError[] {
  return rules.flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`, namespaced))
}

function ruleErrors(rule: PolicyRule, at: string, namespaced: boolean): FieldError[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const errors: FieldError[] = []
  if (!verbs?.length) errors.push(fieldError.required(`${at}.verbs`, 'verbs must contain at least one value'))
  if (nonResourceURLs.length > 0) {
    const refuse = (why: string) => errors.push(fieldError.invalid(`${at}.nonResourceURLs`, nonResourceURLs, why))
    if (namespaced) refuse('namespaced rules cannot apply to non-resource URLs')
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      refuse('rules cannot apply to both regular resources and non-resource URLs')
    }
    return errors
  }
  if (apiGroups.length === 0) {
    errors.push(fieldError.required(`${at}.apiGroups`, 'resource rules must supply at least one api group'))
  }
  if (resources.length === 0) {
    errors.push(fieldError.required(`${at}.resources`, 'resource rules must supply at least one resource'))
  }
  return errors
}

/** Roles are shown with the moment they were made, and not with their age. */
export const createdAtColumn: Column<KubeObject> = {
  name: 'Created At',
  type: 'date',
  field: 'metadata.creationTimestamp',
  value: ({ metadata }) => metadata?.creationTimestamp ?? '<unknown>',
}
