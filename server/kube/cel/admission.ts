// What expressions of admission know: match conditions of webhooks, and everything in admission policies.
// Upstream: apiserver/pkg/admission/plugin/cel/compile.go.

import { type Cel, type CelEnvironment, CelError, type CelVariables, createCel } from './cel.ts'
import { DYN } from './cel-type.ts'

const ALWAYS: CelVariables = { object: DYN, oldObject: DYN, request: DYN }
const IN_POLICIES: CelVariables = { ...ALWAYS, namespaceObject: DYN, variables: DYN }

/** `hasParams`: policies that name a kind of parameters. */
export function admissionEnvironment(
  cel: Cel,
  { of, hasParams }: { of: 'webhook' | 'policy'; hasParams: boolean },
): CelEnvironment {
  const variables = of === 'policy' ? IN_POLICIES : ALWAYS
  return cel.environment(hasParams ? { ...variables, params: DYN } : variables)
}

/** Why an expression cannot be compiled, in the compiler's words; undefined when it can. */
export function compilationProblem(expression: string, told: Parameters<typeof admissionEnvironment>[1]) {
  try {
    admissionEnvironment(createCel(), told).compile(expression)
    return undefined
  } catch (err) {
    if (err instanceof CelError) return err.message
    throw err
  }
}
