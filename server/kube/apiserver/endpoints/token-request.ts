// POST serviceaccounts/<name>/token. Upstream: kubernetes/pkg/registry/core/serviceaccount/storage/token.go.

import type { TokenRequest } from 'kubernetes-types/authentication/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { badRequest, conflict, fieldError, invalid, notFound } from '../../apimachinery/status-error.ts'
import type { Reference } from '../authentication/service-account-tokens.ts'
import type { Answer } from '../request-path/answer.ts'
import { decodeAs, readValue } from '../request-path/read-body.ts'
import type { Endpoints } from './endpoints.ts'
import { assertNodeMayHave } from './node-token.ts'
import { admit, assertNamespace, type Call, gateOf } from './object-endpoints.ts'

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
const SHORTEST_SECONDS = 600
const DEFAULT_SECONDS = 3600
const LONGEST_SECONDS = 2 ** 32

export async function requestToken(
  call: Call,
  { tokens, resources }: Pick<Endpoints, 'tokens' | 'resources'>,
): Promise<Answer> {
  const { info, request, registry, schemas, context } = call
  const value = await readValue(request, call)
  if (value === undefined) throw badRequest('the request body is empty: a TokenRequest is expected')
  const asked = decodeAs(schemas, TOKEN_REQUEST, value, { fieldValidation: '' }) as TokenRequest
  const { name: told } = asked.metadata ?? {}
  if (told && told !== info.name) {
    const why = 'must match the service account name if specified'
    throw invalid(TOKEN_REQUEST, info.name, [fieldError.invalid('metadata.name', told, why)])
  }
  assertNamespace(asked, info.namespace)
  const { object: account } = await registry.get(info.namespace, info.name)
  const seconds = asked.spec?.expirationSeconds ?? DEFAULT_SECONDS
  if (seconds < SHORTEST_SECONDS || seconds > LONGEST_SECONDS) {
    const why =
      seconds < SHORTEST_SECONDS
        ? 'may not specify a duration less than 10 minutes'
        : 'may not specify a duration larger than 2^32 seconds'
    throw invalid(TOKEN_REQUEST, '', [fieldError.invalid('spec.expirationSeconds', seconds, why)])
  }
  await admit(gateOf(call, 'CREATE', false, TOKEN_REQUEST), asked)
  const audiences = asked.spec?.audiences?.length ? asked.spec.audiences : [tokens.issuer]
  const bound = boundTo(asked)
  await assertNodeMayHave(call, asked, resources)
  const { token, expiresAt } = await tokens.issue(
    { namespace: info.namespace, name: info.name, uid: account.metadata?.uid ?? '', ...bound },
    { audiences, seconds },
  )
  return {
    type: 'object',
    code: 201,
    object: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {
        name: info.name,
        namespace: info.namespace,
        creationTimestamp: new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      },
      spec: {
        audiences,
        expirationSeconds: seconds,
        ...(asked.spec?.boundObjectRef ? { boundObjectRef: asked.spec.boundObjectRef } : { boundObjectRef: null }),
      },
      status: { token, expirationTimestamp: `${new Date(expiresAt * 1000).toISOString().slice(0, 19)}Z` },
    },
  }

  function boundTo({ spec }: TokenRequest): { pod?: Reference; node?: Reference; secret?: Reference } {
    const reference = spec?.boundObjectRef
    if (!reference) return {}
    const { apiVersion = '', kind = '', name = '', uid } = reference
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    const plural = group === '' ? { Pod: 'pods', Node: 'nodes', Secret: 'secrets' }[kind] : undefined
    if (!plural) throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`)
    const found = resources.core(plural)?.peek(kind === 'Node' ? '' : info.namespace, name)
    if (!found) throw notFound({ group: '', resource: plural }, name)
    const actual = found.metadata?.uid ?? ''
    if (uid && uid !== actual) {
      const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`
      throw conflict({ group: '', resource: kind }, name, why)
    }
    const of = { name, uid: actual }
    if (kind === 'Node') return { node: of }
    if (kind === 'Secret') return { secret: of }
    const { spec: podSpec } = found as Pod
    if ((podSpec?.serviceAccountName ?? 'default') !== info.name) {
      throw badRequest(
        `cannot bind token for serviceaccount "${info.name}" to pod running with different serviceaccount name.`,
      )
    }
    const node = podSpec?.nodeName ? resources.core('nodes')?.peek('', podSpec.nodeName) : undefined
    return {
      pod: of,
      ...(node?.metadata?.uid ? { node: { name: podSpec?.nodeName ?? '', uid: node.metadata.uid } } : {}),
    }
  }
}
