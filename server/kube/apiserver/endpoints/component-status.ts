// ComponentStatus, which `kubectl get cs` still asks for: are the scheduler, the controller manager and etcd well? They are
// asked when somebody wants to know. Upstream: kubernetes/pkg/registry/core/componentstatus.

import { get } from 'node:https'
import type { ComponentStatus as Wire } from 'kubernetes-types/core/v1'
import { keepEnds, requestWords } from '../../../base/net-errors.ts'
import { notFound } from '../../apimachinery/status-error.ts'
import { defineKind, nameColumn } from '../../kinds/define-kind.ts'
import { parseSelection, selects } from '../registry/list.ts'
import type { Answer } from '../request-path/answer.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import { noSuchResource, notAllowed } from './api-resources.ts'
import type { UnstoredKind } from './unstored-kind.ts'

/** By name: `scheduler`. Resolves with what is wrong, undefined when nothing is. */
export type ComponentProblems = Readonly<Record<string, () => Promise<string | undefined>>>

const health = ({ conditions }: Wire) => conditions?.find(({ type }) => type === 'Healthy')

const ComponentStatus = defineKind<Wire>({
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  shortNames: ['cs'],
  namespaced: false,
  columns: [
    nameColumn,
    {
      name: 'Status',
      description: 'Status of the component conditions',
      value: (one) => (health(one)?.status === 'True' ? 'Healthy' : 'Unhealthy'),
    },
    { name: 'Message', description: 'Message of the component conditions', value: (one) => health(one)?.message ?? '' },
    { name: 'Error', description: 'Error of the component conditions', value: (one) => health(one)?.error ?? '' },
  ],
})

export const COMPONENT_STATUSES: UnstoredKind = { kind: ComponentStatus, verbs: ['get', 'list'] }

export const isComponentStatus = ({ isResource, group, version, resource }: RequestInfo) =>
  isResource && group === '' && version === 'v1' && resource === ComponentStatus.plural

export async function answerComponentStatus(
  problems: ComponentProblems,
  { context, info, query }: { context: RequestContext; info: RequestInfo; query: URLSearchParams },
): Promise<Answer> {
  const { verb, name, namespace, subresource } = info
  if (namespace || subresource) throw noSuchResource()
  if (verb !== 'get' && verb !== 'list') throw notAllowed()
  context.warn('v1 ComponentStatus is deprecated in v1.19+')
  const selection = parseSelection(ComponentStatus, query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '')
  const names = Object.keys(problems).filter((one) => verb === 'list' || one === name)
  const all = await Promise.all(names.map((one) => statusOf(one, problems)))
  if (verb === 'get') {
    const [object] = all
    if (!object) throw notFound({ group: '', resource: ComponentStatus.plural }, name)
    return { type: 'object', code: 200, object, shown: { kind: ComponentStatus, objects: [object] } }
  }
  const items = all.filter((one) => selects(ComponentStatus, selection, one))
  const object = { kind: ComponentStatus.listKind, apiVersion: 'v1', metadata: {}, items }
  return { type: 'object', code: 200, object, shown: { kind: ComponentStatus, objects: items } }
}

async function statusOf(name: string, problems: ComponentProblems): Promise<Wire> {
  const problem = await problems[name]?.()
  const condition = { type: 'Healthy', status: problem === undefined ? 'True' : 'False', message: problem ?? 'ok' }
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions: [condition] }
}

const PROBE_TIMEOUT_MS = 20_000

/** Components in processes of their own, at the ports that they have by default, as upstream asks them. */
export const LOCAL_COMPONENTS: ComponentProblems = {
  'controller-manager': () => problemAt('https://127.0.0.1:10257/healthz'),
  scheduler: () => problemAt('https://127.0.0.1:10259/healthz'),
}

/** Whose certificate it is nobody asks: only whether somebody there is well. */
export function problemAt(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    get(url, { agent: false, rejectUnauthorized: false, timeout: PROBE_TIMEOUT_MS }, (response) => {
      const { statusCode = 0 } = response.resume()
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `HTTP probe failed with statuscode: ${statusCode}`)
    })
      .on('socket', keepEnds)
      .on('timeout', function (this: { destroy(err: Error): void }) {
        this.destroy(new Error('context deadline exceeded'))
      })
      .on('error', (err) => resolve(`Get "${url}": ${requestWords(err)}`))
  })
}
