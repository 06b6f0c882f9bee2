// Logs, exec, attach and port-forward: found here, answered by the kubelet of the pod's node.
// Upstream: kubernetes/pkg/registry/core/pod/strategy.go LogLocation, streamLocation.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import type { JsonObject } from '../../apimachinery/json.ts'
import { ownOf } from '../../apimachinery/own.ts'
import { badRequest, type FieldError, fieldError, forbidden, invalid } from '../../apimachinery/status-error.ts'
import { authorizeBy, forbiddenMessage } from '../authorization/authorizer.ts'
import type { Answer } from '../request-path/answer.ts'
import { readBoolean } from '../request-path/query-parameters.ts'
import { admitConnect } from './admit-connect.ts'
import type { Endpoints } from './endpoints.ts'
import { kubeletOf } from './kubelet-address.ts'
import type { Call } from './object-endpoints.ts'

export async function connectToPod(call: Call, { resources }: Pick<Endpoints, 'resources'>): Promise<Answer> {
  const { info, request, registry } = call
  const isLog = info.subresource === 'log'
  if (!isLog) await assertMayCreate(call)
  const query = isLog ? logQuery(request.query) : queryOf(await admitConnect(call))
  if (isLog) assertLogOptions(query, info.name)
  const { object } = await registry.get(info.namespace, info.name)
  const pod = object as Pod
  const container = info.subresource === 'portforward' ? '' : containerOf(pod, query.get('container') ?? '')
  const nodeName = pod.spec?.nodeName
  if (!nodeName) {
    // Asked too early: there is nothing to show yet, and kubectl -f tries again.
    if (isLog) return { type: 'document', code: 200, contentType: 'text/plain', body: '' }
    throw badRequest(`pod ${info.name} does not have a host assigned`)
  }
  const node = resources.core('nodes')?.peek('', nodeName) as Node | undefined
  const { host, port } = kubeletOf(node, nodeName)
  const place = `${encodeURIComponent(info.namespace)}/${encodeURIComponent(info.name)}`
  query.delete('container')
  // A kubelet has another name for them.
  const ports = query.getAll('ports')
  query.delete('ports')
  if (ports.length > 0) query.set('port', ports.join(','))
  const search = query.size > 0 ? `?${kubeletQuery(query)}` : ''
  switch (info.subresource) {
    case 'log':
      return { type: 'connect', host, port, path: `/containerLogs/${place}/${container}${search}`, isOutput: true }
    case 'portforward':
      return { type: 'connect', host, port, path: `/portForward/${place}${search}` }
    default:
      return { type: 'connect', host, port, path: `/${info.subresource}/${place}/${container}${search}` }
  }
}

/**
 * SPDY comes as POST and WebSocket as GET, which would make `get pods/exec` enough to run commands. Whoever may do the
 * one must be allowed the other. Upstream: registry/core/pod/rest/authorize.go.
 */
async function assertMayCreate({ context, info, authorizers }: Call): Promise<void> {
  const asked = { ...info, verb: 'create' }
  if (info.verb === 'create' || (await authorizeBy(authorizers, context.user, asked)).decision === 'allow') return
  throw forbidden({ group: info.group, resource: info.resource }, info.name, forbiddenMessage(context.user, asked))
}

/** A kubelet is told flags in one form only; the official Python client writes `True`. */
function logQuery(told: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams(told)
  for (const flag of ['follow', 'previous', 'timestamps']) {
    query.delete(flag)
    if (readBoolean(told, flag)) query.set(flag, 'true')
  }
  return query
}

/** Options as a query: lists one by one, and flags only where they are set. */
function queryOf({ apiVersion: _apiVersion, kind: _kind, ...options }: JsonObject): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) {
    if (value === false || value === null) continue
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one))
  }
  return query
}

const KUBELET_NAMES: Readonly<Record<string, string>> = { stdin: 'input', stdout: 'output', stderr: 'error' }

/** A kubelet knows the streams by older names, and "true" as 1. Ours also reads the names of the API. */
function kubeletQuery(query: URLSearchParams): string {
  const renamed = new URLSearchParams()
  for (const [key, value] of query) {
    const isOn = value === 'true' || value === '1'
    const old = ownOf(KUBELET_NAMES, key)
    if (old === undefined && key !== 'tty') renamed.append(key, value)
    else if (isOn) {
      renamed.set(key, '1')
      if (old) renamed.set(old, '1')
    }
  }
  return renamed.toString()
}

function containerOf(pod: Pod, asked: string): string {
  const { name = '' } = pod.metadata ?? {}
  const names = (pod.spec?.containers ?? []).map((container) => container.name)
  const initNames = (pod.spec?.initContainers ?? []).map((container) => container.name)
  const ephemeral = (pod.spec?.ephemeralContainers ?? []).map((container) => container.name)
  if (asked) {
    if ([...names, ...initNames, ...ephemeral].includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  const [only] = names
  if (names.length === 1 && only) return only
  const also = initNames.length > 0 ? ` or one of the init containers: [${initNames.join(' ')}]` : ''
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]${also}`)
}

function assertLogOptions(query: URLSearchParams, podName: string): void {
  const number = (option: string) => {
    const text = query.get(option)
    if (text === null || text === '') return undefined
    if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    return Number(text)
  }
  const errors: FieldError[] = []
  const atLeast = (least: number, option: string, detail: string) => {
    const value = number(option)
    if (value !== undefined && value < least) errors.push(fieldError.invalid(option, value, detail))
  }
  atLeast(0, 'tailLines', 'must be greater than or equal to 0')
  atLeast(1, 'limitBytes', 'must be greater than 0')
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    errors.push(fieldError.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else atLeast(1, 'sinceSeconds', 'must be greater than 0')
  // Choosing one of the streams is alpha: PodLogsQuerySplitStreams.
  if (query.has('stream')) errors.push(fieldError.forbidden('stream', 'may not be specified'))
  const sinceTime = query.get('sinceTime')
  if (sinceTime && Number.isNaN(Date.parse(sinceTime))) {
    throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse`)
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, podName, errors)
}
