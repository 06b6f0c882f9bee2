// What expressions of admission know: match conditions of webhooks, and everything in admission policies.
// Upstream: apiserver/pkg/admission/plugin/cel/compile.go.

import { type Cel, type CelEnvironment, CelError, type CelProgram, type CelVariables, createCel } from './cel.ts'
import { type CelType, DYN } from './cel-type.ts'
import { AUTHORIZER } from './library/authorizer.ts'
import { JSON_PATCH } from './library/messages.ts'

const STRING: CelType = { kind: 'string' }
const STRINGS: CelType = { kind: 'list', items: STRING }
const own = (fields: Record<string, CelType>): CelType => ({ kind: 'object', isOwn: true, fields })
const KIND = own({ group: STRING, version: STRING, kind: STRING })
const RESOURCE = own({ group: STRING, version: STRING, resource: STRING })
const REQUEST = own({
  kind: KIND,
  resource: RESOURCE,
  subResource: STRING,
  requestKind: KIND,
  requestResource: RESOURCE,
  requestSubResource: STRING,
  name: STRING,
  namespace: STRING,
  operation: STRING,
  userInfo: own({ username: STRING, uid: STRING, groups: STRINGS, extra: { kind: 'map', values: STRINGS } }),
  dryRun: { kind: 'bool' },
  options: DYN,
})
const ALWAYS: CelVariables = { object: DYN, oldObject: DYN, request: REQUEST, namespaceObject: DYN }

/** Types that expressions of mutations make. */
export const APPLIED = 'Object'

export interface KnownToExpressions {
  /** Of policies that name a kind of parameters. */
  hasParams: boolean
  /** False in what only words a message. */
  hasAuthorizer?: boolean
  /** What is known of the object and of the parameters; anything where it is left out. */
  object?: CelType
  params?: CelType
  /** Mutations make objects and patches. */
  isMutating?: boolean
  /** Of policies. */
  variables?: readonly { name: string; expression: string }[]
}

interface Known {
  environment: CelEnvironment
  /** In order; an error where one cannot be compiled, which whoever names it is told. */
  variables: { name: string; compiled: CelProgram | CelError }[]
}

export function admissionEnvironment(cel: Cel, told: KnownToExpressions): Known {
  const { hasParams, hasAuthorizer = true, isMutating = false, variables, object = DYN, params = DYN } = told
  const base = cel.environment(
    {
      ...ALWAYS,
      object,
      oldObject: object,
      ...(hasParams ? { params } : {}),
      ...(hasAuthorizer ? { authorizer: { kind: 'own', type: AUTHORIZER } } : {}),
    },
    isMutating ? [APPLIED, JSON_PATCH] : [],
  )
  if (!variables) return { environment: base, variables: [] }
  const known: Known['variables'] = []
  const fields: Record<string, CelType> = {}
  for (const { name, expression } of variables) {
    const compiled = compiledOr(withVariables(base, fields), expression)
    known.push({ name, compiled })
    fields[name] = compiled instanceof CelError ? DYN : { kind: 'own', type: compiled.type }
  }
  return { environment: withVariables(base, fields), variables: known }
}

const withVariables = (base: CelEnvironment, fields: Record<string, CelType>): CelEnvironment =>
  base.extend({ variables: { kind: 'lazy', fields: { ...fields } } })

function compiledOr(environment: CelEnvironment, expression: string): CelProgram | CelError {
  try {
    return environment.compile(expression)
  } catch (err) {
    if (err instanceof CelError) return err
    throw err
  }
}

/** What an expression must give. */
export const GIVES = {
  bool: ['bool'],
  text: ['string'],
  textOrNull: ['string', 'null'],
  applied: [APPLIED],
  patch: [`list<${JSON_PATCH}>`],
} as const

/** Why an expression cannot be what it is for, in the compiler's words; undefined when it can. */
export function compilationProblem(
  expression: string,
  told: KnownToExpressions & { gives?: keyof typeof GIVES },
): string | undefined {
  const { gives } = told
  const compiled = compiledOr(admissionEnvironment(createCel(), told).environment, expression)
  if (compiled instanceof CelError) return compiled.message
  if (!gives || GIVES[gives].some((type) => type === compiled.type) || mayGive(compiled)) return undefined
  const names = GIVES[gives].map(nameOfType)
  const wanted = names.length === 1 ? names[0] : `one of [${names.join(' ')}]`
  return `must evaluate to ${wanted} but got ${nameOfType(compiled.type)}`
}

/** Upstream's compiler knows of more than ours what it gives; only of fields of untyped objects neither knows. */
const mayGive = ({ type, ast }: CelProgram) => /\bdyn\b/.test(type) && !['.', '[]', 'id'].includes(ast.op)

const nameOfType = (type: string) =>
  type
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replace(/^null$/, 'null_type')
