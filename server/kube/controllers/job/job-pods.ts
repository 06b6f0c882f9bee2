// The pods of a Job: marked until they have been counted, and numbered where the Job is indexed.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1'
import { deepCopy } from '../../apimachinery/deep.ts'

/** Keeps a pod that has ended until its end is in the Job's status. */
export const TRACKING = 'batch.kubernetes.io/job-tracking'
export const INDEX = 'batch.kubernetes.io/job-completion-index'
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count'
const LONGEST_HOST_NAME = 63

export const isTracked = ({ metadata }: Pod) => metadata?.finalizers?.includes(TRACKING) ?? false

/** Undefined for pods of Jobs that are not indexed. */
export function indexOf({ metadata }: Pod): number | undefined {
  const told = metadata?.annotations?.[INDEX]
  return told !== undefined && /^\d+$/.test(told) ? Number(told) : undefined
}

/** How often the index of a pod had failed before it. */
export const failuresBefore = ({ metadata }: Pod) => Number(metadata?.annotations?.[INDEX_FAILURES] ?? 0)

export function templateFor(job: Job, index?: number, failures?: number): PodTemplateSpec {
  const template = deepCopy(job.spec?.template ?? {})
  const metadata = { ...template.metadata, finalizers: [...(template.metadata?.finalizers ?? []), TRACKING] }
  if (index === undefined) return { ...template, metadata }
  const text = String(index)
  const annotations: Record<string, string> = { ...metadata.annotations, [INDEX]: text }
  if (failures !== undefined) annotations[INDEX_FAILURES] = String(failures)
  const spec = template.spec ?? { containers: [] }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (container.env?.some(({ name }) => name === 'JOB_COMPLETION_INDEX')) continue
    const valueFrom = { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } }
    container.env = [...(container.env ?? []), { name: 'JOB_COMPLETION_INDEX', valueFrom }]
  }
  spec.hostname = `${job.metadata?.name}-${text}`.slice(0, LONGEST_HOST_NAME)
  return { metadata: { ...metadata, annotations, labels: { ...metadata.labels, [INDEX]: text } }, spec }
}
