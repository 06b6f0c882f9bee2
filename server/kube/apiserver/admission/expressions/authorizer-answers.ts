// `authorizer` in expressions. Expressions run without waiting and authorizers may take their time: what is not yet known
// is asked for, and whoever evaluates tries again when it is.
// Upstream: apiserver/pkg/admission/plugin/authorizer/caching_authorizer.go.

import { type AuthorizerAnswer, type AuthorizerQuestion, CelAuthorizer } from '../../../cel/library/authorizer.ts'
import { type Attributes, type Authorizer, authorizeBy } from '../../authorization/authorizer.ts'
import type { UserInfo } from '../../request-path/request-context.ts'
import type { AdmissionRequest } from '../admission.ts'

export class AuthorizerAnswers {
  readonly #chain: readonly Authorizer[]
  readonly #user: UserInfo
  readonly #known = new Map<string, AuthorizerAnswer>()
  readonly #asked = new Map<string, Promise<void>>()
  /** What an expression is given. */
  readonly variable: CelAuthorizer

  constructor(chain: readonly Authorizer[], request: AdmissionRequest) {
    this.#chain = chain
    this.#user = request.user
    const { kind, subresource, namespace, name } = request
    this.variable = new CelAuthorizer((question) => this.#answer(question), {
      requestResource: {
        group: kind.group,
        resource: kind.plural,
        subresource,
        namespace,
        name: request.object?.metadata?.name || name,
        fieldSelector: '',
        labelSelector: '',
      },
    })
  }

  /** Resolves when all that has been asked is known; false when nothing has. */
  async settled(): Promise<boolean> {
    if (this.#asked.size === 0) return false
    await Promise.all(this.#asked.values())
    this.#asked.clear()
    return true
  }

  #answer(question: AuthorizerQuestion): AuthorizerAnswer {
    const key = JSON.stringify(question)
    const known = this.#known.get(key)
    if (known) return known
    if (!this.#asked.has(key)) this.#asked.set(key, this.#ask(key, question))
    throw new Error('the authorizer has not answered yet')
  }

  async #ask(key: string, question: AuthorizerQuestion): Promise<void> {
    let answer: AuthorizerAnswer
    try {
      const { decision, reason } = await authorizeBy(this.#chain, this.#userOf(question), attributesOf(question))
      answer = { isAllowed: decision === 'allow', reason }
    } catch (err) {
      answer = { isAllowed: false, reason: '', error: err instanceof Error ? err.message : String(err) }
    }
    this.#known.set(key, answer)
  }

  #userOf({ serviceAccount }: AuthorizerQuestion): UserInfo {
    if (!serviceAccount) return this.#user
    const { namespace, name } = serviceAccount
    return {
      name: `system:serviceaccount:${namespace}:${name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    }
  }
}

function attributesOf({ verb, path, resource }: AuthorizerQuestion): Attributes {
  const nothing = { group: '', namespace: '', resource: '', subresource: '', name: '' }
  if (!resource) return { ...nothing, isResource: false, path: path ?? '', verb }
  const { labelSelector: _label, fieldSelector, ...of } = resource
  return {
    ...nothing,
    ...of,
    isResource: true,
    path: '',
    verb,
    version: '*',
    ...(fieldSelector ? { fieldSelector } : {}),
  }
}
