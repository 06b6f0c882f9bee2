// The CustomResourceDefinition: a kind that somebody brings along. What it says is checked here; how its objects are
// served is apiserver/apiextensions. Upstream: apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go.

import type { CustomResourceDefinition as Wire } from 'kubernetes-types/apiextensions/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { fieldError } from '../apimachinery/status-error.ts'
import { approvalErrors } from './custom-resource-definition/api-approval.ts'
import { namesErrors } from './custom-resource-definition/names-errors.ts'
import { formatWarnings } from './custom-resource-definition/schema-warnings.ts'
import {
  caBundleErrors,
  preserveUnknownErrors,
  specErrors,
  specUpdateErrors,
  storedVersionErrors,
} from './custom-resource-definition/spec-errors.ts'
import { defineKind, nameColumn } from './define-kind.ts'

const WEBHOOK_PORT = 443
/** Who leaves out the spec is told of each field that it must have. */
const NOTHING = {} as Wire['spec']
/** A finalizer: what it defines goes before it. */
export const CLEAN_UP = 'customresourcecleanup.apiextensions.k8s.io'

export const CustomResourceDefinition = defineKind<Wire>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    requiresResourceVersion: true,
    setDefaults({ spec }) {
      if (!spec) return
      const { names } = spec
      if (names?.kind) {
        names.singular ||= names.kind.toLowerCase()
        names.listKind ||= `${names.kind}List`
      }
      spec.conversion ??= { strategy: 'None' }
      const service = spec.conversion.webhook?.clientConfig?.service
      if (service) service.port ??= WEBHOOK_PORT
    },
    prepareForCreate(object) {
      object.status = noteStorageVersion(object, undefined)
    },
    prepareForUpdate(next, previous) {
      next.status = noteStorageVersion(next, previous.status)
    },
    isHeld: ({ metadata }) => !metadata?.deletionTimestamp,
    prepareForDelete: beginDeletion,
    validateCreate: (object) => [
      ...nameErrors(object),
      ...specErrors(object.spec ?? NOTHING, {}),
      ...statusErrors(object),
      ...storedVersionErrors(object),
      ...approvalErrors(object, undefined),
      ...preserveUnknownErrors(object),
    ],
    validateUpdate: (next, previous) => [
      ...specErrors(next.spec ?? NOTHING, { unchanged: unchangedSchemas(next, previous) }),
      ...caBundleErrors(next, previous),
      ...specUpdateErrors(next, previous),
      ...statusErrors(next),
      ...storedVersionErrors(next),
      ...approvalErrors(next, previous),
      ...preserveUnknownErrors(next),
    ],
    // Who has moved what was stored in a version says so here, and nothing else is asked.
    validateStatusUpdate: statusErrors,
    warnings: (next, previous) => formatWarnings(next.spec, previous?.spec),
  },
  columns: [
    nameColumn,
    {
      name: 'Created At',
      type: 'date',
      field: 'metadata.creationTimestamp',
      value: ({ metadata }) => metadata?.creationTimestamp as string | undefined,
    },
  ],
})

/** What objects are stored in from now on is remembered until somebody has seen to it that none is left. */
function noteStorageVersion({ spec }: Wire, status: Wire['status']): NonNullable<Wire['status']> {
  const storage = spec?.versions?.find((version) => version.storage)?.name
  const known = status?.storedVersions ?? []
  const storedVersions = storage && !known.includes(storage) ? [...known, storage] : known
  return {
    conditions: status?.conditions ?? [],
    acceptedNames: status?.acceptedNames ?? { plural: '', kind: '' },
    ...status,
    storedVersions,
  }
}

function beginDeletion(object: Wire): void {
  const { finalizers = [], deletionTimestamp } = object.metadata ?? {}
  if (finalizers.includes(CLEAN_UP)) return
  object.metadata = { ...object.metadata, finalizers: [...finalizers, CLEAN_UP] }
  const others = (object.status?.conditions ?? []).filter(({ type }) => type !== 'Terminating')
  const terminating = {
    type: 'Terminating',
    status: 'True',
    ...(deletionTimestamp ? { lastTransitionTime: deletionTimestamp } : {}),
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  }
  const { acceptedNames = { plural: '', kind: '' }, storedVersions = [] } = object.status ?? {}
  object.status = { ...object.status, acceptedNames, storedVersions, conditions: [...others, terminating] }
}

function statusErrors({ status }: Wire) {
  return namesErrors(status?.acceptedNames, 'status.acceptedNames')
}

function nameErrors({ metadata, spec }: Wire) {
  const required = `${spec?.names?.plural ?? ''}.${spec?.group ?? ''}`
  return (['generateName', 'name'] as const).flatMap((field) => {
    const name = metadata?.[field]
    if (!name || name === required) return []
    return [fieldError.invalid(`metadata.${field}`, name, 'must be spec.names.plural+"."+spec.group')]
  })
}

/** Rules that were accepted once are not held to today's limits. */
function unchangedSchemas(next: Wire, previous: Wire): ReadonlySet<string> {
  const before = new Map((previous.spec?.versions ?? []).map(({ name, schema }) => [name, schema]))
  const same = (next.spec?.versions ?? []).filter(({ name, schema }) => deepEqual(schema, before.get(name)))
  return new Set(same.map(({ name }) => name))
}
