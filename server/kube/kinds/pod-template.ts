// The PodTemplate: a template by itself, for whoever makes pods of it. Upstream: kubernetes/pkg/registry/core/podtemplate.

import type { PodTemplate as Wire } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { formatSelector, selectorOfMap } from '../apimachinery/label-selector.ts'
import { defineKind, nameColumn } from './define-kind.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { templateErrors } from './pod-template/pod-validation.ts'
import { templateWarnings } from './pod-template/pod-warnings.ts'

export const PodTemplate = defineKind<Wire>({
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  hasGeneration: true,
  strategy: {
    setDefaults({ template }) {
      if (template?.spec) defaultPodSpec(template.spec)
    },
    prepareForUpdate(next, previous) {
      if (deepEqual(next.template, previous.template)) return
      next.metadata = { ...next.metadata, generation: (previous.metadata?.generation ?? 0) + 1 }
    },
    warnings: ({ metadata, template }, previous) =>
      templateWarnings(
        { ...(metadata && { metadata }), spec: { ...(template && { template }) } },
        previous,
        'template',
      ),
    validate: ({ template }) => templateErrors(template, 'template'),
  },
  columns: [
    nameColumn,
    {
      name: 'Containers',
      description: 'Names of each container in the template.',
      value: ({ template }) => containerNames(template?.spec),
    },
    {
      name: 'Images',
      description: 'Images referenced by each container in the template.',
      value: ({ template }) => containerImages(template?.spec),
    },
    {
      name: 'Pod Labels',
      description: 'The labels for the pod template.',
      value: ({ template }) => formatSelector(selectorOfMap(template?.metadata?.labels)) || '<none>',
    },
  ],
})
