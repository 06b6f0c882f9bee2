// One version of a CustomResourceDefinition as a kind like any other: served by the same registry, with a strategy made
// of its schema. Upstream: apiextensions-apiserver/pkg/registry/customresource/{strategy,validator,status_strategy}.go.

import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { isInt64, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { pathSegmentProblems } from '../../apimachinery/names.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import { accessorProblem } from '../../apimachinery/patch/go-format.ts'
import { errorFindings, type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { compareVersions } from '../../apimachinery/version-order.ts'
import type { Cel } from '../../cel/cel.ts'
import { type AnyKind, defineKind, SENT_METADATA, type Strategy } from '../../kinds/define-kind.ts'
import { setSchemaDefaults } from '../../schemas/structural/defaults.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { NOWHERE } from '../../schemas/structural/number-rules.ts'
import { Patterns } from '../../schemas/structural/patterns.ts'
import { embeddedProblems, listProblems } from '../../schemas/structural/shape-rules.ts'
import { TOO_MUCH, valueProblems } from '../../schemas/structural/validate-value.ts'
import { ValidationRules } from '../../schemas/structural/validation-rules.ts'
import { tooLarge } from '../../store/store.ts'
import { finalizerWarnings, metaErrors } from '../registry/object-meta-rules.ts'
import { isTooLarge } from '../registry/too-large.ts'
import { customColumns } from './columns.ts'
import { jsonPath } from './json-path.ts'

type Version = CustomResourceDefinition['spec']['versions'][number]

/** `mostBytes`: what the store takes. */
export function customKind(
  { spec, status }: CustomResourceDefinition,
  version: Version,
  { cel, mostBytes }: { cel: Cel; mostBytes?: number | undefined },
): AnyKind {
  const names = status?.acceptedNames ?? spec.names
  const schema = (version.schema?.openAPIV3Schema ?? {}) as JsonSchema
  const { status: statusPath, scale } = version.subresources ?? {}
  return defineKind<KubeObject>({
    group: spec.group,
    version: version.name,
    kind: names.kind,
    ...(version.deprecated && { deprecation: version.deprecationWarning ?? deprecationOf(spec, version.name) }),
    listKind: names.listKind || `${names.kind}List`,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    hasGeneration: true,
    subresources: [...(statusPath ? ['status'] : []), ...(scale ? ['scale'] : [])],
    ...(scale
      ? {
          scale: {
            specReplicas: scale.specReplicasPath,
            statusReplicas: scale.statusReplicasPath,
            labelSelector: scale.labelSelectorPath ?? '',
          },
        }
      : {}),
    schema,
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath: path }) => {
        const find = jsonPath(path)
        return [path.slice(1), (object: KubeObject) => String(find(object as JsonValue)[0] ?? '')]
      }),
    ),
    strategy: customStrategy(schema, {
      cel,
      hasStatus: statusPath !== undefined,
      scale,
      mostBytes: version.storage ? mostBytes : undefined,
    }),
  })
}

/** With what to use instead: the best of the versions that are better and not deprecated. */
function deprecationOf({ group, names, versions }: CustomResourceDefinition['spec'], version: string): string {
  const shown = (name: string) => `${group}/${name} ${names.kind}`
  const [better] = versions
    .filter(({ name, served, deprecated }) => served && !deprecated && compareVersions(name, version) < 0)
    .sort((a, b) => compareVersions(a.name, b.name))
  return `${shown(version)} is deprecated${better ? `; use ${shown(better.name)}` : ''}`
}

const BLOCKING: ReadonlySet<FieldError['reason']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])
const UNCHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

/** Where more is wrong than is told, or than is looked for, anything may be wrong. */
function isBlocked(errors: readonly FieldError[]): boolean {
  const isCut = errorFindings().addAll(errors).areEnough
  return isCut || errors.includes(TOO_MUCH) || errors.some(({ reason }) => BLOCKING.has(reason))
}

