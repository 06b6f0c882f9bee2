// The scale subresource: how many there should be, without knowing what kind of thing it is.
// Upstream: kubernetes/pkg/registry/apps/deployment/storage/storage.go ScaleREST.

import type { Scale } from 'kubernetes-types/autoscaling/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepCopy } from '../../apimachinery/deep.ts'
import { isInt64, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import {
  formatSelector,
  type LabelSelector,
  selectorOfMap,
  selectorOfObject,
} from '../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { ownOf } from '../../apimachinery/own.ts'
import { applyPatch } from '../../apimachinery/patch/apply-patch.ts'
import { accessorProblem } from '../../apimachinery/patch/go-format.ts'
import { badRequest, fieldError, internalError, invalid, StatusError } from '../../apimachinery/status-error.ts'
import { type AnyKind, ageColumn, defineKind, nameColumn } from '../../kinds/define-kind.ts'
import { patchSchemaOf } from '../../schemas/patch-schema.ts'
import { assertNamed } from '../registry/object-meta-rules.ts'
import type { Gate } from '../registry/registry.ts'
import type { Answer } from '../request-path/answer.ts'
import { decodeAs, readValue } from '../request-path/read-body.ts'
import { assertConfigurationOf, isForced, tellDuplicates } from './apply-object.ts'
import { type Call, gateOf, owned } from './object-endpoints.ts'
import { isApplyPatch, readConfiguration } from './read-configuration.ts'
import { decodePatched, readPatch } from './read-patch.ts'
import type { ServedKind } from './served-kind.ts'
import { readWriteOptions } from './write-options.ts'

/** Served beside what it scales, never by itself. */
const SCALE = defineKind<Scale>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  plural: 'scales',
  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', field: 'spec.replicas', value: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Available', type: 'integer', field: 'status.replicas', value: ({ status }) => status?.replicas ?? 0 },
    ageColumn,
  ],
})

export async function scaleEndpoint(call: Call): Promise<Answer> {
  const { context, info, registry, served } = call
  const { specReplicas = '' } = served.kind.scale ?? {}
  const answer = (object: KubeObject): Answer => {
    const scale = scaleOf(served.kind, served.shown(object))
    return { type: 'object', code: 200, object: scale, shown: { kind: SCALE, objects: [scale] } }
  }
  if (info.verb === 'get') {
    const { object } = await registry.get(info.namespace, info.name)
    if (at(served.shown(object), specReplicas) === undefined) {
      throw internalError(`the spec replicas field ${JSON.stringify(specReplicas)} does not exist`)
    }
    return answer(object)
  }
  const { change, dryRun } = await readChange(call)
  const entry = await registry.update(context, {
    namespace: info.namespace,
    name: info.name,
    subresource: 'scale',
    gate: asScales(gateOf(call, 'UPDATE', dryRun, SCALE), served),
    dryRun,
    change: async (live) => served.stored(await change(served.shown(live))),
  })
  return answer(entry.object)
}

/** Plug-ins see how many there should be, and may change that alone. */
function asScales(gate: Gate, served: ServedKind): Gate {
  const scale = (object: KubeObject | undefined) => object && scaleOf(served.kind, served.shown(object))
  return {
    async mutate(object, previous) {
      const wanted = scaleOf(served.kind, served.shown(object))
      const before = wanted.spec?.replicas
      await gate.mutate(wanted, scale(previous))
      if (wanted.spec?.replicas === before) return
      Object.assign(object, served.stored(scaled(served.kind, served.shown(object), wanted)))
    },
    validate: (object, previous) => gate.validate(scale(object), scale(previous)),
  }
}

/** In the place of a number that nobody has written, which a change has to bring. */
const NEVER_SET = -2147483648

function changeable(kind: AnyKind, live: KubeObject): Scale {
  const scale = scaleOf(kind, live)
  const isSet = !kind.schema || at(live, kind.scale?.specReplicas ?? '') !== undefined
  return isSet ? scale : { ...scale, spec: { replicas: NEVER_SET } }
}

interface Change {
  change(current: KubeObject): Promise<KubeObject>
  dryRun: boolean
}

