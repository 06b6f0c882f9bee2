// "Who am I?", "may I?", and, for servers that trust this one, "whose token is this?": asked and answered, never stored.

import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { badRequest, StatusError } from '../../apimachinery/status-error.ts'
import { authorizeBy } from '../authorization/authorizer.ts'
import type { Answer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { parseJson, readValue } from '../request-path/read-body.ts'
import type { RequestContext, UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import type { Endpoints } from './endpoints.ts'

/** Undefined when the request is about something else. */
export async function answerReview(
  { authorizers, tokens, schemas }: Pick<Endpoints, 'authorizers' | 'tokens' | 'schemas'>,
  { context, info, request }: { context: RequestContext; info: RequestInfo; request: ApiRequest },
): Promise<Answer | undefined> {
  const about = `${info.group}/${info.resource}`
  const isReview =
    about === 'authentication.k8s.io/selfsubjectreviews' ||
    about === 'authentication.k8s.io/tokenreviews' ||
    about === 'authorization.k8s.io/selfsubjectaccessreviews'
  if (!isReview) return undefined
  if (info.verb !== 'create') {
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  const sent = await readValue(request, { schemas })
  const body = typeof sent === 'string' ? parseJson(sent) : (sent ?? {})
  if (!isJsonObject(body)) throw badRequest('a review must be an object')
  const spec = isJsonObject(body.spec) ? body.spec : {}
  const answer = (status: JsonObject, kind: string): Answer => ({
    type: 'object',
    code: 201,
    object: {
      kind,
      apiVersion: `${info.group}/${info.version}`,
      metadata: { creationTimestamp: null },
      ...(kind === 'SelfSubjectReview' ? {} : { spec }),
      status,
    },
  })
  switch (info.resource) {
    case 'selfsubjectreviews':
      return answer({ userInfo: userJson(context.user) }, 'SelfSubjectReview')
    case 'tokenreviews': {
      try {
        const user = await tokens.verify(typeof spec.token === 'string' ? spec.token : '')
        const known = { ...user, groups: [...user.groups, 'system:authenticated'] }
        return answer({ authenticated: true, user: userJson(known), audiences: [tokens.issuer] }, 'TokenReview')
      } catch {
        return answer({ authenticated: false, user: {}, error: 'invalid bearer token' }, 'TokenReview')
      }
    }
    default: {
      const verdict = authorizeBy(authorizers, context.user, askedInfo(spec))
      return answer(
        { allowed: verdict.decision === 'allow', ...(verdict.reason ? { reason: verdict.reason } : {}) },
        'SelfSubjectAccessReview',
      )
    }
  }
}

function askedInfo(spec: JsonObject): RequestInfo {
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const resource = isJsonObject(spec.resourceAttributes) ? spec.resourceAttributes : undefined
  const path = isJsonObject(spec.nonResourceAttributes) ? spec.nonResourceAttributes : {}
  return {
    isResource: resource !== undefined,
    path: text(path.path),
    verb: text(resource ? resource.verb : path.verb),
    group: text(resource?.group),
    version: text(resource?.version),
    namespace: text(resource?.namespace),
    resource: text(resource?.resource),
    name: text(resource?.name),
    subresource: text(resource?.subresource),
  }
}

function userJson({ name, uid, groups, extra }: UserInfo): JsonObject {
  return {
    username: name,
    ...(uid ? { uid } : {}),
    groups: [...groups],
    ...(extra ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) } : {}),
  }
}
