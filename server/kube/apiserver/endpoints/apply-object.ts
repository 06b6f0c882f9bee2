// Server-side apply: PATCH with a configuration. What it names becomes its manager's, what it no longer names goes, and
// what somebody else wants otherwise is a conflict. An object that is not there is made.
// Upstream: apiserver/pkg/endpoints/handlers/patch.go applyPatcher; who owns what is decided in schemas/apply.

import { isoTime } from '../../../base/clock.ts'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import { badRequest, isAlreadyExists, StatusError } from '../../apimachinery/status-error.ts'
import { apiVersionOf } from '../../kinds/define-kind.ts'
import { typeProblems } from '../../schemas/apply/typed-check.ts'
import type { GroupVersionKind } from '../../schemas/schemas.ts'
import type { Answer } from '../request-path/answer.ts'
import { decodeAs } from '../request-path/read-body.ts'
import { duplicatesError } from '../request-path/read-yaml.ts'
import type { Entry } from '../watch-cache/entry.ts'
import { ATTEMPTS, assertMayBeMade } from './may-be-made.ts'
import { type Call, gateOf, objectAnswer } from './object-endpoints.ts'
import { dedupOwners } from './owner-references.ts'
import { type Configuration, readConfiguration } from './read-configuration.ts'
import { readWriteOptions, type WriteOptions } from './write-options.ts'

export async function applyObject(call: Call): Promise<Answer> {
  const { context, info, request, served } = call
  const options = readWriteOptions(request, 'PatchOptions', { isApply: true })
  const configuration = await readConfiguration(request)
  context.means((configuration.applied as KubeObject).metadata?.resourceVersion, configuration.applied)
  assertConfigurationOf(call, served.kind, configuration)
  const apply = async (live: KubeObject | undefined): Promise<KubeObject> => {
    const next = await applied(call, options, { live: live && served.shown(live), configuration })
    tellDuplicates(call, options, configuration)
    return served.accepted(next, live)
  }
  const [entry, code] = await createOrUpdate(call, options, apply)
  return objectAnswer(served, entry, info.subresource ? 200 : code)
}

async function createOrUpdate(
  call: Call,
  { dryRun }: WriteOptions,
  apply: (live: KubeObject | undefined) => Promise<KubeObject>,
): Promise<[Entry, 200 | 201]> {
  const { context, info, registry } = call
  const { kind } = registry
  const namespace = kind.namespaced ? info.namespace : ''
  for (let attempt = 1; ; attempt++) {
    if (info.subresource || (await registry.has(namespace, info.name))) {
      const entry = await registry.update(context, {
        namespace,
        name: info.name,
        subresource: info.subresource || undefined,
        gate: gateOf(call, 'UPDATE', dryRun),
        dryRun,
        change: apply,
      })
      return [entry, 200]
    }
    const object = await apply(undefined)
    await assertMayBeMade(call, object)
    // A revision of an object that is gone binds nobody; the uid does.
    delete object.metadata?.resourceVersion
    try {
      const entry = await registry.create(context, { namespace, object, gate: gateOf(call, 'CREATE', dryRun), dryRun })
      return [entry, 201]
    } catch (err) {
      // Somebody else was faster: then this is an update.
      if (!isAlreadyExists(err) || dryRun || attempt === ATTEMPTS) throw err
    }
  }
}

async function applied(
  { context, info, request, served, schemas, fieldManagers }: Call,
  { fieldManager }: WriteOptions,
  { live, configuration }: { live: KubeObject | undefined; configuration: Configuration },
): Promise<KubeObject> {
  const { kind } = served
  const write = {
    live: live as JsonObject | undefined,
    applied: configuration.applied,
    manager: fieldManager,
    force: isForced(request.query),
    now: isoTime(context.clock),
  }
  const versions = fieldManagers.versionsOf(served, info.subresource)
  const merged = await fieldManagers.of(kind, info.subresource).apply(write, versions)
  const next = decodeAs(schemas, kind, merged, { fieldValidation: 'Ignore' })
  kind.strategy.setDefaults?.(next)
  dedupOwners(next, context, 'patch')
  return next
}

export function isForced(query: URLSearchParams): boolean {
  const told = query.get('force')
  return told !== null && told !== '0' && told.toLowerCase() !== 'false'
}

/** Of the endpoint's kind and object, and nothing but what that kind knows. */
export function assertConfigurationOf(
  { info, registry, schemas }: Call,
  gvk: GroupVersionKind,
  { applied }: Configuration,
): void {
  const { apiVersion = '', kind = '', metadata } = applied
  if (kind !== gvk.kind || apiVersion !== apiVersionOf(gvk)) {
    const [group, version] = `${apiVersion}`.includes('/') ? `${apiVersion}`.split('/', 2) : ['', `${apiVersion}`]
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${kind}`)
  }
  const { name = info.name, namespace } = (isJsonObject(metadata) ? metadata : {}) as ObjectMeta
  const problems = typeProblems(schemas, gvk, applied)
  if (problems.length > 0) {
    const list = problems.length === 1 ? problems[0] : ['errors:', ...problems.map((text) => `  ${text}`)].join('\n')
    const what = `${namespace ?? ''}/${name}; ${gvk.group}/${gvk.version}, Kind=${gvk.kind}`
    throw new StatusError('Unknown', `failed to create typed patch object (${what}): ${list}`)
  }
  if (namespace && registry.kind.namespaced && namespace !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (name !== info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`)
  }
}

export function tellDuplicates(
  { context }: Call,
  { fieldValidation }: WriteOptions,
  { duplicates }: Configuration,
): void {
  if (duplicates.length === 0 || fieldValidation === 'Ignore') return
  if (fieldValidation === 'Strict') {
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${duplicatesError(duplicates)}`)
  }
  for (const line of duplicates) context.warn(line)
}
