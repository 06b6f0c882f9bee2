// What ValidatingAdmissionPolicy and MutatingAdmissionPolicy have in common, and their bindings.
// Upstream: pkg/apis/admissionregistration/{v1/defaults.go,validation}.

import type { MatchCondition, ParamKind, ParamRef, Variable } from 'kubernetes-types/admissionregistration/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { ExpressionChecks, KnownToExpressions } from '../../cel/admission.ts'
import { ageColumn, type Column, nameColumn } from '../define-kind.ts'
import {
  defaultMatchResources,
  expressionErrors,
  FAILURE_POLICIES,
  type MatchResources,
  matchConditionErrors,
  matchResourcesErrors,
  paramKindErrors,
  paramRefErrors,
  shownParamRef,
} from './rules.ts'

const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const RESERVED =
  'true false null in as break const continue else for function if import let loop package namespace return var void while'

export interface PolicySpec {
  failurePolicy?: string
  paramKind?: ParamKind
  matchConstraints?: MatchResources
  matchConditions?: MatchCondition[]
  variables?: Variable[]
}

export interface BindingSpec {
  policyName?: string
  paramRef?: ParamRef
  matchResources?: MatchResources
}

/** What all expressions of a policy know. */
export const knownInPolicy = ({ paramKind, variables = [] }: PolicySpec): KnownToExpressions => ({
  hasParams: paramKind !== undefined,
  variables,
})

export function defaultPolicy({ spec }: { spec?: PolicySpec }): void {
  if (!spec) return
  spec.failurePolicy ??= 'Fail'
  if (spec.matchConstraints) defaultMatchResources(spec.matchConstraints)
}

export function* policyErrors(
  spec: PolicySpec,
  previous: PolicySpec | undefined,
  checks: ExpressionChecks,
): Generator<undefined, FieldError[]> {
  const { failurePolicy, paramKind, matchConstraints, matchConditions = [], variables = [] } = spec
  const errors = oneOf('spec.failurePolicy', failurePolicy, FAILURE_POLICIES)
  if (paramKind) errors.push(...paramKindErrors(paramKind, 'spec.paramKind'))
  const at = 'spec.matchConstraints'
  if (!matchConstraints) errors.push(fieldError.required(at))
  else {
    errors.push(...matchResourcesErrors(matchConstraints, at))
    if (!matchConstraints.resourceRules?.length) errors.push(fieldError.required(`${at}.resourceRules`))
  }
  const told = { ...knownInPolicy(spec), checks }
  // Conditions that know what they knew are not looked at again.
  const areKept =
    previous && deepEqual(paramKind, previous.paramKind) && deepEqual(matchConditions, previous.matchConditions ?? [])
  if (!areKept) errors.push(...(yield* matchConditionErrors(matchConditions, 'spec.matchConditions', told)))
  for (const [index, { name, expression }] of variables.entries()) {
    const here = `spec.variables[${index}]`
    if (!name?.trim()) errors.push(fieldError.required(`${here}.name`, 'name is not specified'))
    else if (!IDENTIFIER.test(name) || RESERVED.split(' ').includes(name)) {
      errors.push(fieldError.invalid(`${here}.name`, name, 'must be a valid CEL identifier'))
    }
    if (!expression?.trim()) errors.push(fieldError.required(`${here}.expression`, 'expression is not specified'))
    else
      errors.push(...(yield* expressionErrors(`${here}.expression`, expression, { ...told, variablesBefore: index })))
  }
  return errors
}

export function defaultBinding({ spec }: { spec?: BindingSpec }): void {
  if (spec?.matchResources) defaultMatchResources(spec.matchResources)
}

export function bindingErrors(
  { policyName, paramRef, matchResources }: BindingSpec,
  resourcesAt: string,
): FieldError[] {
  return [
    ...(policyName
      ? problemsAt('spec.policyName', policyName, dnsSubdomainProblems(policyName))
      : [fieldError.required('spec.policyName')]),
    ...paramRefErrors(paramRef, 'spec.paramRef'),
    ...matchResourcesErrors(matchResources, resourcesAt),
  ]
}

export const bindingColumns: readonly Column<KubeObject & { spec?: BindingSpec }>[] = [
  nameColumn,
  {
    name: 'PolicyName',
    description: 'PolicyName indicates the policy definition which the policy binding binded to',
    value: ({ spec }) => spec?.policyName,
  },
  {
    name: 'ParamRef',
    description: 'ParamRef indicates the param resource which sets the configuration param',
    value: ({ spec }) => shownParamRef(spec?.paramRef),
  },
  ageColumn,
]
