// The RuntimeClass: how a node runs a pod's containers. Upstream: kubernetes/pkg/registry/node/runtimeclass.

import type { Toleration } from 'kubernetes-types/core/v1'
import type { RuntimeClass as Wire } from 'kubernetes-types/node/v1'
import { immutable, labelsErrors, problemsAt, repetition } from '../apimachinery/field-checks.ts'
import { dnsLabelProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { nodeLabelWarning } from './pod-template/node-label-warnings.ts'
import { tolerationErrors } from './pod-template/pod-validation.ts'
import { resourceErrors } from './pod-template/resources.ts'

export const RuntimeClass = defineKind<Wire>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  strategy: {
    requiresResourceVersion: true,
    createsOnUpdate: true,
    warnings: ({ scheduling }) =>
      Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
        const why = nodeLabelWarning(key)
        return why ? [`scheduling.nodeSelector: ${why}`] : []
      }),
    validate: ({ handler = '', overhead, scheduling }) => [
      ...(handler ? problemsAt('handler', handler, dnsLabelProblems(handler)) : [fieldError.required('handler')]),
      // Upstream looks at it as at the limits of a container, and says so.
      ...resourceErrors({ limits: overhead?.podFixed ?? {} }, 'overhead', []),
      ...labelsErrors('scheduling.nodeSelector', scheduling?.nodeSelector),
      ...tolerationErrors(scheduling?.tolerations ?? [], 'scheduling.tolerations'),
      ...repeatedTolerations(scheduling?.tolerations ?? []),
    ],
    validateUpdate: (next, previous) => immutable('handler', next.handler, previous.handler),
  },
  columns: [nameColumn, { name: 'Handler', value: ({ handler }) => handler }, ageColumn],
})

/** Upstream shows its own form of what is told twice, whose names are Go's. */
function repeatedTolerations(tolerations: readonly Toleration[]): FieldError[] {
  const isRepeated = repetition()
  return tolerations.flatMap(
    ({ key = '', operator = '', value = '', effect = '', tolerationSeconds = null }, index) => {
      const shown = { Key: key, Operator: operator, Value: value, Effect: effect }
      if (!isRepeated(JSON.stringify(shown))) return []
      return [
        fieldError.duplicate(`scheduling.tolerations[${index}]`, { ...shown, TolerationSeconds: tolerationSeconds }),
      ]
    },
  )
}
