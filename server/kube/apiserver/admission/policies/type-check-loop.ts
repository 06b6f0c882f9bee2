// Checks the expressions of each ValidatingAdmissionPolicy against the kinds that it names, and writes into its status what
// would go wrong. A warning only: the policy holds all the same.
// Upstream: apiserver/pkg/admission/plugin/policy/validating/typechecking.go,
// kubernetes/pkg/controller/validatingadmissionpolicystatus.

import type { ValidatingAdmissionPolicy as Wire } from 'kubernetes-types/admissionregistration/v1'
import type { Clock } from '../../../../base/clock.ts'
import { Pace } from '../../../../base/pace.ts'
import { deepEqual } from '../../../apimachinery/deep.ts'
import { AdmissionExpressions } from '../../../cel/admission.ts'
import { type Cel, CelError, createCel } from '../../../cel/cel.ts'
import type { CelType } from '../../../cel/cel-type.ts'
import { controller } from '../../../client/controller-builder.ts'
import { knownInPolicy } from '../../../kinds/admission/policies.ts'
import type { Rule } from '../../../kinds/admission/rules.ts'
import { type AnyKind, apiVersionOf } from '../../../kinds/define-kind.ts'
import { ValidatingAdmissionPolicy } from '../../../kinds/index.ts'
import { celTypeOfKind } from '../../../schemas/cel-of-type.ts'
import type { Schemas } from '../../../schemas/schemas.ts'

const MOST_KINDS = 10

export interface TypeCheckOptions {
  schemas: Schemas
  /** Those that are served. */
  kinds(): readonly AnyKind[]
  clock: Clock
}

export function typeCheckLoop(options: TypeCheckOptions) {
  const cel = createCel()
  return controller('validatingadmissionpolicy-status')
    .for(ValidatingAdmissionPolicy)
    .concurrency(1)
    .reconcileWith((view) => ({
      async reconcile({ key, client, report }) {
        const policy = view.cache(ValidatingAdmissionPolicy).get(key)
        if (!policy) return
        report.sees(policy)
        const { generation } = policy.metadata ?? {}
        if (policy.status?.observedGeneration === generation) return
        const expressionWarnings = await new Pace(options.clock).through(warningsOf(policy, cel, options))
        const status = {
          ...policy.status,
          ...(generation === undefined ? {} : { observedGeneration: generation }),
          typeChecking: expressionWarnings.length > 0 ? { expressionWarnings } : {},
        }
        if (deepEqual(status, policy.status)) return
        await client.of(ValidatingAdmissionPolicy).updateStatus({ ...policy, status })
        report.did.push(`wrote ${expressionWarnings.length} warnings`)
      },
    }))
}

interface Warning {
  fieldRef: string
  warning: string
}

/** Stops after each expression. */
export function* warningsOf(
  { spec = {} }: Wire,
  cel: Cel,
  { schemas, kinds }: Omit<TypeCheckOptions, 'clock'>,
): Generator<undefined, Warning[]> {
  const { apiVersion, kind: paramKind } = spec.paramKind ?? {}
  const ofParams = kinds().find((kind) => kind.kind === paramKind && apiVersionOf(kind) === apiVersion)
  const params = ofParams && celTypeOfKind(schemas, ofParams)
  const named = namedKinds((spec.matchConstraints?.resourceRules ?? []) as Rule[], kinds())
  const checks = named.flatMap((kind) => {
    const object = celTypeOfKind(schemas, kind)
    return object ? [{ kind, check: checkerOf(cel, spec, { object, ...(params ? { params } : {}) }) }] : []
  })
  const warnings = (fieldRef: string, expression: string) => {
    const said = checks.flatMap(({ kind, check }) => {
      const problem = check(expression)
      return problem ? [`${apiVersionOf(kind)}, Kind=${kind.kind}: ${problem}\n`] : []
    })
    return said.length > 0 ? [{ fieldRef, warning: said.join('\n') }] : []
  }
  const all: Warning[] = []
  for (const [index, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    const at = `spec.validations[${index}]`
    all.push(...warnings(`${at}.expression`, expression))
    yield
    if (messageExpression) all.push(...warnings(`${at}.messageExpression`, messageExpression))
    yield
  }
  return all
}

/** What is wrong with an expression about objects, and parameters, of these types. */
function checkerOf(
  cel: Cel,
  spec: NonNullable<Wire['spec']>,
  types: { object: CelType; params?: CelType },
): (expression: string) => string | undefined {
  const expressions = new AdmissionExpressions(cel, { ...knownInPolicy(spec), ...types })
  return (expression) => {
    try {
      expressions.compile(expression)
      return undefined
    } catch (err) {
      if (err instanceof CelError) return err.message.replace(/^compilation failed: /, '')
      throw err
    }
  }
}

/** Of rules that say whatever there is, nothing can be checked. */
function namedKinds(rules: readonly Rule[], kinds: readonly AnyKind[]): AnyKind[] {
  const found = rules.flatMap(({ apiGroups = [], apiVersions = [], resources = [] }) =>
    [apiGroups, apiVersions, resources].some((list) => list.includes('*'))
      ? []
      : kinds.filter(
          ({ group, version, plural }) =>
            apiGroups.includes(group) && apiVersions.includes(version) && resources.includes(plural),
        ),
  )
  const name = (kind: AnyKind) => `${apiVersionOf(kind)}, Kind=${kind.kind}`
  return [...new Set(found)].sort((a, b) => (name(a) < name(b) ? -1 : 1)).slice(0, MOST_KINDS)
}
