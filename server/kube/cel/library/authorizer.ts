// Asking who may do what: `authorizer.group('').resource('pods').namespace('a').check('create').allowed()`.
// Whoever evaluates gives the variable, and answers. Upstream: apiserver/pkg/cel/library/authz.go.

import type { Environment } from '@marcbachmann/cel-js'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'

interface ServiceAccountName {
  namespace: string
  name: string
}

export interface AuthorizerQuestion {
  verb: string
  /** In place of whoever sends the request. */
  serviceAccount?: ServiceAccountName
  path?: string
  resource?: {
    group: string
    resource: string
    subresource: string
    namespace: string
    name: string
    fieldSelector: string
    labelSelector: string
  }
}

export interface AuthorizerAnswer {
  isAllowed: boolean
  reason: string
  error?: string
}

export type AskAuthorizer = (question: AuthorizerQuestion) => AuthorizerAnswer
type Resource = NonNullable<AuthorizerQuestion['resource']>

/** What the library must know of a variable of this kind. */
export const AUTHORIZER = 'kubernetes.authorization.Authorizer'

export class CelAuthorizer {
  readonly ask: AskAuthorizer
  readonly serviceAccount: ServiceAccountName | undefined
  /** The field `requestResource`: what the request itself is about. */
  readonly requestResource: ResourceCheck | undefined

  constructor(ask: AskAuthorizer, told: { requestResource?: Resource; serviceAccount?: ServiceAccountName } = {}) {
    this.ask = ask
    this.serviceAccount = told.serviceAccount
    this.requestResource = told.requestResource && new ResourceCheck(this, told.requestResource)
  }
}

class PathCheck {
  readonly of: CelAuthorizer
  readonly path: string
  constructor(of: CelAuthorizer, path: string) {
    this.of = of
    this.path = path
  }
}

class GroupCheck {
  readonly of: CelAuthorizer
  readonly group: string
  constructor(of: CelAuthorizer, group: string) {
    this.of = of
    this.group = group
  }
}

class ResourceCheck {
  readonly of: CelAuthorizer
  readonly resource: Resource
  constructor(of: CelAuthorizer, resource: Resource) {
    this.of = of
    this.resource = resource
  }
}

class Decision {
  readonly answer: AuthorizerAnswer
  constructor(answer: AuthorizerAnswer) {
    this.answer = answer
  }
}

export function addAuthorizer(environment: Environment): void {
  const prefix = 'kubernetes.authorization.'
  const [path, group, resource, decision] = ['PathCheck', 'GroupCheck', 'ResourceCheck', 'Decision'].map(
    (name) => prefix + name,
  ) as [string, string, string, string]
  const on = (signature: string, handler: (...values: never[]) => unknown) =>
    environment.registerFunction(signature, handler, { async: false })
  environment
    .registerType(path, PathCheck)
    .registerType(group, GroupCheck)
    .registerType(resource, ResourceCheck)
    .registerType(decision, Decision)
    .registerType(AUTHORIZER, { ctor: CelAuthorizer, fields: { requestResource: resource } })
  const check = (of: CelAuthorizer, question: AuthorizerQuestion) =>
    new Decision(of.ask({ ...question, ...(of.serviceAccount ? { serviceAccount: of.serviceAccount } : {}) }))
  on(`${AUTHORIZER}.path(string): ${path}`, (of: CelAuthorizer, text: string) => {
    if (text.trim() === '') throw new Error('path must not be empty')
    return new PathCheck(of, text)
  })
  on(`${AUTHORIZER}.group(string): ${group}`, (of: CelAuthorizer, text: string) => new GroupCheck(of, text))
  on(
    `${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`,
    ({ ask }: CelAuthorizer, namespace: string, name: string) => {
      if (dnsSubdomainProblems(name).length > 0) throw new Error('Invalid service account name')
      if (dnsLabelProblems(namespace).length > 0) throw new Error('Invalid service account namespace')
      return new CelAuthorizer(ask, { serviceAccount: { namespace, name } })
    },
  )
  on(`${group}.resource(string): ${resource}`, (of: GroupCheck, text: string) => {
    if (text.trim() === '') throw new Error('resource must not be empty')
    const nothing = { subresource: '', namespace: '', name: '', fieldSelector: '', labelSelector: '' }
    return new ResourceCheck(of.of, { group: of.group, resource: text, ...nothing })
  })
  for (const field of ['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector'] as const) {
    on(
      `${resource}.${field}(string): ${resource}`,
      (of: ResourceCheck, text: string) => new ResourceCheck(of.of, { ...of.resource, [field]: text }),
    )
  }
  on(`${path}.check(string): ${decision}`, (of: PathCheck, verb: string) => check(of.of, { verb, path: of.path }))
  on(`${resource}.check(string): ${decision}`, ({ of, resource: about }: ResourceCheck, verb: string) =>
    check(of, { verb, resource: about }),
  )
  on(`${decision}.allowed(): bool`, ({ answer }: Decision) => answer.isAllowed)
  on(`${decision}.reason(): string`, ({ answer }: Decision) => answer.reason)
  on(`${decision}.errored(): bool`, ({ answer }: Decision) => answer.error !== undefined)
  on(`${decision}.error(): string`, ({ answer }: Decision) => answer.error ?? '')
}
