// The scale subresource: how many there should be, without knowing what kind of thing it is.
// Upstream: kubernetes/pkg/registry/apps/deployment/storage/storage.go ScaleREST.

import type { Scale } from 'kubernetes-types/autoscaling/v1'
import { deepCopy } from '../../apimachinery/deep.ts'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { formatSelector, type LabelSelector, selectorOfObject } from '../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { applyPatch } from '../../apimachinery/patch/apply-patch.ts'
import { badRequest, fieldError, invalid, StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { patchSchemaOf } from '../../schemas/patch-schema.ts'
import type { Answer } from '../request-path/answer.ts'
import { decodeAs, readValue } from '../request-path/read-body.ts'
import { type Call, fieldValidationOf, gateOf, isDryRun } from './object-endpoints.ts'
import { readPatch } from './patch-object.ts'

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

export async function scaleEndpoint(call: Call): Promise<Answer> {
  const { context, info, request, registry, schemas } = call
  const { kind } = registry
  const answer = (object: KubeObject): Answer => ({ type: 'object', code: 200, object: scaleOf(kind, object) })
  if (info.verb === 'get') return answer((await registry.get(info.namespace, info.name)).object)
  let change: (current: KubeObject) => KubeObject
  if (info.verb === 'update') {
    const value = await readValue(request, call)
    if (value === undefined) throw badRequest('the request body is empty: a Scale is expected')
    const scale = decodeAs(schemas, SCALE, value, { fieldValidation: fieldValidationOf(request), context }) as Scale
    change = (current) => scaled(kind, current, scale)
  } else if (info.verb === 'patch') {
    const { contentType, patch } = await readPatch(request)
    const patchSchema = patchSchemaOf(schemas, SCALE)
    change = (current) => {
      const original = scaleOf(kind, current) as unknown as JsonObject
      const patched = applyPatch({ contentType, original, patch, ...(patchSchema ? { patchSchema } : {}) })
      return scaled(kind, current, decodeAs(schemas, SCALE, patched, { fieldValidation: '' }) as Scale)
    }
  } else {
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  const dryRun = isDryRun(request)
  const entry = await registry.update(context, {
    namespace: info.namespace,
    name: info.name,
    subresource: 'scale',
    gate: gateOf(call, 'UPDATE', dryRun),
    dryRun,
    attempts: 5,
    change,
  })
  return answer(entry.object)
}

const at = (object: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, part) => (part && isJsonObject(value) ? value[part] : part ? undefined : value), object)

function scaleOf(kind: AnyKind, object: KubeObject): Scale {
  const { specReplicas = '', statusReplicas = '', labelSelector = '' } = kind.scale ?? {}
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {}
  const selector = at(object, labelSelector)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as Scale['metadata'] & object,
    spec: { replicas: Number(at(object, specReplicas) ?? 0) },
    status: {
      replicas: Number(at(object, statusReplicas) ?? 0),
      selector:
        typeof selector === 'string' ? selector : formatSelector(selectorOfObject((selector ?? {}) as LabelSelector)),
    },
  }
}

function scaled(kind: AnyKind, current: KubeObject, scale: Scale): KubeObject {
  const replicas = scale.spec?.replicas ?? 0
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, current.metadata?.name ?? '', [
      fieldError.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  }
  const next = deepCopy(current) as KubeObject & JsonObject
  const parts = (kind.scale?.specReplicas ?? '').split('.').filter((part) => part !== '')
  let holder: JsonObject = next
  for (const part of parts.slice(0, -1)) {
    if (!isJsonObject(holder[part])) holder[part] = {}
    holder = holder[part] as JsonObject
  }
  holder[parts.at(-1) ?? 'replicas'] = replicas
  const { resourceVersion, uid } = scale.metadata ?? {}
  const { resourceVersion: _current, ...meta } = next.metadata ?? {}
  next.metadata = { ...meta, ...(resourceVersion ? { resourceVersion } : {}), ...(uid ? { uid } : {}) }
  return next
}
