// A metric as autoscaling/v2 tells it, and in the flat form in which it travels in the annotations of autoscaling/v1:
//
//   v2    resource: { name: memory, target: { type: AverageValue, averageValue: 1Gi } }
//   flat  resource: { name: memory, targetAverageValue: 1Gi }

import type { MetricSpec, MetricStatus, MetricTarget } from 'kubernetes-types/autoscaling/v2'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { parseQuantity } from '../../apimachinery/quantity.ts'

type Fields = Readonly<Record<string, string>>

/** v2's name of a source's amount → its name in the flat form. */
const TARGETS: Readonly<Record<string, Fields>> = {
  resource: { averageUtilization: 'targetAverageUtilization', averageValue: 'targetAverageValue' },
  containerResource: { averageUtilization: 'targetAverageUtilization', averageValue: 'targetAverageValue' },
  pods: { averageValue: 'targetAverageValue' },
  object: { value: 'targetValue', averageValue: 'averageValue' },
  external: { value: 'targetValue', averageValue: 'targetAverageValue' },
}
const CURRENTS: Readonly<Record<string, Fields>> = {
  resource: { averageUtilization: 'currentAverageUtilization', averageValue: 'currentAverageValue' },
  containerResource: { averageUtilization: 'currentAverageUtilization', averageValue: 'currentAverageValue' },
  pods: { averageValue: 'currentAverageValue' },
  object: { value: 'currentValue', averageValue: 'averageValue' },
  external: { value: 'currentValue', averageValue: 'currentAverageValue' },
}
/** What the flat form always tells, as zero where v2 tells nothing. */
const ALWAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  target: { pods: 'targetAverageValue', object: 'targetValue' },
  current: {
    resource: 'currentAverageValue',
    containerResource: 'currentAverageValue',
    pods: 'currentAverageValue',
    object: 'currentValue',
    external: 'currentValue',
  },
}
/** In which order upstream writes them: some compare the text. */
const ORDER = [
  'target',
  'metricName',
  'metricSelector',
  'name',
  'targetValue',
  'currentValue',
  'targetAverageUtilization',
  'currentAverageUtilization',
  'targetAverageValue',
  'currentAverageValue',
  'selector',
  'averageValue',
  'container',
]
const TYPE_OF: Fields = { averageUtilization: 'Utilization', averageValue: 'AverageValue', value: 'Value' }

export const metricAsOne = (metric: MetricSpec) => flat(metric as unknown as JsonObject, 'target', TARGETS)
export const currentAsOne = (metric: MetricStatus) => flat(metric as unknown as JsonObject, 'current', CURRENTS)
export const metricAsTwo = (metric: JsonObject) => nested(metric, 'target', TARGETS) as unknown as MetricSpec
export const currentAsTwo = (metric: JsonObject) => nested(metric, 'current', CURRENTS) as unknown as MetricStatus

function flat(metric: JsonObject, amounts: 'target' | 'current', names: typeof TARGETS): JsonObject {
  return mapSources(metric, (source, kind) => {
    const { [amounts]: told, metric: identifier, describedObject, ...rest } = source
    const made: JsonObject = { ...rest }
    if (describedObject !== undefined) made.target = describedObject
    if (isJsonObject(identifier)) {
      made.metricName = identifier.name ?? ''
      if (identifier.selector !== undefined) made[selectorName(kind)] = identifier.selector
    }
    for (const [field, name] of Object.entries(names[kind] ?? {})) {
      if (isJsonObject(told) && told[field] !== undefined) made[name] = told[field]
    }
    const always = ALWAYS[amounts]?.[kind]
    if (always) made[always] ??= '0'
    return Object.fromEntries(Object.entries(made).sort(([one], [other]) => ORDER.indexOf(one) - ORDER.indexOf(other)))
  })
}

function nested(metric: JsonObject, amounts: 'target' | 'current', names: typeof TARGETS): JsonObject {
  return mapSources(metric, (source, kind) => {
    const made: JsonObject = {}
    const told: JsonObject = {}
    for (const [field, name] of Object.entries(names[kind] ?? {})) {
      if (source[name] === undefined) continue
      // The flat form cannot leave it out.
      const isNone = name === 'targetValue' && source.averageValue !== undefined && isZero(source[name])
      if (isNone) continue
      told[field] = source[name]
      if (amounts === 'target') told.type = TYPE_OF[field] as MetricTarget['type']
    }
    if (source.name !== undefined) made.name = source.name
    if (source.container !== undefined) made.container = source.container
    if (source.target !== undefined) made.describedObject = source.target
    if (source.metricName !== undefined) {
      const selector = source[selectorName(kind)]
      made.metric = { name: source.metricName, ...(selector === undefined ? {} : { selector }) }
    }
    made[amounts] = told
    return made
  })
}

const isZero = (amount: JsonValue) =>
  (typeof amount === 'string' || typeof amount === 'number') && parseQuantity(amount)?.nanos === 0n

const selectorName = (kind: string) => (kind === 'external' ? 'metricSelector' : 'selector')

function mapSources(metric: JsonObject, change: (source: JsonObject, kind: string) => JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(metric).map(([key, value]) => [key, isJsonObject(value) ? change(value, key) : value]),
  ) as JsonObject
}
