// The verbs that every resource has, on its objects and their status.
// Upstream: apiserver/pkg/endpoints/handlers/{get,create,update,delete}.go.

import { isoTime } from '../../../base/clock.ts'
import type { JsonObject } from '../../apimachinery/json.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import { badRequest, isAlreadyExists, isNotFound, StatusError } from '../../apimachinery/status-error.ts'
import type { GroupVersionKind, Schemas } from '../../schemas/schemas.ts'
import type { Admission, AdmissionOperation } from '../admission/admission.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { type ListRequest, type ListResult, parseSelection } from '../registry/list.ts'
import { assertNamed } from '../registry/object-meta-rules.ts'
import type { Gate, Registry } from '../registry/registry.ts'
import type { Answer, ObjectAnswer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { readBoolean } from '../request-path/query-parameters.ts'
import { decodeAs, readBody } from '../request-path/read-body.ts'
import { duplicatesError } from '../request-path/read-yaml.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import type { Entry } from '../watch-cache/entry.ts'
import { readDeleteOptions } from './delete-options.ts'
import type { FieldManagers } from './field-managers.ts'
import { type ListOptions, readListOptions } from './list-options.ts'
import { ATTEMPTS, assertMayBeMade } from './may-be-made.ts'
import { dedupOwners } from './owner-references.ts'
import type { ServedKind } from './served-kind.ts'
import { readWriteOptions, type WriteOptions } from './write-options.ts'

/** One request, with all that an endpoint needs to answer it. */
export interface Call {
  context: RequestContext
  info: RequestInfo
  request: ApiRequest
  /** The kind as the URL names it, and where it is kept. */
  served: ServedKind
  registry: Registry
  schemas: Schemas
  admission: Admission
  fieldManagers: FieldManagers
  authorizers: readonly Authorizer[]
}

export function objectAnswer(served: ServedKind, entry: Entry, code = 200): ObjectAnswer {
  const shown = served.shownEntry(entry)
  return {
    type: 'object',
    code,
    object: shown.object,
    ...(entry.value.length > 0 ? { stored: { kind: served.kind, entry: shown } } : {}),
  }
}

/** `objectKind`: of what the subresource takes, where that is not the resource's own. */
export function gateOf(
  { admission, context, info, registry, served }: Call,
  operation: AdmissionOperation,
  dryRun: boolean,
  objectKind?: GroupVersionKind,
): Gate {
  const { namespace, name, subresource } = info
  const versions = () => served.versions()
  const of = { kind: registry.kind, requested: served.kind, versions, objectKind }
  return admission.gateFor(context, { operation, ...of, namespace, name, subresource, dryRun })
}

/** What is asked of a subresource that stores nothing. */
export async function admit(gate: Gate, object: object): Promise<void> {
  const asked = object as KubeObject
  await gate.mutate(asked, undefined)
  await gate.validate(asked, undefined)
}

/** Who has been let through already. */
export const OPEN_GATE: Gate = { mutate: async () => undefined, validate: async () => undefined }

export async function getObject({ info, request, registry, served }: Call): Promise<Answer> {
  if (readBoolean(request.query, 'export')) {
    throw badRequest('the export parameter, deprecated since v1.14, is no longer supported')
  }
  const resourceVersion = request.query.get('resourceVersion') ?? ''
  return objectAnswer(served, await registry.get(info.namespace, info.name, resourceVersion))
}

export function listRequestOf({ info, request, served }: Call): ListRequest & ListOptions {
  const options = readListOptions(request.query, info.verb === 'watch')
  return {
    ...options,
    namespace: served.kind.namespaced ? info.namespace : '',
    selection: served.storedSelection(parseSelection(served.kind, options.labelSelector, options.fieldSelector)),
  }
}

export async function listObjects(call: Call): Promise<Answer> {
  return listAnswer(call.served, await call.registry.list(listRequestOf(call)))
}

function listAnswer(served: ServedKind, { metadata, entries }: ListResult): Answer {
  const { kind } = served
  return { type: 'list', kind, result: { metadata, entries: entries.map((entry) => served.shownEntry(entry)) } }
}

export async function createObject(call: Call): Promise<Answer> {
  const { context, info, registry, served } = call
  const { kind } = served
  if (kind.namespaced && !info.namespace) {
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  const options = readWriteOptions(call.request, 'CreateOptions')
  const object = await readObject(call, options)
  assertNamespace(object, kind.namespaced ? info.namespace : '')
  kind.strategy.setDefaults?.(object)
  dedupOwners(object, context, 'write')
  const entry = await registry.create(context, {
    namespace: kind.namespaced ? info.namespace : '',
    object: served.accepted(await owned(call, options, { live: undefined, next: object }), undefined),
    gate: gateOf(call, 'CREATE', options.dryRun),
    dryRun: options.dryRun,
  })
  return objectAnswer(served, entry, 201)
}

export async function updateObject(call: Call): Promise<Answer> {
  const { context, info, registry, served } = call
  const options = readWriteOptions(call.request, 'UpdateOptions')
  const { dryRun } = options
  const object = await readObject(call, options)
  context.means(object.metadata?.resourceVersion, object)
  served.kind.strategy.setDefaults?.(object)
  dedupOwners(object, context, 'write')
  const namespace = registry.kind.namespaced ? info.namespace : ''
  // Before anybody looks whether there is such an object.
  assertNamespace(object, namespace)
  assertNamed(object, info.name)
  const update = () =>
    registry.update(context, {
      namespace,
      name: info.name,
      subresource: info.subresource || undefined,
      gate: gateOf(call, 'UPDATE', dryRun),
      dryRun,
      change: async (live) => {
        const next = { ...object, metadata: { ...object.metadata } }
        return served.accepted(await owned(call, options, { live: served.shown(live), next }), live)
      },
    })
  const mayBeMade = served.kind.strategy.createsOnUpdate && !info.subresource
  for (let attempt = 1; ; attempt++) {
    try {
      return objectAnswer(served, await update())
    } catch (err) {
      if (!mayBeMade || !isNotFound(err)) throw err
    }
    try {
      return await madeByUpdate(call, options, object)
    } catch (err) {
      // Somebody else was faster: then this is an update.
      if (!isAlreadyExists(err) || dryRun || attempt === ATTEMPTS) throw err
    }
  }
}

async function madeByUpdate(call: Call, options: WriteOptions, object: KubeObject): Promise<Answer> {
  const { context, info, registry, served } = call
  await assertMayBeMade(call, object)
  // A revision of an object that is gone binds nobody.
  const { resourceVersion: _gone, ...metadata } = object.metadata ?? {}
  const next = { ...object, metadata }
  const entry = await registry.create(context, {
    namespace: registry.kind.namespaced ? info.namespace : '',
    object: served.accepted(await owned(call, options, { live: undefined, next }), undefined),
    gate: gateOf(call, 'CREATE', options.dryRun),
    dryRun: options.dryRun,
  })
  return objectAnswer(served, entry, 201)
}

export async function deleteObject(call: Call): Promise<Answer> {
  const { context, info, registry, served } = call
  const { kind } = served
  const { dryRun, ...options } = await readDeleteOptions(call)
  context.means(options.preconditions?.resourceVersion, {})
  const gate = gateOf(call, 'DELETE', dryRun)
  const { entry, isGone } = await registry.delete(context, {
    namespace: kind.namespaced ? info.namespace : '',
    name: info.name,
    gate,
    dryRun,
    options,
  })
  const isUnsaid = options.propagationPolicy === undefined && options.orphanDependents === undefined
  for (const warning of (isUnsaid && kind.strategy.deletionWarnings?.(entry.object)) || []) context.warn(warning)
  // As upstream, only of the older option.
  const code = !isGone && options.orphanDependents === false ? 202 : 200
  if (!isGone || kind.strategy.returnsDeletedObject) return objectAnswer(served, entry, code)
  const { name, uid } = entry.object.metadata ?? {}
  return {
    type: 'object',
    code,
    object: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, ...(kind.group ? { group: kind.group } : {}), kind: kind.plural, uid },
    },
  }
}

