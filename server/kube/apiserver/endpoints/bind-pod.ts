// A Binding puts a pod on a node, once. Upstream: kubernetes/pkg/registry/core/pod/storage/storage.go BindingREST.

import type { Binding, Pod, PodSpec } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { isJsonObject } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { badRequest, conflict, fieldError, invalid } from '../../apimachinery/status-error.ts'
import { defineKind } from '../../kinds/define-kind.ts'
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
  const name = info.name || binding.metadata?.name || ''
  if (binding.metadata?.name && info.name && binding.metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${binding.metadata.name}) does not match the name on the URL (${info.name})`,
    )
  }
  assertNamespace(binding as KubeObject, info.namespace)
  const { kind = 'Node', name: node = '' } = binding.target ?? {}
  if (kind !== '' && kind !== 'Node') {
    throw invalid({ group: '', kind: 'Binding' }, name, [
      fieldError.notSupported('target.kind', kind, ['Node', '<empty>']),
    ])
  }
  if (!node) throw invalid({ group: '', kind: 'Binding' }, name, [fieldError.required('target.name')])
  const place = { ...info, resource: 'pods', name, subresource: 'binding' }
  await admit(gateOf({ ...call, info: place }, 'CREATE', dryRun, BINDING), binding)
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

function bound(pod: Pod, binding: Binding, { node, name, now }: { node: string; name: string; now: string }): Pod {
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why)
  if (binding.metadata?.uid && binding.metadata.uid !== pod.metadata?.uid) {
    throw refuse(
      `Precondition failed: UID in precondition: ${binding.metadata.uid}, UID in object meta: ${pod.metadata?.uid}`,
    )
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
