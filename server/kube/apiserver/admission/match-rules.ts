// Is a request one that a webhook or a policy wants to see? Upstream: apiserver/pkg/admission/plugin/webhook/predicates.

import type { Namespace as WireNamespace } from 'kubernetes-types/core/v1'
import { type LabelSelector, selectorOfObject } from '../../apimachinery/label-selector.ts'
import type { MatchResources, Rule } from '../../kinds/admission/rules.ts'
import { Namespace } from '../../kinds/index.ts'
import type { AdmissionReader, AdmissionRequest } from './admission.ts'

export type Matching = Omit<MatchResources, 'namespaceSelector' | 'objectSelector'> & {
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

const EXEMPT_GROUP = 'admissionregistration.k8s.io'

/** Nobody may lock himself out of what would let him in again. */
export const isExempt = ({ kind }: AdmissionRequest): boolean => kind.group === EXEMPT_GROUP

export function isMatched(match: Matching, request: AdmissionRequest, reader: AdmissionReader): boolean {
  const { resourceRules = [], excludeResourceRules = [] } = match
  const named = (rule: Rule & { resourceNames?: string[] }) =>
    !rule.resourceNames?.length || rule.resourceNames.includes(request.object?.metadata?.name || request.name)
  if (!resourceRules.some((rule) => isInRule(rule, request) && named(rule))) return false
  if (excludeResourceRules.some((rule) => isInRule(rule, request) && named(rule))) return false
  return isInNamespaces(match.namespaceSelector, request, reader) && isOfObjects(match.objectSelector, request)
}

function isInRule(rule: Rule, { operation, kind, subresource, namespace }: AdmissionRequest): boolean {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope = '*' } = rule
  const has = (list: readonly string[], value: string) => list.includes('*') || list.includes(value)
  const isNamespaced = kind.namespaced && namespace !== ''
  // The same objects in another version are the same objects.
  const versions = [{ group: kind.group, version: kind.version }, ...kind.otherVersions]
  return (
    has(operations, operation) &&
    versions.some(({ group, version }) => has(apiGroups, group) && has(apiVersions, version)) &&
    resources.some((resource) => isResource(resource, kind.plural, subresource)) &&
    (scope === '*' || (scope === 'Namespaced') === isNamespaced)
  )
}

function isResource(rule: string, resource: string, subresource: string): boolean {
  const [of = '', sub = ''] = rule.split('/', 2)
  return (of === '*' || of === resource) && (sub === '*' || sub === subresource)
}

function isInNamespaces(
  selector: LabelSelector | undefined,
  { kind, namespace, object, previous }: AdmissionRequest,
  reader: AdmissionReader,
): boolean {
  if (!selector || isEmpty(selector)) return true
  const isNamespace = kind.kind === 'Namespace' && kind.group === ''
  if (!isNamespace && namespace === '') return true
  const of = isNamespace ? ((object ?? previous) as WireNamespace | undefined) : reader.find(Namespace, '', namespace)
  return selectorOfObject(selector).matches(of?.metadata?.labels)
}

function isOfObjects(selector: LabelSelector | undefined, { object, previous }: AdmissionRequest): boolean {
  if (!selector || isEmpty(selector)) return true
  const { matches } = selectorOfObject(selector)
  return [object, previous].some((one) => one && matches(one.metadata?.labels))
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector) =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
