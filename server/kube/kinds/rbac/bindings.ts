// What RoleBinding and ClusterRoleBinding have in common: whom they bind, and to which role.
// Upstream: kubernetes/pkg/apis/rbac/{v1/defaults.go,validation/validation.go}.

import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from 'kubernetes-types/rbac/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { dnsSubdomainProblems, pathSegmentProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { ageColumn, type Column, nameColumn, type Strategy } from '../define-kind.ts'
import { RBAC_GROUP } from './policy-rules.ts'

type Binding = RoleBinding | ClusterRoleBinding

export function bindingStrategy<T extends Binding>(told: { namespaced: boolean; roleKinds: string[] }): Strategy<T> {
  return {
    createsOnUpdate: true,
    nameProblems: pathSegmentProblems,
    setDefaults({ roleRef, subjects }) {
      if (roleRef) roleRef.apiGroup ||= RBAC_GROUP
      for (const subject of subjects ?? []) {
        if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = RBAC_GROUP
      }
    },
    validate: ({ roleRef, subjects }) => [
      ...roleRefErrors(roleRef, told.roleKinds),
      ...(subjects ?? []).flatMap((subject, index) => subjectErrors(subject, `subjects[${index}]`, told.namespaced)),
    ],
    // Whoever may edit a binding's subjects must not be able to make it a stronger role.
    validateUpdate(next, previous) {
      if (deepEqual(next.roleRef, previous.roleRef)) return []
      // Upstream shows its own form, whose names are Go's.
      const { apiGroup = '', kind = '', name = '' } = (next.roleRef ?? {}) as Partial<RoleRef>
      const inGo = { APIGroup: apiGroup, Kind: kind, Name: name }
      return [fieldError.invalid('roleRef', inGo, 'cannot change roleRef')]
    },
  }
}

function roleRefErrors(roleRef: RoleRef | undefined, kinds: string[]): FieldError[] {
  const { apiGroup = '', kind = '', name = '' } = roleRef ?? {}
  const errors: FieldError[] = []
  if (apiGroup !== RBAC_GROUP) errors.push(fieldError.notSupported('roleRef.apiGroup', apiGroup, [RBAC_GROUP]))
  if (!kinds.includes(kind)) errors.push(fieldError.notSupported('roleRef.kind', kind, kinds))
  if (!name) errors.push(fieldError.required('roleRef.name'))
  else for (const problem of pathSegmentProblems(name)) errors.push(fieldError.invalid('roleRef.name', name, problem))
  return errors
}

function subjectErrors(subject: Subject, at: string, namespaced: boolean): FieldError[] {
  const { kind, name, apiGroup = '', namespace } = subject
  const errors = name ? [] : [fieldError.required(`${at}.name`)]
  switch (kind) {
    case 'ServiceAccount':
      for (const problem of name ? dnsSubdomainProblems(name) : []) {
        errors.push(fieldError.invalid(`${at}.name`, name, problem))
      }
      if (apiGroup !== '') errors.push(fieldError.notSupported(`${at}.apiGroup`, apiGroup, ['']))
      if (!namespaced && !namespace) errors.push(fieldError.required(`${at}.namespace`))
      return errors
    case 'User':
    case 'Group':
      if (apiGroup !== RBAC_GROUP) errors.push(fieldError.notSupported(`${at}.apiGroup`, apiGroup, [RBAC_GROUP]))
      return errors
    default:
      return [...errors, fieldError.notSupported(`${at}.kind`, kind, ['ServiceAccount', 'User', 'Group'])]
  }
}

const named = (subjects: readonly Subject[] | undefined, kind: string) =>
  (subjects ?? []).filter((subject) => subject.kind === kind)

/** `kind`: as the texts of its columns call it. */
export const bindingColumns = (kind: string): readonly Column<Binding>[] => [
  nameColumn,
  { name: 'Role', field: 'roleRef', value: ({ roleRef }) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}` },
  ageColumn,
  {
    name: 'Users',
    description: `Users in the ${kind}`,
    priority: 1,
    value: ({ subjects }) => joined(named(subjects, 'User').map(({ name }) => name)),
  },
  {
    name: 'Groups',
    description: `Groups in the ${kind}`,
    priority: 1,
    value: ({ subjects }) => joined(named(subjects, 'Group').map(({ name }) => name)),
  },
  {
    name: 'ServiceAccounts',
    description: `ServiceAccounts in the ${kind}`,
    priority: 1,
    value: ({ subjects }) =>
      joined(named(subjects, 'ServiceAccount').map(({ namespace = '', name }) => `${namespace}/${name}`)),
  },
]

const joined = (names: string[]) => names.join(', ')
