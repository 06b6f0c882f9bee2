// The CronTab of Kubernetes' documentation, and what tests of custom resources do over and over.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { Transport } from '../../client/transport.ts'
import { watchLog } from './watch-log.ts'

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const TABS = '/apis/stable.example.com/v1/namespaces/default/crontabs'

export const CRONTAB_SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['cronSpec'],
      properties: {
        cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
        image: { type: 'string', default: 'nginx' },
        replicas: { type: 'integer', minimum: 1, maximum: 10 },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, labelSelector: { type: 'string' } } },
  },
}

/** `version` is laid over its one version, `spec` over the rest. */
export const crontabs = (version: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', shortNames: ['ct'], categories: ['all'] },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: CRONTAB_SCHEMA }, ...version }],
    ...spec,
  },
})

export const crontab = (name: string, spec: Record<string, unknown> = {}) => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'CronTab',
  metadata: { name },
  spec: { cronSpec: '* * * * */5', ...spec },
})

interface Condition {
  type: string
  status: string
  reason: string
  message: string
}

/** Resolves with the definition when it has a condition, however long that takes. */
export async function untilCondition(transport: Transport, name: string, type: string, status = 'True') {
  using log = await watchLog(transport, DEFINITIONS, { fieldSelector: `metadata.name=${name}` })
  for (let count = 1; ; count++) {
    await log.length(count)
    const definition = log.events[count - 1]?.object as KubeObject & { status?: { conditions?: Condition[] } }
    const found = definition.status?.conditions?.find((one) => one.type === type && one.status === status)
    if (found) return { definition, condition: found }
  }
}

/** Makes a definition and waits until it is served. */
export async function define(transport: Transport, definition: object): Promise<KubeObject> {
  const made = (await transport.request({ method: 'POST', path: DEFINITIONS, body: definition })) as KubeObject
  return (await untilCondition(transport, made.metadata?.name ?? '', 'Established')).definition
}
