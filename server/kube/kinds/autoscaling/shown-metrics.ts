// `cpu: 12%/50%`: what is measured and what is wanted, for a column.
// Upstream: kubernetes/pkg/printers/internalversion/printers.go formatHPAMetrics.

import type { MetricSpec, MetricStatus, MetricValueStatus } from 'kubernetes-types/autoscaling/v2'

const SHOWN_AT_MOST = 2

export function shownMetrics(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return '<none>'
  const all = specs.map((spec, index) => shownMetric(spec, statuses[index]))
  const shown = all.slice(0, SHOWN_AT_MOST).join(', ')
  return all.length > SHOWN_AT_MOST ? `${shown} + ${all.length - SHOWN_AT_MOST} more...` : shown
}

function shownMetric(spec: MetricSpec, status: MetricStatus | undefined): string {
  const of = (amount: keyof MetricValueStatus, current: MetricValueStatus | undefined) =>
    current?.[amount] === undefined ? '<unknown>' : String(current[amount])
  switch (spec.type) {
    case 'Pods':
      return `${of('averageValue', status?.pods?.current)}/${spec.pods?.target.averageValue}`
    case 'Object': {
      const { target } = spec.object!
      if (target.averageValue !== undefined) {
        return `${of('averageValue', status?.object?.current)}/${target.averageValue} (avg)`
      }
      return `${of('value', status?.object?.current)}/${target.value}`
    }
    case 'External': {
      const { target } = spec.external!
      if (target.averageValue !== undefined) {
        return `${of('averageValue', status?.external?.current)}/${target.averageValue} (avg)`
      }
      return `${of('value', status?.external?.current)}/${target.value}`
    }
    case 'Resource':
    case 'ContainerResource': {
      const source = spec.type === 'Resource' ? spec.resource : spec.containerResource
      const current = (spec.type === 'Resource' ? status?.resource : status?.containerResource)?.current
      const { target, name } = source!
      if (target.averageValue !== undefined) return `${name}: ${of('averageValue', current)}/${target.averageValue}`
      const wanted = target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`
      const now = current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`
      return `${name}: ${now}/${wanted}`
    }
    default:
      return '<unknown type>'
  }
}
