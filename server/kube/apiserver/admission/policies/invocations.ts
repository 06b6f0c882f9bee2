// Which policies a request meets: each with its binding and one object of parameters, or with what is wrong with them.
// Upstream: apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go.

import type { JsonValue } from '../../../apimachinery/json.ts'
import { type LabelSelector, selectorOfObject } from '../../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import type { BindingSpec, PolicySpec } from '../../../kinds/admission/policies.ts'
import { type AnyKind, apiVersionOf, type Kind } from '../../../kinds/define-kind.ts'
import type { AdmissionReader, AdmissionRequest } from '../admission.ts'
import { type Matching, matchedVersion } from '../match-rules.ts'

export type Policy = KubeObject & { spec?: PolicySpec }
export type Binding = KubeObject & { spec?: BindingSpec }

export interface Held<P extends Policy, B extends Binding> {
  policy: P
  binding: B
}

export interface Invocation<P extends Policy, B extends Binding> extends Held<P, B> {
  /** Null where the policy takes none. */
  params: JsonValue
  /** The version that the policy names. */
  version: AnyKind
}

export interface Misconfigured<P extends Policy, B extends Binding> {
  policy: P
  binding?: B
  problem: string
}

/** Stops between bindings, and now and then between the parameters of one. */
export function* invocationsOf<P extends Policy, B extends Binding>(
  { policies, bindings }: { policies: Kind<P>; bindings: Kind<B> },
  request: AdmissionRequest,
  reader: AdmissionReader,
): Generator<undefined, { invocations: Invocation<P, B>[]; misconfigured: Misconfigured<P, B>[] }> {
  const invocations: Invocation<P, B>[] = []
  const misconfigured: Misconfigured<P, B>[] = []
  const bound = Map.groupBy(reader.list(bindings), ({ spec }) => spec?.policyName ?? '')
  const byName = [...bound].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, held] of byName) {
    const policy = reader.find(policies, '', name)
    const version = policy && matchedVersion((policy.spec?.matchConstraints ?? {}) as Matching, request, reader)
    if (!policy || !version) continue
    const { paramKind } = policy.spec ?? {}
    const kind = paramKind && reader.kindOf(paramKind.apiVersion ?? '', paramKind.kind ?? '')
    if (paramKind && !kind) {
      const { apiVersion = '', kind: wanted } = paramKind
      const what = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${wanted}`
      const why = `failed to find resource referenced by paramKind: '${what}'`
      misconfigured.push({ policy, problem: `failed to configure policy: ${why}` })
      continue
    }
    for (const binding of held) {
      yield
      if (!isNarrowed(binding, request, reader)) continue
      try {
        const all = yield* paramsOf({ binding, kind }, request, reader)
        for (const params of all) invocations.push({ policy, binding, params, version })
      } catch (err) {
        misconfigured.push({ policy, binding, problem: `failed to configure binding: ${(err as Error).message}` })
      }
    }
  }
  return { invocations, misconfigured }
}

const A_PIECE = 1_000

const ANYTHING = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*', '*'] }]

/** A binding narrows what its policy is about; without rules of its own it leaves them as they are. */
function isNarrowed({ spec }: Binding, request: AdmissionRequest, reader: AdmissionReader): boolean {
  const match = spec?.matchResources as Matching | undefined
  if (!match) return true
  const rules = match.resourceRules ?? []
  const whole = rules.length > 0 ? match : { ...match, resourceRules: ANYTHING }
  return matchedVersion(whole, request, reader) !== undefined
}

function* paramsOf<P extends KubeObject>(
  { binding, kind }: { binding: Binding; kind: Kind<P> | undefined },
  request: AdmissionRequest,
  reader: AdmissionReader,
): Generator<undefined, JsonValue[]> {
  const { paramRef } = binding.spec ?? {}
  if (!kind || !paramRef) return [null]
  if (!kind.namespaced && paramRef.namespace) {
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  const namespace = kind.namespaced ? paramRef.namespace || request.namespace : undefined
  if (namespace === '') {
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  }
  const selector = selectorOfObject(paramRef.selector as LabelSelector)
  const isMeant = ({ metadata }: KubeObject) =>
    paramRef.name ? metadata?.name === paramRef.name : selector.matches(metadata?.labels)
  const found: P[] = []
  for (const [at, object] of reader.list(kind, namespace).entries()) {
    if (at % A_PIECE === A_PIECE - 1) yield
    if (isMeant(object)) found.push(object)
  }
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  return found.map((object) => ({
    ...object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
  })) as unknown as JsonValue[]
}