async function readChange(call: Call): Promise<Change> {
  const { context, info, request, served, schemas } = call
  const { kind } = served
  if (info.verb === 'update') {
    const options = readWriteOptions(request, 'UpdateOptions')
    const value = await readValue(request, call)
    if (value === undefined) throw badRequest('the request body is empty: a Scale is expected')
    const { fieldValidation, dryRun } = options
    const scale = decodeAs(schemas, SCALE, value, { fieldValidation, context }) as Scale
    assertNamed(scale, info.name)
    return { dryRun, change: (live) => owned(call, options, { live, next: scaled(kind, live, scale) }) }
  }
  if (info.verb !== 'patch') {
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  if (isApplyPatch(request)) return readAppliedScale(call)
  const sent = await readPatch(request, { isCustom: kind.schema !== undefined })
  const { contentType, patch } = sent
  const options = readWriteOptions(request, 'PatchOptions')
  const { fieldValidation, dryRun } = options
  const patchSchema = patchSchemaOf(schemas, SCALE)
  const change = (live: KubeObject) => {
    const original = changeable(kind, live) as unknown as JsonObject
    const patched = applyPatch({ contentType, original, patch, ...(patchSchema ? { patchSchema } : {}) })
    const scale = decodePatched(schemas, SCALE, { patched, sent, fieldValidation, context }) as Scale
    assertNamed(scale, info.name)
    return owned(call, options, { live, next: scaled(kind, live, scale) })
  }
  return { dryRun, change }
}

/** Whoever applies a Scale owns the number of replicas, where the scaled object keeps it. */
async function readAppliedScale(call: Call): Promise<Change> {
  const { context, request, served, schemas, fieldManagers } = call
  const { kind } = served
  const options = readWriteOptions(request, 'PatchOptions', { isApply: true })
  const configuration = await readConfiguration(request)
  assertConfigurationOf(call, SCALE, configuration)
  const scale = decodeAs(schemas, SCALE, configuration.applied, { fieldValidation: 'Ignore' }) as Scale
  const change = async (live: KubeObject) => {
    const before = changeable(kind, live)
    // Who says nothing of replicas leaves them as they are.
    const spec = scale.spec?.replicas === undefined ? before.spec : scale.spec
    const wanted = scaled(kind, live, { ...before, spec, metadata: { ...before.metadata, ...scale.metadata } } as Scale)
    const write = {
      live: live as JsonObject,
      applied: onlyReplicas(kind, wanted),
      manager: options.fieldManager,
      force: isForced(request.query),
      now: isoTime(context.clock),
    }
    const versions = fieldManagers.versionsOf(served, 'scale')
    const applied = (await fieldManagers.of(kind, 'scale').apply(write, versions)) as KubeObject
    tellDuplicates(call, options, configuration)
    return { ...wanted, metadata: { ...wanted.metadata, managedFields: applied.metadata?.managedFields ?? [] } }
  }
  return { dryRun: options.dryRun, change }

  function onlyReplicas(of: AnyKind, { apiVersion, kind: name, metadata }: KubeObject): JsonObject {
    const applied = { apiVersion, kind: name, metadata: { name: metadata?.name } } as JsonObject
    if (scale.spec?.replicas !== undefined) setReplicas(of, applied, scale.spec.replicas)
    return applied
  }
}

const at = (object: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, part) => (part && isJsonObject(value) ? ownOf(value, part) : part ? undefined : value),
      object,
    )

function scaleOf(kind: AnyKind, object: KubeObject): Scale {
  const { specReplicas = '', statusReplicas = '', labelSelector = '' } = kind.scale ?? {}
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {}
  const selector = labelSelector ? at(object, labelSelector) : undefined
  if (kind.schema && selector !== undefined && typeof selector !== 'string') {
    throw new StatusError('Unknown', accessorProblem(labelSelector, selector as JsonValue, 'string'))
  }
  const replicas = numberAt(object, specReplicas)
  const shown = shownSelector(selector)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      uid,
      resourceVersion,
      creationTimestamp,
    } as Scale['metadata'] & object,
    // Go leaves out what is nothing here, except how many there are.
    spec: replicas ? { replicas } : {},
    status: { replicas: numberAt(object, statusReplicas), ...(shown ? { selector: shown } : {}) },
  }
}

/** What is stored may be older than what a definition says of it. */
function numberAt(object: unknown, path: string): number {
  const value = at(object, path)
  if (value === undefined) return 0
  if (!isInt64(value)) throw new StatusError('Unknown', accessorProblem(path, value as JsonValue, 'int64'))
  return Number(value)
}

/** Text, a label selector, or (ReplicationControllers) plain labels. */
function shownSelector(selector: unknown): string {
  if (typeof selector === 'string') return selector
  if (!isJsonObject(selector)) return ''
  const isPlain = Object.values(selector).every((value) => typeof value === 'string')
  return formatSelector(
    isPlain ? selectorOfMap(selector as Record<string, string>) : selectorOfObject(selector as LabelSelector),
  )
}

function scaled(kind: AnyKind, current: KubeObject, scale: Scale): KubeObject {
  const replicas = scale.spec?.replicas ?? 0
  if (replicas === NEVER_SET && kind.schema) {
    throw badRequest(`the spec replicas field ${JSON.stringify(kind.scale?.specReplicas)} cannot be empty`)
  }
  // What a definition serves is held to its own rules, by its own name.
  if (replicas < 0 && !kind.schema) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, current.metadata?.name ?? '', [
      fieldError.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  }
  const next = deepCopy(current) as KubeObject & JsonObject
  setReplicas(kind, next, replicas)
  const { resourceVersion, uid } = scale.metadata ?? {}
  const { resourceVersion: present, ...meta } = next.metadata ?? {}
  // A custom resource must be told which of its states is meant, its scale need not.
  const meant = resourceVersion || (kind.schema && present)
  next.metadata = { ...meta, ...(meant ? { resourceVersion: meant } : {}), ...(uid ? { uid } : {}) }
  return next
}

function setReplicas(kind: AnyKind, object: JsonObject, replicas: number): void {
  const parts = (kind.scale?.specReplicas ?? '').split('.').filter((part) => part !== '')
  let holder = object
  for (const part of parts.slice(0, -1)) {
    if (!isJsonObject(holder[part])) holder[part] = {}
    holder = holder[part] as JsonObject
  }
  holder[parts.at(-1) ?? 'replicas'] = replicas
}
