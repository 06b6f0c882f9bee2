// The ControllerRevision: what a StatefulSet or DaemonSet was, to go back to. Upstream: kubernetes/pkg/registry/apps/controllerrevision.

import type { ControllerRevision as Wire } from 'kubernetes-types/apps/v1'
import { fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { immutableErrors } from './immutable.ts'
import { notNegative } from './int-or-percent.ts'

export const ControllerRevision = defineKind<Wire>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  strategy: {
    validate: ({ revision }) => notNegative('revision', revision),
    validateCreate({ data }) {
      if (data === undefined || data === null) return [fieldError.required('data', 'data is mandatory')]
      const isObject = typeof data === 'object' && !Array.isArray(data)
      return isObject ? [] : [fieldError.required('data', 'data must be a valid JSON object')]
    },
    validateUpdate: (next, previous) => immutableErrors(next, previous, '', ['data']),
  },
  columns: [
    nameColumn,
    { name: 'Controller', description: 'Controller of the object', value: controllerOf },
    { name: 'Revision', field: 'revision', value: ({ revision }) => revision ?? 0 },
    ageColumn,
  ],
})

/** `statefulset.apps/web` */
function controllerOf({ metadata }: Wire): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return '<none>'
  const [group] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : ['']
  return `${owner.kind.toLowerCase()}${group && `.${group}`}/${owner.name}`
}
