// The RuntimeClass: how a node runs a pod's containers. Upstream: kubernetes/pkg/registry/node/runtimeclass.

import type { RuntimeClass as Wire } from 'kubernetes-types/node/v1'
import { immutable, problemsAt } from '../apimachinery/field-checks.ts'
import { dnsLabelProblems, labelKeyProblems, labelValueProblems } from '../apimachinery/names.ts'
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
      ...problemsAt('handler', handler, dnsLabelProblems(handler)),
      // Upstream looks at it as at the limits of a container, and says so.
      ...resourceErrors({ limits: overhead?.podFixed ?? {} }, 'overhead', []),
      ...Object.entries(scheduling?.nodeSelector ?? {}).flatMap(([key, value]) => [
        ...problemsAt('scheduling.nodeSelector', key, labelKeyProblems(key)),
        ...problemsAt('scheduling.nodeSelector', value, labelValueProblems(value)),
      ]),
      ...tolerationErrors(scheduling?.tolerations ?? [], 'scheduling.tolerations'),
    ],
    validateUpdate: (next, previous) => immutable('handler', next.handler, previous.handler),
  },
  columns: [nameColumn, { name: 'Handler', value: ({ handler }) => handler }, ageColumn],
})
