// Resizing a pod in place: what its containers may use is changed while they run, by a subresource of its own
// (`kubectl patch --subresource resize`). Only amounts of cpu and memory may change, and none may be taken away.
// Upstream: kubernetes/pkg/registry/core/pod/strategy.go dropNonResizeUpdates, pkg/apis/core/validation ValidatePodResize.

import type { Pod, ResourceRequirements } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { differenceOf } from '../../apimachinery/difference.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { Container, PodSpec } from './newer-fields.ts'
import { qosClassOf } from './qos.ts'

const LISTS = ['containers', 'initContainers'] as const
const AMOUNTS = ['limits', 'requests'] as const
const ONLY = 'only cpu and memory resources are mutable'

/** What a resize may say of a pod, on top of what the pod is. Other containers than it has are left for validation to see. */
export function resizedSpec(next: PodSpec, previous: PodSpec): PodSpec {
  if (LISTS.some((list) => (next[list] ?? []).length !== (previous[list] ?? []).length)) return next
  const { resources: _before, ...kept } = previous
  const spec: PodSpec = { ...kept, ...(next.resources ? { resources: next.resources } : {}) }
  for (const list of LISTS) {
    const [now = [], before = []] = [next[list], previous[list]]
    if (now.length === 0) continue
    const isSame = now.every(({ name }, index) => name === before[index]?.name)
    spec[list] = isSame ? now.map((container, index) => resized(container, before[index] ?? container)) : now
  }
  return spec
}

function resized({ resources, resizePolicy }: Container, before: Container): Container {
  const { resources: _old, resizePolicy: _policy, ...kept } = before
  return { ...kept, ...(resources ? { resources } : {}), ...(resizePolicy ? { resizePolicy } : {}) }
}

export function resizeErrors(next: Pod, previous: Pod): FieldError[] {
  const [spec, before] = [next.spec as PodSpec, previous.spec as PodSpec]
  const nowhere = (why: string) => [fieldError.forbidden('', why)]
  if (previous.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
    return nowhere('static pods cannot be resized')
  }
  if (before.os?.name === 'windows') return nowhere('windows pods cannot be resized')
  const errors: FieldError[] = []
  if (
    (previous.status?.qosClass ?? qosClassOf(before as Pod['spec'] & object)) !==
    qosClassOf(spec as Pod['spec'] & object)
  ) {
    const why = 'Pod QOS Class may not change as a result of resizing'
    errors.push(fieldError.invalid('spec', next.status?.qosClass ?? '', why))
  }
  if (!nodeCanResize(previous)) {
    errors.push(fieldError.forbidden('spec', 'Pod running on node without support for resize'))
  }
  errors.push(...podLevelErrors(spec, before))
  const order = LISTS.flatMap((list) => orderErrors(list, spec, before))
  if (order.length > 0) return [...errors, ...order]
  for (const list of LISTS) {
    for (const [index, old] of (before[list] ?? []).entries()) {
      const container = spec[list]?.[index] ?? old
      errors.push(...containerErrors(container, old, { list, index }))
    }
  }
  return errors
}

function containerErrors(
  next: Container,
  previous: Container,
  { list, index }: { list: (typeof LISTS)[number]; index: number },
): FieldError[] {
  const at = `spec.${list}[${index}]`
  const errors: FieldError[] = []
  for (const amounts of ['requests', 'limits'] as const) {
    if (!isAnyRemoved(next.resources, previous.resources, amounts)) continue
    const why = `resource ${amounts} cannot be removed`
    errors.push(fieldError.forbidden(`${at}.resources.${amounts}`, why))
  }
  const alike = { ...next, resources: withAmountsOf(next.resources, previous.resources) }
  const before = { ...previous, resources: withAmountsOf(previous.resources, previous.resources) }
  const isMoreChanged = !deepEqual(alike, before)
  if (list === 'containers') {
    return isMoreChanged ? [...errors, fieldError.forbidden('spec', `${ONLY}\n${differenceOf(alike, before)}`)] : errors
  }
  if (isMoreChanged) {
    const why = 'only cpu and memory resources for init or sidecar containers are mutable'
    errors.push(fieldError.forbidden(at, why))
  }
  // What runs once cannot be started again for it.
  const isWorker = previous.restartPolicy !== 'Always' && !deepEqual(next, previous)
  const restarts = (next.resizePolicy ?? []).filter(({ restartPolicy }) => restartPolicy === 'RestartContainer')
  const why = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'
  return isWorker ? [...errors, ...restarts.map(() => fieldError.forbidden(at, why))] : errors
}

/** A kubelet that can resize tells of what runs what it may use. */
function nodeCanResize({ status }: Pod): boolean {
  type Told = { state?: { running?: object }; resources?: object }
  const running = (status?.containerStatuses as Told[] | undefined)?.find(({ state }) => state?.running)
  return running === undefined || running.resources !== undefined
}

function podLevelErrors({ resources: now }: PodSpec, { resources: before }: PodSpec): FieldError[] {
  if (!before) return []
  if (!now) return [fieldError.forbidden('spec.resources', 'pod-level resources cannot be removed')]
  const removed = (['requests', 'limits'] as const).filter((amounts) => isAnyRemoved(now, before, amounts))
  const errors = removed.map((amounts) =>
    fieldError.forbidden(`spec.resources.${amounts}`, `pod-level resource ${amounts} cannot be removed`),
  )
  return deepEqual(withAmountsOf(now, before), withAmountsOf(before, before))
    ? errors
    : [...errors, fieldError.forbidden('spec', 'only cpu and memory resources are mutable at pod-level')]
}

function orderErrors(list: (typeof LISTS)[number], next: PodSpec, previous: PodSpec): FieldError[] {
  const [now = [], before = []] = [next[list], previous[list]]
  if (now.length !== before.length) {
    return [fieldError.forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)]
  }
  return before.flatMap(({ name }, index) =>
    now[index]?.name === name
      ? []
      : [fieldError.forbidden(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`)],
  )
}

const isAnyRemoved = (
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
  amounts: 'requests' | 'limits',
): boolean => Object.keys(before?.[amounts] ?? {}).some((name) => now?.[amounts]?.[name] === undefined)

/** The same but for cpu and memory, which are the other's: what is left over may not differ. */
function withAmountsOf(own: ResourceRequirements | undefined, other: ResourceRequirements | undefined) {
  const { limits: _limits, requests: _requests, ...rest } = own ?? {}
  const lists = AMOUNTS.map((list) => {
    const { cpu: _cpu, memory: _memory, ...others } = own?.[list] ?? {}
    const { cpu, memory } = other?.[list] ?? {}
    return [list, { ...others, cpu, memory }]
  })
  return { ...rest, ...Object.fromEntries(lists) }
}
