// What ReplicaSets and Deployments have in common: so many pods, made from a template, found by a selector.

import type { PodTemplateSpec } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import {
  formatSelector,
  type LabelSelector,
  labelSelectorErrors,
  selectorOfObject,
} from '../../apimachinery/label-selector.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { podTemplateErrors } from './pod-validation.ts'

export interface TemplateOwnerSpec {
  replicas?: number
  minReadySeconds?: number
  selector?: LabelSelector
  template?: PodTemplateSpec
}

export function templateOwnerErrors(spec: TemplateOwnerSpec | undefined, kind: string): FieldError[] {
  const errors: FieldError[] = []
  const { replicas = 0, minReadySeconds = 0, selector, template } = spec ?? {}
  for (const [field, value] of Object.entries({ replicas, minReadySeconds })) {
    if (value < 0) errors.push(fieldError.invalid(`spec.${field}`, value, 'must be greater than or equal to 0'))
  }
  const at = 'spec.selector'
  const notReadable = selector ? labelSelectorErrors(selector, at) : []
  errors.push(...notReadable)
  // A DaemonSet without one hears only that it has no pods.
  if (!selector && kind !== 'daemonset') errors.push(fieldError.required(at))
  if (selector && isEmpty(selector)) {
    // Upstream calls a ReplicaSet so too.
    const whose = kind === 'replicaset' ? 'deployment' : kind
    errors.push(fieldError.invalid(at, selector, `empty selector is invalid for ${whose}`))
  }
  if (notReadable.length > 0 && kind !== 'daemonset') {
    return [...errors, fieldError.invalid(at, selector, 'invalid label selector')]
  }
  if (notReadable.length === 0) errors.push(...matchErrors(selector, template?.metadata?.labels))
  const owner = kind === 'daemonset' ? 'DaemonSet' : 'ReplicaSet'
  return [...errors, ...podTemplateErrors(template, 'spec.template', owner)]
}

/** A selector that can be read must be of the template's pods; none at all is of no pods. */
export function matchErrors(selector: LabelSelector | undefined, labels: Record<string, string> | undefined) {
  const isOfThem = selector && (isEmpty(selector) || selectorOfObject(selector).matches(labels))
  const why = '`selector` does not match template `labels`'
  return isOfThem ? [] : [fieldError.invalid('spec.template.metadata.labels', labels ?? null, why)]
}

export const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector) =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0

export function selectorIsKept(
  next: TemplateOwnerSpec | undefined,
  previous: TemplateOwnerSpec | undefined,
): FieldError[] {
  return deepEqual(next?.selector, previous?.selector)
    ? []
    : [fieldError.invalid('spec.selector', next?.selector ?? null, 'field is immutable')]
}

export function shownSelector(selector: LabelSelector | undefined): string {
  if (!selector) return '<none>'
  try {
    return formatSelector(selectorOfObject(selector)) || '<none>'
  } catch {
    return '<error>'
  }
}
