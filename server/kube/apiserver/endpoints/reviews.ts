// "Who am I?", "may I?", "may they?", "what may I do here?" and, for servers that trust this one, "whose token is this?":
// asked and answered, never stored. Upstream: kubernetes/pkg/registry/{authorization,authentication}.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { badRequest, fieldError, invalid, StatusError } from '../../apimachinery/status-error.ts'
import { defineKind } from '../../kinds/define-kind.ts'
import { AuthenticationError } from '../authentication/authenticate.ts'
import { type Attributes, authorizeBy, rulesBy } from '../authorization/authorizer.ts'
import type { Answer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { decodeAs, readValue } from '../request-path/read-body.ts'
import type { RequestContext, UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import { noSuchResource } from './api-resources.ts'
import type { Endpoints } from './endpoints.ts'
import type { UnstoredKind } from './unstored-kind.ts'

type Needs = Pick<Endpoints, 'authentication' | 'authorization' | 'schemas' | 'feed'>

interface Asked {
  context: RequestContext
  info: RequestInfo
  spec: JsonObject
}

/** Answers with a status. */
type Review = (needs: Needs, asked: Asked) => JsonObject | Promise<JsonObject>

const AUTHENTICATION = 'authentication.k8s.io'
const AUTHORIZATION = 'authorization.k8s.io'

const review = (group: string, kind: string, answer: Review, namespaced = false) => ({
  kind: defineKind({ group, version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced }),
  verbs: ['create'],
  answer,
})

export const REVIEWS: readonly (UnstoredKind & { answer: Review })[] = [
  review(AUTHENTICATION, 'SelfSubjectReview', whoAmI),
  review(AUTHENTICATION, 'TokenReview', whoseToken),
  review(AUTHORIZATION, 'SelfSubjectAccessReview', (needs, { context, spec }) =>
    mayThey(needs, 'SelfSubjectAccessReview', context.user, spec),
  ),
  review(AUTHORIZATION, 'SubjectAccessReview', (needs, { spec }) =>
    mayThey(needs, 'SubjectAccessReview', subjectOf('SubjectAccessReview', spec), spec),
  ),
  review(AUTHORIZATION, 'LocalSubjectAccessReview', mayTheyHere, true),
  review(AUTHORIZATION, 'SelfSubjectRulesReview', whatMayI),
]

const reviewOf = (info: RequestInfo) =>
  REVIEWS.find(
    ({ kind: { group, version, plural, namespaced } }) =>
      group === info.group &&
      plural === info.resource &&
      version === info.version &&
      namespaced === (info.namespace !== ''),
  )

export const isReview = (info: RequestInfo): boolean => reviewOf(info) !== undefined

export async function answerReview(
  needs: Needs,
  { context, info, request }: { context: RequestContext; info: RequestInfo; request: ApiRequest },
): Promise<Answer> {
  const review = reviewOf(info)
  if (!review) throw noSuchResource()
  if (info.verb !== 'create' || info.subresource) {
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  const { group, kind } = review.kind
  const sent = (await readValue(request, needs)) ?? {}
  const gvk = { group, version: 'v1', kind }
  const body = decodeAs(needs.schemas, gvk, sent, { fieldValidation: '', context }) as JsonObject & { spec?: unknown }
  const spec = isJsonObject(body.spec) ? body.spec : {}
  await needs.feed.caughtUp()
  const status = await review.answer(needs, { context, info, spec })
  return {
    type: 'object',
    code: 201,
    object: {
      kind,
      apiVersion: `${group}/v1`,
      metadata: { creationTimestamp: null, ...(info.namespace ? { namespace: info.namespace } : {}) },
      ...(kind === 'SelfSubjectReview' ? {} : { spec: kind === 'SelfSubjectRulesReview' ? {} : spec }),
      status,
    },
  }
}

function whoAmI(_needs: Needs, { context }: Asked): JsonObject {
  return { userInfo: userJson(context.user) }
}

async function whoseToken({ authentication }: Needs, { spec }: Asked): Promise<JsonObject> {
  try {
    const { user, audiences } = await authentication.holderOf(text(spec.token), strings(spec.audiences))
    return { authenticated: true, user: userJson(user), audiences }
  } catch (err) {
    if (!(err instanceof AuthenticationError)) throw err
    // As upstream, which tells the other server what it does not tell the sender.
    return { user: {}, error: `[${err.reasons.join(', ')}]` }
  }
}

async function mayThey({ authorization }: Needs, kind: string, user: UserInfo, spec: JsonObject): Promise<JsonObject> {
  const { decision, reason } = await authorizeBy(authorization.chain, user, attributesOf(kind, spec))
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason ? { reason } : {}),
  }
}

function mayTheyHere(needs: Needs, { info, spec }: Asked): Promise<JsonObject> {
  const kind = 'LocalSubjectAccessReview'
  if (spec.nonResourceAttributes) {
    throw refusal(kind, 'spec.nonResourceAttributes', 'disallowed on this kind of request')
  }
  const user = subjectOf(kind, spec)
  if (attributesOf(kind, spec).namespace !== info.namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${info.namespace}`)
  }
  return mayThey(needs, kind, user, spec)
}

function whatMayI({ authorization: { chain } }: Needs, { context: { user }, spec }: Asked): JsonObject {
  const namespace = text(spec.namespace)
  if (!namespace) throw badRequest('no namespace on request')
  const { rules, incomplete = false, problem } = rulesBy(chain, user, namespace)
  return {
    resourceRules: rules.filter(({ resources }) => resources?.length).map(resourceRule),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs = [] }) => ({ verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] })),
    incomplete,
    ...(problem ? { evaluationError: problem } : {}),
  }
}

function resourceRule({ verbs, apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): JsonObject {
  return {
    verbs: [...verbs],
    apiGroups: [...apiGroups],
    resources: [...resources],
    ...(resourceNames.length > 0 ? { resourceNames: [...resourceNames] } : {}),
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')
const strings = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])

const refusal = (kind: string, field: string, why: string) =>
  invalid({ group: AUTHORIZATION, kind }, '', [fieldError.invalid(field, null, why)])

function subjectOf(kind: string, { user, groups, uid, extra }: JsonObject): UserInfo {
  if (!user && strings(groups).length === 0) {
    throw refusal(kind, 'spec.user', 'at least one of user or group must be specified')
  }
  return {
    name: text(user),
    groups: strings(groups),
    ...(uid ? { uid: text(uid) } : {}),
    ...(isJsonObject(extra)
      ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, strings(values)])) }
      : {}),
  }
}

function attributesOf(kind: string, { resourceAttributes, nonResourceAttributes }: JsonObject): Attributes {
  const resource = isJsonObject(resourceAttributes) ? resourceAttributes : undefined
  const path = isJsonObject(nonResourceAttributes) ? nonResourceAttributes : undefined
  if (resource && path) {
    throw refusal(kind, 'spec.nonResourceAttributes', 'cannot be specified in combination with resourceAttributes')
  }
  if (!resource && !path) {
    throw refusal(
      kind,
      'spec.resourceAttributes',
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  }
  return {
    isResource: resource !== undefined,
    path: text(path?.path),
    verb: text((resource ?? path)?.verb),
    group: text(resource?.group),
    namespace: text(resource?.namespace),
    resource: text(resource?.resource),
    name: text(resource?.name),
    subresource: text(resource?.subresource),
    fieldSelector: selectorOf(kind, resource?.fieldSelector),
  }
}

/** Of a list or a watch: as text, or told in requirements. */
function selectorOf(kind: string, told: unknown): string {
  if (!isJsonObject(told)) return ''
  const requirements = Array.isArray(told.requirements) ? told.requirements.filter(isJsonObject) : []
  const raw = text(told.rawSelector)
  if (raw && requirements.length > 0) {
    throw refusal(
      kind,
      'spec.resourceAttributes.fieldSelector.rawSelector',
      'may not specified at the same time as requirements',
    )
  }
  if (raw) return raw
  // A field has one value: only what is one equation narrows anything.
  return requirements
    .filter(({ values, operator }) => strings(values).length === 1 && (operator === 'In' || operator === 'NotIn'))
    .map(
      ({ key, operator, values }) =>
        `${text(key)}${operator === 'In' ? '=' : '!='}${escaped(strings(values)[0] ?? '')}`,
    )
    .join(',')
}

const escaped = (value: string) => value.replace(/[\\,=]/g, '\\$&')

function userJson({ name, uid, groups, extra }: UserInfo): JsonObject {
  return {
    username: name,
    ...(uid ? { uid } : {}),
    groups: [...groups],
    ...(extra ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) } : {}),
  }
}
