// Which endpoint answers which request.

import { PageNotFoundError } from '../../apimachinery/status-error.ts'
import { DISCOVERY_PATH, issuerAnswer, KEYS_PATH } from '../authentication/issuer-discovery.ts'
import type { Answer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { negotiate, notAcceptable, type Offer, PLAIN_OFFER } from '../request-path/negotiate.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import { answerMetrics, isMetrics } from '../resource-metrics/answer.ts'
import { noSuchResource, notAllowed } from './api-resources.ts'
import { applyObject } from './apply-object.ts'
import { bindPod } from './bind-pod.ts'
import { answerComponentStatus, isComponentStatus } from './component-status.ts'
import { assertCustomRoute } from './custom-routes.ts'
import type { Endpoints } from './endpoints.ts'
import { evictPod } from './evict-pod.ts'
import { FLAGZ, flagz } from './flagz.ts'
import { healthAnswer, textAnswer } from './health.ts'

import { LOOP_REPORTS, takeLoopReports } from './loop-reports.ts'
import {
  type Call,
  createObject,
  deleteCollection,
  deleteObject,
  getObject,
  listObjects,
  updateObject,
} from './object-endpoints.ts'
import { patchObject } from './patch-object.ts'
import { connectToPod } from './pod-connect.ts'
import { proxyTo } from './proxy.ts'
import { isApplyPatch } from './read-configuration.ts'
import { answerReview, isReview } from './reviews.ts'
import { scaleEndpoint } from './scale.ts'
import { ServedKind } from './served-kind.ts'
import { VERSION } from './server-state.ts'
import { STATUSZ } from './statusz.ts'
import { requestToken } from './token-request.ts'
import { watchObjects } from './watch-objects.ts'

export async function route(
  endpoints: Endpoints,
  context: RequestContext,
  info: RequestInfo,
  request: ApiRequest,
): Promise<Answer> {
  const elsewhere = endpoints.aggregation.answer(context, info.path)
  if (elsewhere) return elsewhere
  if (info.path.includes('//') && info.subresource !== 'proxy') {
    throw info.path.startsWith('//') ? new PageNotFoundError() : noSuchResource()
  }
  if (info.path === LOOP_REPORTS && info.verb === 'post') return takeLoopReports(endpoints.trace, context, request)
  if (!info.isResource) return routeDocument(endpoints, context, info, request)
  const { resources, schemas, admission, fieldManagers, authorization } = endpoints
  if (isReview(info)) {
    settleForm(context, request, () => PLAIN_OFFER)
    return answerReview(endpoints, { context, info, request })
  }
  if (isComponentStatus(info)) {
    settleForm(context, request, () => ({ ...PLAIN_OFFER, transforms: true }))
    return answerComponentStatus(endpoints.components, { context, info, query: request.query })
  }
  if (isMetrics(info)) {
    settleForm(context, request, () => ({ ...PLAIN_OFFER, protobuf: false, transforms: true }))
    return answerMetrics({ resources, metrics: endpoints.resourceMetrics }, info, request.query)
  }
  const found = findKind(endpoints, info)
  if (!ANSWERED_ELSEWHERE.has(info.subresource)) {
    settleForm(context, request, () => ({
      protobuf: !found || schemas.typeOf(found.kind) !== undefined,
      transforms: true,
      discovery: false,
      stream: info.verb === 'watch',
    }))
  }
  // Upstream has no routes for HEAD where it serves objects of its own; custom resources do not go by routes.
  if (request.method === 'HEAD' && found && !found.kind.schema && info.subresource !== 'proxy') throw notAllowed()
  if (found?.kind.schema) assertCustomRoute(found.kind, info)
  if (found?.kind.deprecation) context.warn(found.kind.deprecation)
  const shared = { context, info, request, schemas, admission, fieldManagers, authorizers: authorization.chain }
  const served = found ?? new ServedKind(resources.core('pods')!)
  const call: Call = { ...shared, served, registry: served.registry }
  if (!found) return bindPod(call)
  return info.subresource ? routeSubresource(endpoints, call) : routeVerb(endpoints, call)
}

/** What comes from a kubelet or a pod comes as it is. */
const ANSWERED_ELSEWHERE = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

function settleForm(context: RequestContext, request: ApiRequest, offer: () => Offer): void {
  const form = negotiate(request.accept, offer)
  const pretty = form.pretty || context.representation.pretty
  context.representation = pretty ? { ...form, pretty } : form
  if (form.format === 'yaml' && offer().stream) throw notAcceptable(offer())
}

/** POST …/bindings is an old way to say POST …/pods/<name>/binding; there is no registry of bindings. */
function findKind({ resources }: Endpoints, info: RequestInfo): ServedKind | undefined {
  if (info.group === '' && info.resource === 'bindings' && info.verb === 'create' && resources.core('pods'))
    return undefined
  const served = resources.find(info)
  // Asked for itself, a namespace is in itself. Below another it would be under rights that are for that one alone.
  const isItself = served.kind.plural === 'namespaces' && info.name === info.namespace
  const isElsewhere = info.namespace && !served.kind.namespaced && !isItself
  if (isElsewhere && !served.kind.schema) throw noSuchResource()
  return served
}

function routeVerb(endpoints: Endpoints, call: Call): Promise<Answer> {
  const { info, registry } = call
  const needsNamespace = registry.kind.namespaced && !info.namespace
  switch (info.verb) {
    case 'get':
      if (needsNamespace) throw noSuchResource()
      return getObject(call)
    case 'list':
      return listObjects(call)
    case 'watch':
      return watchObjects(call, endpoints)
    case 'create':
      // A custom resource goes by no route that could tell: its name is what its body says.
      if (info.name && !registry.kind.schema) throw notAllowed()
      return createObject(call)
    case 'update':
      if (!info.name || needsNamespace) throw notAllowed()
      return updateObject(call)
    case 'patch':
      if (!info.name || needsNamespace) throw notAllowed()
      return isApplyPatch(call.request) ? applyObject(call) : patchObject(call)
    case 'delete':
      if (needsNamespace) throw notAllowed()
      return deleteObject(call)
    case 'deletecollection':
      if (needsNamespace || registry.kind.plural === 'namespaces') throw notAllowed()
      return deleteCollection(call)
    default:
      throw notAllowed()
  }
}

async function routeSubresource(endpoints: Endpoints, call: Call): Promise<Answer> {
  const { info, registry } = call
  if (!registry.kind.subresources.includes(info.subresource)) throw noSuchResource()
  switch (info.subresource) {
    case 'status':
    case 'approval':
    case 'finalize':
    case 'ephemeralcontainers':
    case 'resize':
      if (info.verb === 'get') return getObject(call)
      if (info.verb === 'update') return updateObject(call)
      if (info.verb === 'patch') return isApplyPatch(call.request) ? applyObject(call) : patchObject(call)
      throw notAllowed()
    case 'scale':
      return scaleEndpoint(call)
    case 'binding':
      if (info.verb !== 'create') throw notAllowed()
      return bindPod(call)
    case 'eviction':
      if (info.verb !== 'create') throw notAllowed()
      return evictPod(call, endpoints)
    case 'token':
      if (info.verb !== 'create') throw notAllowed()
      return requestToken(call, endpoints)
    case 'log':
      if (info.verb !== 'get') throw notAllowed()
      return connectToPod(call, endpoints)
    case 'exec':
    case 'attach':
    case 'portforward':
      if (info.verb !== 'get' && info.verb !== 'create') throw notAllowed()
      return connectToPod(call, endpoints)
    case 'proxy':
      return proxyTo(call, endpoints)
    default:
      throw noSuchResource()
  }
}

function routeDocument(
  endpoints: Endpoints,
  context: RequestContext,
  { path }: RequestInfo,
  request: ApiRequest,
): Answer | Promise<Answer> {
  const { documents, resources, tokens } = endpoints
  const [root = '', group = '', version = ''] = path.split('/').filter((part) => part !== '')
  // The others, lists of groups too, are asked by whatever method.
  if (ROUTED.has(root) && request.method !== 'GET') throw notAllowed()
  const published = issuerAnswer(path, tokens)
  if (published) return published
  const object = (body: unknown): Answer => {
    if (body === undefined) throw noSuchResource()
    return { type: 'object', code: 200, object: body }
  }
  switch (root) {
    case '':
      return object({ paths: [...documents.discovery.paths(), ...OTHER_PATHS].sort() })
    case 'flagz':
      if (path !== FLAGZ) throw new PageNotFoundError()
      return flagz(context, request.accept, endpoints.flags)
    case 'statusz':
      if (path !== STATUSZ) throw new PageNotFoundError()
      return endpoints.statusz.answer(context, request.accept, OTHER_PATHS)
    case 'healthz':
    case 'livez':
    case 'readyz':
      return healthAnswer(path, request.query, endpoints.health)
    case 'version':
      return object(VERSION)
    case 'metrics': {
      if (path !== METRICS && path !== SLIS) throw new PageNotFoundError()
      const of = path === SLIS ? endpoints.health.slis : endpoints.metrics
      return { type: 'document', code: 200, contentType: PROMETHEUS, body: of.text() }
    }
    case 'debug': {
      if (group === 'pprof') return endpoints.profiles.answer(path, request.query)
      const name = path.startsWith(DUMPS) ? path.slice(DUMPS.length) : ''
      const dump = endpoints.flowControl.dump(name, request.query)
      if (dump === undefined) throw new PageNotFoundError()
      return textAnswer(200, dump)
    }
    case 'api':
    case 'apis': {
      const isRoot = group === ''
      settleForm(context, request, () => ({ ...PLAIN_OFFER, discovery: isRoot }))
      if (context.representation.as === 'discovery') return documents.aggregated(root, context.representation)
      const { discovery } = documents
      if (root === 'api') return object(isRoot ? discovery.versions('') : discovery.resources(group))
      if (isRoot) return object(discovery.groups())
      const found = version ? discovery.resources(`${group}/${version}`) : discovery.group(group)
      if (found === undefined) throw resources.unknownIn(group)
      if (version && request.method !== 'GET' && !resources.isCustom(group)) throw notAllowed()
      return object(found)
    }
    case 'openapi':
      return documents.openApi(path, request)
    default:
      throw new PageNotFoundError()
  }
}

const ROUTED = new Set(['api', 'version', '.well-known', 'openid'])

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
const METRICS = '/metrics'
const SLIS = '/metrics/slis'
const DUMPS = '/debug/api_priority_and_fairness/'

const OTHER_PATHS = [
  DISCOVERY_PATH,
  KEYS_PATH,
  FLAGZ,
  '/healthz',
  '/livez',
  METRICS,
  SLIS,
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  STATUSZ,
  '/version',
]
