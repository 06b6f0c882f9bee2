// Reads an AuthenticationConfiguration (apiserver.config.k8s.io): checked in upstream's words, its expressions compiled.
// Upstream: apiserver/pkg/apis/apiserver/validation/validation.go, authentication/cel/compile.go.

import { X509Certificate } from 'node:crypto'
import { type FieldError, fieldError } from '../../../apimachinery/status-error.ts'
import { type CelEnvironment, CelError, type CelProgram, createCel } from '../../../cel/cel.ts'
import { type CelType, DYN } from '../../../cel/cel-type.ts'
import { type AstNode, nodesOf } from '../../../cel/cost.ts'
import {
  assertNoErrors,
  list,
  readConfiguration,
  record,
  type Told,
  text,
} from '../../configuration/read-configuration.ts'
import {
  type AuthenticationConfiguration,
  type ClaimRule,
  type ClaimSource,
  type JwtIssuer,
  SIGNING_ALGORITHMS,
} from './configuration.ts'

const STRING: CelType = { kind: 'string' }
const USER: CelType = {
  kind: 'object',
  fields: {
    username: STRING,
    uid: STRING,
    groups: { kind: 'list', items: STRING },
    extra: { kind: 'map', values: { kind: 'list', items: STRING } },
  },
}

/** Throws with everything that is wrong. `ownIssuer`: of service accounts' tokens, which nobody else may be. */
export function readAuthenticationConfiguration(
  source: string,
  { file, ownIssuer }: { file: string; ownIssuer: string },
): AuthenticationConfiguration {
  const told = readConfiguration(source, { file, kind: 'AuthenticationConfiguration' })
  const reader = new Reader(ownIssuer)
  const jwt = list(told.jwt).map((one, index) => reader.issuer(record(one), `jwt[${index}]`))
  reader.unique(
    jwt.map(({ url }) => url),
    (index) => `jwt[${index}].issuer.url`,
  )
  const anonymous = told.anonymous === undefined ? undefined : reader.anonymous(record(told.anonymous))
  assertNoErrors(file, reader.errors)
  return { jwt, ...(anonymous ? { anonymous } : {}) }
}

class Reader {
  readonly errors: FieldError[] = []
  readonly #ownIssuer: string
  readonly #claims: CelEnvironment
  readonly #user: CelEnvironment

  constructor(ownIssuer: string) {
    this.#ownIssuer = ownIssuer
    const cel = createCel()
    this.#claims = cel.environment({ claims: { kind: 'map', values: DYN } })
    this.#user = cel.environment({ user: USER })
  }

  issuer(told: Told, at: string): JwtIssuer {
    const issuer = record(told.issuer)
    const mappings = record(told.claimMappings)
    const url = text(issuer.url)
    const discoveryUrl = text(issuer.discoveryURL)
    const caPem = text(issuer.certificateAuthority)
    this.#url(url, `${at}.issuer.url`)
    if (url && url === this.#ownIssuer) {
      this.errors.push(
        fieldError.invalid(`${at}.issuer.url`, url, `URL must not overlap with disallowed issuers: [${url}]`),
      )
    }
    if (discoveryUrl) this.#discoveryUrl(url, discoveryUrl, `${at}.issuer.discoveryURL`)
    if (caPem && !isCertificate(caPem)) {
      this.errors.push(
        fieldError.invalid(
          `${at}.issuer.certificateAuthority`,
          '<omitted>',
          'data does not contain any valid RSA or ECDSA certificates',
        ),
      )
    }
    const read: JwtIssuer = {
      url,
      ...(discoveryUrl ? { discoveryUrl } : {}),
      ...(caPem ? { caPem } : {}),
      audiences: this.#audiences(issuer, `${at}.issuer`),
      algorithms: SIGNING_ALGORITHMS,
      rules: this.#rules(list(told.claimValidationRules).map(record), `${at}.claimValidationRules`),
      username: this.#source(record(mappings.username), `${at}.claimMappings.username`, true)!,
      groups: this.#source(record(mappings.groups), `${at}.claimMappings.groups`, false),
      uid: this.#uid(record(mappings.uid), `${at}.claimMappings.uid`),
      extra: this.#extra(list(mappings.extra).map(record), `${at}.claimMappings.extra`),
      userRules: this.#userRules(list(told.userValidationRules).map(record), `${at}.userValidationRules`),
    }
    this.#emailIsVerified(read, `${at}.claimMappings`)
    return read
  }

