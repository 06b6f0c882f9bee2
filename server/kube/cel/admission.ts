// What expressions of admission know: match conditions of webhooks, and everything in admission policies.
// Upstream: apiserver/pkg/admission/plugin/cel/compile.go.

import { inOnePiece } from '../../base/pace.ts'
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

/** What the expressions of one policy or webhook know; variables are compiled when somebody first names one. */
export class AdmissionExpressions {
  readonly #base: CelEnvironment
  readonly #variables: readonly { name: string; expression: string }[] | undefined
  /** As far as they are compiled; an error where one cannot be, which whoever names it is told. */
  readonly #compiled: (CelProgram | CelError)[] = []
  /** By the variables that they know. */
  readonly #environments = new Map<string, CelEnvironment>()
  /** Of each name, more than one where it stands twice. */
  readonly #places: ReadonlyMap<string, readonly number[]>

  constructor(cel: Cel, told: KnownToExpressions) {
    const { hasParams, hasAuthorizer = true, isMutating = false, variables, object = DYN, params = DYN } = told
    this.#base = cel.environment(
      {
        ...ALWAYS,
        object,
        oldObject: object,
        ...(hasParams ? { params } : {}),
        ...(hasAuthorizer ? { authorizer: { kind: 'own', type: AUTHORIZER } } : {}),
      },
      isMutating ? [APPLIED, JSON_PATCH] : [],
    )
    this.#variables = variables
    const places = new Map<string, number[]>()
    for (const [at, { name }] of (variables ?? []).entries()) places.set(name, [...(places.get(name) ?? []), at])
    this.#places = places
  }

  /** Throws CelError. `known`: so many of the variables, from the first. */
  compile(expression: string, known = this.#variables?.length ?? 0): CelProgram {
    return inOnePiece(this.compiling(expression, known))
  }

  /** The same in pieces. */
  *compiling(expression: string, known = this.#variables?.length ?? 0): Generator<undefined, CelProgram> {
    const named = this.#named(expression, known)
    // Somebody else may compile some of them meanwhile.
    while (named.length > 0 && this.#compiled.length < known) {
      const at = this.#compiled.length
      const own = this.#variables![at]!.expression
      this.#compiled.push(compiledOr(this.#environment(this.#named(own, at)), own))
      yield
    }
    return this.#environment(named).compile(expression)
  }

  /** By its place, once some compiled expression has named one. */
  variable(at: number): CelProgram | CelError {
    return this.#compiled[at]!
  }

  /** All that may be looked at by name, each at its last place. */
  get names(): [string, number][] {
    return [...this.#places].map(([name, places]) => [name, places.at(-1)!])
  }

  /** Which variables its words may mean, each in the last of its places that it knows. */
  #named(expression: string, known: number): [string, number][] {
    if (known === 0 || !expression.includes('variables')) return []
    const words = new Set(expression.match(/[A-Za-z_]\w*/g))
    return [...words].sort().flatMap((word): [string, number][] => {
      const at = this.#places.get(word)?.findLast((place) => place < known)
      return at === undefined ? [] : [[word, at]]
    })
  }

  #environment(named: readonly [string, number][]): CelEnvironment {
    if (!this.#variables) return this.#base
    const key = named.map(([, at]) => at).join()
    const environment = this.#environments.get(key) ?? this.#knowing(named)
    this.#environments.set(key, environment)
    return environment
  }

  #knowing(named: readonly [string, number][]): CelEnvironment {
    const fields = named.map(([name, at]): [string, CelType] => {
      const compiled = this.#compiled[at]!
      return [name, compiled instanceof CelError ? DYN : { kind: 'own', type: compiled.type }]
    })
    return this.#base.extend({ variables: { kind: 'lazy', fields: Object.fromEntries(fields) } })
  }
}

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

/** Looks at the expressions of one object; what they know is made once for all that know the same. */
export class ExpressionChecks {
  readonly #cel = createCel()
  readonly #known = new Map<string, AdmissionExpressions>()

  /** The variables are those of one object, and so are the types. */
  #knowing(known: KnownToExpressions): AdmissionExpressions {
    const { hasParams, hasAuthorizer = true, isMutating = false, variables } = known
    const key = [hasParams, hasAuthorizer, isMutating, variables !== undefined].join()
    const expressions = this.#known.get(key) ?? new AdmissionExpressions(this.#cel, known)
    this.#known.set(key, expressions)
    return expressions
  }

  /**
   * Why an expression cannot be what it is for, in the compiler's words; undefined when it can. It knows the variables
   * before that one.
   */
  *problem(
    expression: string,
    told: KnownToExpressions & { gives?: keyof typeof GIVES | undefined; variablesBefore?: number },
  ): Generator<undefined, string | undefined> {
    const { gives, variablesBefore, ...known } = told
    let compiled: CelProgram
    try {
      yield
      compiled = yield* this.#knowing(known).compiling(expression, variablesBefore)
    } catch (err) {
      if (err instanceof CelError) return err.message
      throw err
    }
    if (!gives || GIVES[gives].some((type) => type === compiled.type) || mayGive(compiled)) return undefined
    const names = GIVES[gives].map(nameOfType)
    const wanted = names.length === 1 ? names[0] : `one of [${names.join(' ')}]`
    return `must evaluate to ${wanted} but got ${nameOfType(compiled.type)}`
  }
}

/** Upstream's compiler knows of more than ours what it gives; only of fields of untyped objects neither knows. */
const mayGive = ({ type, ast }: CelProgram) => /\bdyn\b/.test(type) && !['.', '[]', 'id'].includes(ast.op)

const nameOfType = (type: string) =>
  type
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replace(/^null$/, 'null_type')
