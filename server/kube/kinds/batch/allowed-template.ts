// What may still be changed of a Job's pods: while it is suspended and none of them is left, where they are to go and how
// much they ask for. Upstream: pkg/apis/batch/validation validatePodTemplateUpdate.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Affinity, Container, PodTemplateSpec } from 'kubernetes-types/core/v1'
import type { FullJobSpec } from './full-job-spec.ts'

const MOVABLE = ['nodeSelector', 'tolerations', 'schedulingGates'] as const

/** The template as it was, with what `next` may say otherwise. */
export function allowedTemplate(next: FullJobSpec, { spec: before, status }: Job): PodTemplateSpec | undefined {
  const template = before?.template
  const isMovable = before?.suspend === true && (status?.active ?? 0) === 0
  if (!isMovable || !template?.spec) return template
  const asked = next.template.spec
  const { initContainers } = template.spec
  const spec = {
    ...template.spec,
    containers: sized(template.spec.containers, asked?.containers),
    ...(initContainers && { initContainers: sized(initContainers, asked?.initContainers) }),
  }
  for (const field of MOVABLE) {
    const value = asked?.[field]
    if (value === undefined) delete spec[field]
    else Object.assign(spec, { [field]: value })
  }
  const { annotations, labels } = next.template.metadata ?? {}
  const { annotations: _annotations, labels: _labels, ...metadata } = template.metadata ?? {}
  return {
    ...template,
    metadata: { ...metadata, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
    spec: { ...spec, affinity: moved(template.spec.affinity, asked?.affinity) },
  }
}

/** Nodes may be chosen otherwise; which pods it keeps near stays. Nothing asked for is not the same as no wishes, `{}`. */
function moved(before: Affinity | undefined, asked: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _before, ...others } = before ?? {}
  if (asked) return { ...others, ...(asked.nodeAffinity && { nodeAffinity: asked.nodeAffinity }) }
  return Object.keys(others).length > 0 ? others : undefined
}

const sized = (before: readonly Container[], next: readonly Container[] = []): Container[] =>
  before.map((container, index) => {
    const asked = next[index]?.resources
    const { requests: _requests, limits: _limits, ...kept } = container.resources ?? {}
    const { requests, limits } = asked ?? {}
    const resources = { ...kept, ...(requests && { requests }), ...(limits && { limits }) }
    const { resources: _before, ...rest } = container
    return asked || Object.keys(resources).length > 0 ? { ...rest, resources } : rest
  })
