// Is a request one that a webhook or a policy wants to see? Upstream: apiserver/pkg/admission/plugin/webhook/predicates.

import type { Namespace as WireNamespace } from 'kubernetes-types/core/v1'
import { type LabelSelector, selectorOfObject } from '../../apimachinery/label-selector.ts'
import type { MatchResources, Rule } from '../../kinds/admission/rules.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Namespace } from '../../kinds/index.ts'
import type { AdmissionReader, AdmissionRequest } from './admission.ts'

export type Matching = Omit<MatchResources, 'namespaceSelector' | 'objectSelector'> & {
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

const EXEMPT_GROUP = 'admissionregistration.k8s.io'

/** Nobody may lock himself out of what would let him in again. */
export const isExempt = ({ kind }: AdmissionRequest): boolean => kind.group === EXEMPT_GROUP

/** The version that it is to see of what is written; undefined when the request is none of its business. */
export function matchedVersion(
  match: Matching,
  request: AdmissionRequest,
  reader: AdmissionReader,
): AnyKind | undefined {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = match
  const found = versionIn(resourceRules, request, matchPolicy)
  if (!found || versionIn(excludeResourceRules, request, matchPolicy)) return undefined
  const isMeant = isInNamespaces(match.namespaceSelector, request, reader) && isOfObjects(match.objectSelector, request)
  return isMeant ? found : undefined
}

/** First as it was asked for; then, unless only that is meant, as the same objects are served elsewhere. */
function versionIn(
  rules: readonly NamedRule[],
  request: AdmissionRequest,
  matchPolicy: string | undefined,
): AnyKind | undefined {
  const { requested } = request
  if (rules.some((rule) => isInRule(rule, requested, request))) return requested
  if (matchPolicy === 'Exact') return undefined
  return request.versions().find(({ kind }) => rules.some((rule) => isInRule(rule, kind, request)))?.kind
}

type NamedRule = Rule & { resourceNames?: string[] }

function isInRule(rule: NamedRule, kind: AnyKind, request: AdmissionRequest): boolean {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope = '*', resourceNames = [] } = rule
  const has = (list: readonly string[], value: string) => list.includes('*') || list.includes(value)
  const isNamespaced = kind.namespaced && request.namespace !== ''
  return (
    has(operations, request.operation) &&
    has(apiGroups, kind.group) &&
    has(apiVersions, kind.version) &&
    resources.some((resource) => isResource(resource, kind.plural, request.subresource)) &&
    (scope === '*' || (scope === 'Namespaced') === isNamespaced) &&
    (resourceNames.length === 0 || resourceNames.includes(request.object?.metadata?.name || request.name))
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