export async function deleteCollection(call: Call): Promise<Answer> {
  const { context, info, registry } = call
  const { dryRun, ...options } = await readDeleteOptions(call)
  const result = await registry.list(listRequestOf(call))
  for (const { object } of result.entries) {
    const name = object.metadata?.name ?? ''
    const namespace = object.metadata?.namespace ?? ''
    const gate = gateOf({ ...call, info: { ...info, name, namespace } }, 'DELETE', dryRun)
    try {
      await registry.delete(context, { namespace, name, gate, dryRun, options })
    } catch (err) {
      // Somebody else was faster: that is what was wanted.
      if (!(err instanceof StatusError && err.reason === 'NotFound')) throw err
    }
  }
  return listAnswer(call.served, result)
}

async function readObject(call: Call, { fieldValidation }: WriteOptions): Promise<KubeObject> {
  const { request, schemas, served, context } = call
  const { kind } = served.kind
  const { value = '', duplicates } = await readBody(request, { schemas, kind })
  const noticed = fieldValidation === 'Strict' && duplicates.length > 0 ? [duplicatesError(duplicates)] : duplicates
  return decodeAs(schemas, served.kind, value, { fieldValidation, context, noticed })
}

/** The object with its owners written: whoever sends this request owns what it changes. Both as the URL names them. */
export async function owned(
  { context, info, registry, served, fieldManagers }: Call,
  { fieldManager }: WriteOptions,
  { live, next }: { live: KubeObject | undefined; next: KubeObject },
): Promise<KubeObject> {
  // Refused, or made smaller by a plug-in: then it is stored as anything too large is, without owners.
  if (served.kind === registry.kind && registry.isTooLarge(next))
    return { ...next, metadata: withoutOwners(next.metadata) }
  const write = {
    live: live as JsonObject | undefined,
    next: next as JsonObject,
    manager: fieldManager,
    now: isoTime(context.clock),
  }
  const versions = fieldManagers.versionsOf(served, info.subresource)
  return (await fieldManagers.of(served.kind, info.subresource).update(write, versions)) as KubeObject
}

function withoutOwners({ managedFields: _owners, ...metadata }: ObjectMeta = {}): ObjectMeta {
  return metadata
}

/** What lies in no namespace may name one, which then means nothing. */
export function assertNamespace(object: KubeObject, namespace: string): void {
  const told = object.metadata?.namespace
  if (told && namespace && told !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}