  anonymous(told: Told): NonNullable<AuthenticationConfiguration['anonymous']> {
    const enabled = told.enabled === true
    const conditions = list(told.conditions).map((one) => ({ path: text(record(one).path) }))
    if (!enabled && conditions.length > 0) {
      const detail = 'enabled should be set to true when conditions are defined'
      this.errors.push(fieldError.invalid('anonymous.conditions', conditions, detail))
    }
    return { enabled, ...(conditions.length > 0 ? { conditions } : {}) }
  }

  unique(values: readonly string[], field: (index: number) => string): void {
    values.forEach((value, index) => {
      if (value && values.indexOf(value) < index) this.errors.push(fieldError.duplicate(field(index), value))
    })
  }

  #url(value: string, field: string): void {
    if (!value) return void this.errors.push(fieldError.required(field))
    const wrong = (detail: string) => this.errors.push(fieldError.invalid(field, value, detail))
    let url: URL
    try {
      url = new URL(value)
    } catch {
      return void wrong('URL cannot be parsed')
    }
    if (url.protocol !== 'https:') wrong('URL scheme must be https')
    if (url.username || url.password) wrong('URL must not contain a username or password')
    if (url.search) wrong('URL must not contain a query')
    if (url.hash) wrong('URL must not contain a fragment')
  }

  #discoveryUrl(url: string, value: string, field: string): void {
    const bare = (one: string) => one.replace(/\/+$/, '')
    if (url && bare(url) === bare(value)) {
      this.errors.push(fieldError.invalid(field, value, 'discoveryURL must be different from URL'))
    }
    this.#url(value, field)
  }

  #audiences(issuer: Told, at: string): string[] {
    const audiences = list(issuer.audiences).map(text)
    const policy = text(issuer.audienceMatchPolicy)
    const field = `${at}.audiences`
    if (audiences.length === 0) this.errors.push(fieldError.required(field, `at least one ${field} is required`))
    audiences.forEach((audience, index) => {
      if (!audience) this.errors.push(fieldError.required(`${field}[${index}]`))
    })
    this.unique(audiences, (index) => `${field}[${index}]`)
    const detail =
      audiences.length > 1
        ? 'audienceMatchPolicy must be MatchAny for multiple audiences'
        : 'audienceMatchPolicy must be empty or MatchAny for single audience'
    if (policy !== 'MatchAny' && (audiences.length > 1 || (audiences.length === 1 && policy !== ''))) {
      this.errors.push(fieldError.invalid(`${at}.audienceMatchPolicy`, policy, detail))
    }
    return audiences
  }

  #rules(told: readonly Told[], at: string): ClaimRule[] {
    this.unique(
      told.map((rule) => text(rule.claim)),
      (index) => `${at}[${index}].claim`,
    )
    this.unique(
      told.map((rule) => text(rule.expression)),
      (index) => `${at}[${index}].expression`,
    )
    return told.flatMap((rule, index): ClaimRule[] => {
      const [claim, expression, message] = [text(rule.claim), text(rule.expression), text(rule.message)]
      const requiredValue = text(rule.requiredValue)
      const field = `${at}[${index}]`
      const refuse = (error: FieldError) => {
        this.errors.push(error)
        return []
      }
      if (claim && expression) return refuse(fieldError.invalid(field, claim, "claim and expression can't both be set"))
      if (!claim && !expression) return refuse(fieldError.required(field, 'claim or expression is required'))
      if (claim) {
        if (message)
          return refuse(fieldError.invalid(`${field}.message`, message, 'may not be specified when claim is set'))
        return [{ type: 'claim', claim, requiredValue }]
      }
      if (requiredValue) {
        const detail = 'may not be specified when expression is set'
        return refuse(fieldError.invalid(`${field}.requiredValue`, requiredValue, detail))
      }
      const program = this.#compile(this.#claims, expression, `${field}.expression`, ['bool'])
      return program ? [{ type: 'expression', expression, program, message }] : []
    })
  }

  #source(told: Told, field: string, isRequired: boolean): ClaimSource | undefined {
    const [claim, expression] = [text(told.claim), text(told.expression)]
    const { prefix } = told
    if (claim && expression) {
      this.errors.push(fieldError.invalid(field, '', "claim and expression can't both be set"))
      return undefined
    }
    if (expression) {
      if (typeof prefix === 'string') {
        const detail = 'may not be specified when expression is set'
        this.errors.push(fieldError.invalid(`${field}.prefix`, prefix, detail))
      }
      const types = isRequired ? ['string'] : ['string', 'list', 'null']
      const program = this.#compile(this.#claims, expression, `${field}.expression`, types)
      return program && { type: 'expression', expression, program }
    }
    if (claim && typeof prefix !== 'string') {
      const detail = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing'
      this.errors.push(fieldError.required(`${field}.prefix`, detail))
    }
    if (claim) return { type: 'claim', claim, prefix: text(prefix) }
    if (isRequired) this.errors.push(fieldError.required(field, 'claim or expression is required'))
    return undefined
  }

  #uid(told: Told, field: string): ClaimSource | undefined {
    const [claim, expression] = [text(told.claim), text(told.expression)]
    if (claim && expression) this.errors.push(fieldError.invalid(field, '', "claim and expression can't both be set"))
    if (claim) return { type: 'claim', claim, prefix: '' }
    const program = expression && this.#compile(this.#claims, expression, `${field}.expression`, ['string'])
    return program ? { type: 'expression', expression, program } : undefined
  }

  #extra(told: readonly Told[], at: string): JwtIssuer['extra'] {
    this.unique(
      told.map(({ key }) => text(key)),
      (index) => `${at}[${index}].key`,
    )
    return told.flatMap((mapping, index) => {
      const key = text(mapping.key)
      const field = `${at}[${index}]`
      for (const problem of extraKeyProblems(key)) this.errors.push(fieldError.invalid(`${field}.key`, key, problem))
      const expression = text(mapping.valueExpression)
      if (!expression) {
        this.errors.push(fieldError.required(`${field}.valueExpression`))
        return []
      }
      const types = ['string', 'list', 'null']
      const program = this.#compile(this.#claims, expression, `${field}.valueExpression`, types)
      return program ? [{ key, expression, program }] : []
    })
  }

  #userRules(told: readonly Told[], at: string): JwtIssuer['userRules'] {
    this.unique(
      told.map((rule) => text(rule.expression)),
      (index) => `${at}[${index}].expression`,
    )
    return told.flatMap((rule, index) => {
      const expression = text(rule.expression)
      const field = `${at}[${index}].expression`
      if (!expression) {
        this.errors.push(fieldError.required(field))
        return []
      }
      const program = this.#compile(this.#user, expression, field, ['bool'])
      return program ? [{ expression, program, message: text(rule.message) }] : []
    })
  }

  /** Anybody can write any address into their account; only a verified one says who somebody is. */
  #emailIsVerified({ username, extra, rules }: JwtIssuer, at: string): void {
    if (username?.type !== 'expression' || !namesClaim(username.program, 'email')) return
    const programs = [
      username.program,
      ...extra.map(({ program }) => program),
      ...rules.flatMap((rule) => (rule.type === 'expression' ? [rule.program] : [])),
    ]
    if (programs.some((program) => namesClaim(program, 'email_verified'))) return
    const detail =
      'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or ' +
      'claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression'
    this.errors.push(fieldError.invalid(`${at}.username.expression`, username.expression, detail))
  }

  #compile(environment: CelEnvironment, expression: string, field: string, types: readonly string[]) {
    try {
      const program = environment.compile(expression)
      const [type = ''] = program.type.split('<')
      if (type === 'dyn' || types.includes(type)) return program
      const wanted = types.length === 1 ? types[0] : `one of ${types.join(', ')}`
      this.errors.push(fieldError.invalid(field, expression, `must evaluate to ${wanted}`))
    } catch (err) {
      if (!(err instanceof CelError)) throw err
      this.errors.push(fieldError.invalid(field, expression, err.message))
    }
    return undefined
  }
}

/** However it is written: `claims.email`, `claims.?email`, `claims['email']`, `claims[?'email']`. */
function namesClaim({ ast }: CelProgram, claim: string): boolean {
  return [...nodesOf(ast)].some(({ op, args }) => {
    if (!['.', '.?', '[]', '[?]'].includes(op)) return false
    const [of, name] = args as [AstNode, string | AstNode]
    return of.args === 'claims' && (typeof name === 'string' ? name : name.args) === claim
  })
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}

const KEY = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/i

function extraKeyProblems(key: string): string[] {
  if (!KEY.test(key)) return ['must be a domain-prefixed path (such as "acme.io/foo")']
  const [domain = ''] = key.split('/', 1)
  const problems: string[] = []
  if (key !== key.toLowerCase()) problems.push('must be lowercase')
  if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) {
    problems.push('k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use')
  }
  return problems
}
