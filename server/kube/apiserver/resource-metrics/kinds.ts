// What is told of a node and of a pod, and how it is shown as rows. Upstream: kubernetes-sigs/metrics-server, pkg/api/table.go.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { parseQuantity, Quantity } from '../../apimachinery/quantity.ts'
import { type Column, defineKind, nameColumn } from '../../kinds/define-kind.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'

export const METRICS = { group: 'metrics.k8s.io', version: 'v1beta1' }

interface Usage {
  cpu: string
  memory: string
}
interface Measurement extends KubeObject {
  timestamp: string
  window: string
}
export interface NodeUsage extends Measurement {
  usage: Usage
}
export interface PodUsage extends Measurement {
  containers: { name: string; usage: Usage }[]
}

const USAGE: JsonSchema = {
  description: 'How much was used, by the name of the resource.',
  type: 'object',
  additionalProperties: { 'x-kubernetes-int-or-string': true },
}
const MEASUREMENT: Readonly<Record<string, JsonSchema>> = {
  timestamp: { description: 'When the time that was measured ended.', type: 'string', format: 'date-time' },
  window: { description: 'How long that time was.', type: 'string' },
}

const quantity = <T>(name: string, value: (object: T) => string): Column<T> => ({
  name,
  type: 'string',
  format: 'quantity',
  value,
})
const windowColumn: Column<Measurement> = {
  name: 'Window',
  type: 'string',
  format: 'duration',
  value: ({ window }) => window,
}

export const NodeMetrics = defineKind<NodeUsage>({
  ...METRICS,
  kind: 'NodeMetrics',
  plural: 'nodes',
  singular: '',
  namespaced: false,
  columns: [
    nameColumn,
    quantity('cpu', ({ usage }) => usage.cpu),
    quantity('memory', ({ usage }) => usage.memory),
    windowColumn,
  ],
  schema: {
    description: 'What a node used lately.',
    type: 'object',
    required: ['timestamp', 'window', 'usage'],
    properties: { ...MEASUREMENT, usage: USAGE },
  },
})

export const PodMetrics = defineKind<PodUsage>({
  ...METRICS,
  kind: 'PodMetrics',
  plural: 'pods',
  singular: '',
  columns: [
    nameColumn,
    quantity('cpu', ({ containers }) => sum(containers, 'cpu', 'decimal')),
    quantity('memory', ({ containers }) => sum(containers, 'memory', 'binary')),
    windowColumn,
  ],
  schema: {
    description: 'What the containers of a pod used lately.',
    type: 'object',
    required: ['timestamp', 'window', 'containers'],
    properties: {
      ...MEASUREMENT,
      containers: {
        description: 'What each container used.',
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'usage'],
          properties: { name: { description: 'The name of the container.', type: 'string' }, usage: USAGE },
        },
      },
    },
  },
})

function sum(containers: PodUsage['containers'], resource: keyof Usage, form: Quantity['form']): string {
  const nanos = containers.reduce((total, { usage }) => total + (parseQuantity(usage[resource])?.nanos ?? 0n), 0n)
  return new Quantity(nanos, form).toString()
}
