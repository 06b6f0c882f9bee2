// A Binding puts a pod on a node, once. Upstream: kubernetes/pkg/registry/core/pod/storage/storage.go BindingREST.

import type { Binding, Pod, PodSpec } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { isJsonObject } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { badRequest, conflict, fieldError, StatusError } from '../../apimachinery/status-error.ts'
import { defineKind } from '../../kinds/define-kind.ts'
import { Pod as PodKind } from '../../kinds/index.ts'
import { assertSameUid, preconditionProblem } from '../registry/prepare.ts'
import { storageKey } from '../registry/storage-keys.ts'
import type { Answer } from '../request-path/answer.ts'
import { decodeAs, readValue } from '../request-path/read-body.ts'
import { admit, assertNamespace, type Call, gateOf, OPEN_GATE } from './object-endpoints.ts'
import type { UnstoredKind } from './unstored-kind.ts'
import { readWriteOptions } from './write-options.ts'

const BINDING = { group: '', version: 'v1', kind: 'Binding' }

export const BINDINGS: UnstoredKind = { kind: defineKind({ ...BINDING, plural: 'bindings' }), verbs: ['create'] }

export async function bindPod(call: Call): Promise<Answer> {
  const { context, info, request, registry, schemas } = call
  const { dryRun } = readWriteOptions(request, 'CreateOptions')
  const value = await readValue(request, call)
  if (value === undefined || (typeof value !== 'string' && !isJsonObject(value)))
    throw badRequest('a Binding is expected')
  const binding = decodeAs(schemas, BINDING, value, { fieldValidation: '' }) as Binding
  assertNamespace(binding as KubeObject, info.namespace)
  const name = info.name || binding.metadata?.name || ''
  const place = { ...info, resource: 'pods', name, subresource: 'binding' }
  await admit(gateOf({ ...call, info: place }, 'CREATE', dryRun, BINDING), binding)
  if (info.name && binding.metadata?.name !== info.name) {
    throw badRequest('name in URL does not match name in Binding object')
  }
  assertTarget(binding)
  const node = binding.target.name ?? ''
  await registry.update(context, {
    namespace: info.namespace,
    name,
    subresource: 'binding',
    gate: OPEN_GATE,
    dryRun,
    change: (current) => bound(current as Pod, binding, { node, name, now: isoTime(context.clock) }),
  })
  return {
    type: 'object',
    code: 201,
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

/** Upstream says it without a reason. */
function assertTarget({ target }: Binding): void {
  const { kind = '', name = '' } = target ?? {}
  const errors = [
    ...(kind === '' || kind === 'Node' ? [] : [fieldError.notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(name ? [] : [fieldError.required('target.name')]),
  ]
  const told = errors.map(({ field, message }) => `${field}: ${message}`)
  if (told.length > 0) throw new StatusError('Unknown', told.length > 1 ? `[${told.join(', ')}]` : told.join())
}

function bound(pod: Pod, binding: Binding, { node, name, now }: { node: string; name: string; now: string }): Pod {
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why)
  const { uid, resourceVersion } = binding.metadata ?? {}
  const key = storageKey(PodKind, pod.metadata?.namespace ?? '', name)
  assertSameUid(PodKind, { metadata: { ...(uid ? { uid } : {}) } }, { key, object: pod as KubeObject })
  const { resourceVersion: actual = '' } = pod.metadata ?? {}
  if (resourceVersion && resourceVersion !== actual) {
    const why = `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${actual}`
    throw conflict({ group: '', resource: 'pods' }, name, preconditionProblem(key, why))
  }
  if (pod.metadata?.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (pod.spec?.nodeName) throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`)
  if (pod.spec?.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const { resourceVersion: _current, ...meta } = pod.metadata ?? {}
  const { annotations, labels } = binding.metadata ?? {}
  const { nominatedNodeName: _promised, ...status } = pod.status ?? {}
  const others = (status.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled')
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: now,
    observedGeneration: meta.generation,
  }
  return {
    ...pod,
    metadata: {
      ...meta,
      ...(annotations ? { annotations: { ...meta.annotations, ...annotations } } : {}),
      ...(labels ? { labels: { ...meta.labels, ...labels } } : {}),
    },
    spec: { ...pod.spec, nodeName: node } as PodSpec,
    status: { ...status, conditions: [...others, scheduled] },
  }
}