function customStrategy(
  schema: JsonSchema,
  told: { cel: Cel; hasStatus: boolean; scale: Scale; mostBytes: number | undefined },
): Strategy<KubeObject> {
  const patterns = new Patterns()
  const rules = new ValidationRules(told.cel, schema)
  const ratcheted = new WeakMap<KubeObject, readonly string[]>()

  function problems(object: KubeObject, previous: KubeObject | undefined, own: FieldError[]): FieldError[] {
    const [value, old] = [object as JsonValue, previous as JsonValue | undefined]
    const errors = [...own]
    // Lists that had an element twice before may keep it.
    if (old === undefined || listProblems(old, schema).length === 0) errors.push(...listProblems(value, schema))
    if (isBlocked(errors)) {
      return [...errors, fieldError.invalid(NOWHERE, 'null', UNCHECKED)]
    }
    // Not stored whatever its rules say, and of thousands of entries they take long.
    if (isTooLarge(object, told.mostBytes)) {
      if (errors.length > 0) return errors
      throw tooLarge()
    }
    const found = rules.check(value, old)
    ratcheted.set(object, found.warnings)
    return [...errors, ...found.errors]
  }

  return {
    requiresResourceVersion: true,
    keptByStatusUpdates: SENT_METADATA,
    warnings: (next, previous) => finalizerWarnings(next.metadata?.finalizers, previous?.metadata?.finalizers),
    setDefaults: (object) => setSchemaDefaults(object as JsonObject, schema),
    prepareForUpdate(next, previous) {
      // All but metadata counts, and what the registry sees to is a change of spec.
      const isSpec = !deepEqual((next as JsonObject).spec, (previous as JsonObject).spec)
      if (isSpec || deepEqual(withoutSpec(next, told.hasStatus), withoutSpec(previous, told.hasStatus))) return
      Object.assign(next.metadata ?? {}, { generation: (previous.metadata?.generation ?? 0) + 1 })
    },
    validateCreate: (object) => problems(object, undefined, wholeProblems(object, undefined)),
    validateUpdate: (next, previous) => problems(next, previous, wholeProblems(next, previous)),
    updateWarnings: (next) => ratcheted.get(next) ?? [],
    validateStatusUpdate: (next, previous) =>
      problems(next, previous, [
        ...statusProblems(next, previous),
        ...statusScaleErrors(next as JsonObject, told.scale),
      ]),
  }

  function wholeProblems(next: KubeObject, previous: KubeObject | undefined): FieldError[] {
    const value = next as JsonObject
    return [
      ...valueProblems({ schema, value, old: previous as JsonValue | undefined, patterns }),
      ...specScaleErrors(value, told.scale),
      ...statusScaleErrors(value, told.scale),
      ...embeddedProblems(value, schema, '', embeddedMetaProblems),
    ]
  }

  function statusProblems(next: KubeObject, previous: KubeObject): FieldError[] {
    const { status: own } = schema.properties ?? {}
    const value = (next as JsonObject).status
    if (!own || value === undefined) return []
    return valueProblems({ schema: own, value, old: (previous as JsonObject).status, patterns }).map((error) =>
      error.field === NOWHERE ? error : { ...error, field: error.field ? `status.${error.field}` : 'status' },
    )
  }
}

function withoutSpec(object: KubeObject, hasStatus: boolean): JsonObject {
  const { metadata: _meta, spec: _spec, status, ...rest } = object as JsonObject
  return hasStatus || status === undefined ? rest : { ...rest, status }
}

/** Of what kind an object within is nobody here knows, nor whether it has a namespace: it may have one. */
const someKind = (namespaced: boolean) =>
  defineKind({
    version: '',
    kind: '',
    plural: '',
    namespaced,
    schema: {},
    strategy: { nameProblems: pathSegmentProblems },
  })

function embeddedMetaProblems(metadata: JsonObject, at: string): FieldError[] {
  const { name, namespace } = metadata as ObjectMeta
  const errors = metaErrors(someKind(Boolean(namespace)), { ...(metadata as ObjectMeta), name: name || 'without' })
  return errors.map((error) => ({ ...error, field: error.field.replace(/^metadata/, at) }))
}

const MOST = 2147483647
type Scale = NonNullable<Version['subresources']>['scale']

const specScaleErrors = (object: JsonObject, scale: Scale) =>
  scale ? replicaErrors(object, scale.specReplicasPath) : []

function statusScaleErrors(object: JsonObject, scale: Scale): FieldError[] {
  if (!scale) return []
  const { labelSelectorPath = '' } = scale
  const errors = replicaErrors(object, scale.statusReplicasPath)
  const [selector] = labelSelectorPath ? jsonPath(labelSelectorPath)(object) : []
  if (selector === undefined || typeof selector === 'string') return errors
  return [...errors, fieldError.invalid(labelSelectorPath, '', accessorProblem(labelSelectorPath, selector, 'string'))]
}

function replicaErrors(object: JsonObject, path: string): FieldError[] {
  const [value] = jsonPath(path)(object)
  if (value === undefined) return []
  if (!isInt64(value)) return [fieldError.invalid(path, 0, accessorProblem(path, value, 'int64'))]
  if (value < 0) return [fieldError.invalid(path, value, 'should be a non-negative integer')]
  return value > MOST ? [fieldError.invalid(path, value, `should be less than or equal to ${MOST}`)] : []
}
