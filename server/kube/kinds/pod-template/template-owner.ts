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
  const selectorErrors = selector
    ? labelSelectorErrors(selector, 'spec.selector')
    : [fieldError.required('spec.selector')]
  errors.push(...selectorErrors)
  if (selector && isEmpty(selector)) {
    errors.push(fieldError.invalid('spec.selector', selector, `empty selector is invalid for ${kind}`))
  }
  if (!template) return [...errors, fieldError.required('spec.template')]
  const labels = template.metadata?.labels
  if (selector && selectorErrors.length === 0 && !isEmpty(selector) && !selectorOfObject(selector).matches(labels)) {
    errors.push(
      fieldError.invalid('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`'),
    )
  }
  return [...errors, ...podTemplateErrors(template, 'spec.template', kind === 'daemonset' ? 'DaemonSet' : 'ReplicaSet')]
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector) =>
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
