// The PriorityClass: how important a pod is. Upstream: kubernetes/pkg/apis/scheduling/{helpers.go,validation}.

import type { PriorityClass as Wire } from 'kubernetes-types/scheduling/v1'
import { immutable, oneOf } from '../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const PREFIX = 'system-'
const HIGHEST_OF_USERS = 1_000_000_000
const POLICIES = ['PreemptLowerPriority', 'Never']

/** Those that every cluster has, and nobody may make otherwise. */
export const SYSTEM_PRIORITY_CLASSES = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2 * HIGHEST_OF_USERS + 1000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2 * HIGHEST_OF_USERS,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
] as const

export const PriorityClass = defineKind<Wire>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  hasGeneration: true,
  strategy: {
    setDefaults(priorityClass) {
      priorityClass.preemptionPolicy ??= 'PreemptLowerPriority'
    },
    validateCreate(priorityClass) {
      const { metadata, value = 0, preemptionPolicy } = priorityClass
      const errors: FieldError[] = []
      if (metadata?.name?.startsWith(PREFIX)) {
        const problem = systemProblem(priorityClass)
        const reserved = `priority class names with '${PREFIX}' prefix are reserved for system use only. error: `
        if (problem) errors.push(fieldError.forbidden('metadata.name', reserved + problem))
      } else if (value > HIGHEST_OF_USERS) {
        const why = `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`
        errors.push(fieldError.forbidden('value', why))
      }
      if (preemptionPolicy === undefined) return errors
      return preemptionPolicy === ''
        ? [...errors, fieldError.required('preemptionPolicy')]
        : [...errors, ...oneOf('preemptionPolicy', preemptionPolicy, POLICIES)]
    },
    validateUpdate: (next, previous) => [
      ...((next.value ?? 0) === (previous.value ?? 0)
        ? []
        : [fieldError.forbidden('value', 'may not be changed in an update.')]),
      ...immutable('preemptionPolicy', next.preemptionPolicy, previous.preemptionPolicy),
    ],
  },
  columns: [
    nameColumn,
    { name: 'Value', field: 'value', type: 'integer', value: ({ value }) => value ?? 0 },
    {
      name: 'Global-Default',
      type: 'boolean',
      field: 'globalDefault',
      value: ({ globalDefault }) => globalDefault ?? false,
    },
    ageColumn,
    { name: 'PreemptionPolicy', field: 'preemptionPolicy', value: ({ preemptionPolicy }) => preemptionPolicy ?? '' },
  ],
})

function systemProblem({ metadata, value = 0, globalDefault = false }: Wire): string | undefined {
  const name = metadata?.name ?? ''
  const known = SYSTEM_PRIORITY_CLASSES.find((one) => one.metadata.name === name)
  if (!known) return `${name} is not a known system priority class`
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}
