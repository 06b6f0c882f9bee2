// The CustomResourceDefinition: a kind that somebody brings along. What it says is checked here; how its objects are
// served is apiserver/apiextensions. Upstream: apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go.

import type { CustomResourceDefinition as Wire } from 'kubernetes-types/apiextensions/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { dnsSubdomainProblems } from '../apimachinery/names.ts'
import { fieldError } from '../apimachinery/status-error.ts'
import { namesErrors } from './custom-resource-definition/names-errors.ts'
import { schemaWarnings } from './custom-resource-definition/schema-warnings.ts'
import {
  approvalErrors,
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
    validate: (object) => [
      ...nameErrors(object),
      ...namesErrors(object.status?.acceptedNames, 'status.acceptedNames'),
      ...storedVersionErrors(object),
    ],
    validateCreate: (object) => [...specErrors(object.spec ?? NOTHING, {}), ...approvalErrors(object, undefined)],
    validateUpdate: (next, previous) => [
      ...specErrors(next.spec ?? NOTHING, { unchanged: unchangedSchemas(next, previous) }),
      ...specUpdateErrors(next, previous),
      ...approvalErrors(next, previous),
    ],
    validateStatusUpdate: ({ status }) => namesErrors(status?.acceptedNames, 'status.acceptedNames'),
    warnings: ({ spec }) => schemaWarnings(spec),
  },
  columns: [
    nameColumn,
    { name: 'Created At', type: 'date', value: ({ metadata }) => metadata?.creationTimestamp as string | undefined },
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

function nameErrors({ metadata, spec }: Wire) {
  const name = metadata?.name ?? ''
  const required = `${spec?.names?.plural ?? ''}.${spec?.group ?? ''}`
  // A name that is none has been told of already.
  if (name === '' || name === required || dnsSubdomainProblems(name).length > 0) return []
  return [fieldError.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]
}

/** Rules that were accepted once are not held to today's limits. */
function unchangedSchemas(next: Wire, previous: Wire): ReadonlySet<string> {
  const before = new Map((previous.spec?.versions ?? []).map(({ name, schema }) => [name, schema]))
  const same = (next.spec?.versions ?? []).filter(({ name, schema }) => deepEqual(schema, before.get(name)))
  return new Set(same.map(({ name }) => name))
}
