// The pods of a Job: marked until they have been counted, and numbered where the Job is indexed.

import type { Job } from 'kubernetes-types/batch/v1'
import type { ContainerStatus, Pod, PodTemplateSpec } from 'kubernetes-types/core/v1'
import { deepCopy } from '../../apimachinery/deep.ts'
import { isReady, podCondition, sidecarStatuses } from '../pod-state.ts'

/** Keeps a pod that has ended until its end is in the Job's status. */
export const TRACKING = 'batch.kubernetes.io/job-tracking'
export const INDEX = 'batch.kubernetes.io/job-completion-index'
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count'
const INDEX_IGNORED = 'batch.kubernetes.io/job-index-ignored-failure-count'
const LONGEST_HOST_NAME = 63
/** The API server cuts what is longer before it adds five characters of its own. */
const LONGEST_PREFIX = 58

export const isIndexed = ({ spec }: Job) => spec?.completionMode === 'Indexed'

export const isTracked = ({ metadata }: Pod) => metadata?.finalizers?.includes(TRACKING) ?? false

/** Undefined for pods of Jobs that are not indexed. */
export function indexOf({ metadata }: Pod): number | undefined {
  const told = metadata?.annotations?.[INDEX]
  return told !== undefined && /^\d+$/.test(told) ? Number(told) : undefined
}

function numberIn({ metadata }: Pod, annotation: string): number {
  const told = metadata?.annotations?.[annotation] ?? ''
  return /^\d{1,9}$/.test(told) ? Number(told) : 0
}

/** How often the index of a pod had failed before it. */
export const failuresBefore = (pod: Pod) => numberIn(pod, INDEX_FAILURES)

/** The same with failures that a rule has ignored: the next one waits after these too. */
export const triesBefore = (pod: Pod) => failuresBefore(pod) + numberIn(pod, INDEX_IGNORED)

/** What the pod in the place of one that failed knows of its index. */
export function indexFailures(replaced: Pod | undefined, isIgnored: boolean): Record<string, string> {
  if (!replaced) return { [INDEX_FAILURES]: '0' }
  const ignored = numberIn(replaced, INDEX_IGNORED) + (isIgnored ? 1 : 0)
  const failures = failuresBefore(replaced) + (isIgnored ? 0 : 1)
  return { [INDEX_FAILURES]: String(failures), ...(ignored > 0 ? { [INDEX_IGNORED]: String(ignored) } : {}) }
}

const PHASES = ['Pending', 'Unknown', 'Running']
const maxRestarts = (containers: readonly ContainerStatus[]) =>
  Math.max(0, ...containers.map(({ restartCount }) => restartCount))
/** Whose time nobody told is the youngest. */
const timeOf = (told: string | undefined) => Date.parse(told ?? '') || Number.MAX_SAFE_INTEGER

/** Each decides only what all before it left open; smaller goes first, and of what is told by time, who is younger. */
const USEFULNESS: readonly ((pod: Pod) => number)[] = [
  ({ spec }) => (spec?.nodeName ? 1 : 0),
  ({ status }) => PHASES.indexOf(status?.phase ?? ''),
  (pod) => (isReady(pod) ? 1 : 0),
  (pod) => (isReady(pod) ? -timeOf(podCondition(pod, 'Ready')?.lastTransitionTime) : 0),
  ({ status }) => -maxRestarts(status?.containerStatuses ?? []),
  (pod) => -maxRestarts(sidecarStatuses(pod)),
  ({ metadata }) => -timeOf(metadata?.creationTimestamp),
]

function byUsefulness(a: Pod, b: Pod): number {
  for (const measure of USEFULNESS) {
    const difference = measure(a) - measure(b)
    if (difference !== 0) return difference
  }
  return 0
}

/** Which of the active pods go, when `atLeast` of them have to: those of no use in any case, then who has done least. */
export function superfluous(job: Job, active: readonly Pod[], atLeast: number): Pod[] {
  const useless = isIndexed(job) ? uselessOf(job, active) : new Set<Pod>()
  if (atLeast <= useless.size) return [...useless]
  const useful = active.filter((pod) => !useless.has(pod)).sort(byUsefulness)
  return [...useless, ...useful.slice(0, atLeast - useless.size)]
}

/** Of an index one is enough, and a pod whose index is not wanted, or that has none, is of no use. */
function uselessOf({ spec }: Job, active: readonly Pod[]): Set<Pod> {
  const useless = new Set<Pod>()
  const kept = new Map<number, Pod>()
  for (const pod of active) {
    const index = indexOf(pod)
    if (index === undefined || index >= (spec?.completions ?? 0)) {
      useless.add(pod)
      continue
    }
    const other = kept.get(index)
    const isKept = !other || byUsefulness(other, pod) <= 0
    if (isKept) kept.set(index, pod)
    if (other) useless.add(isKept ? other : pod)
  }
  return useless
}

/** The index stays in the name of a pod, however long the Job's is. */
export function namePrefix({ metadata }: Job, index: number): string {
  const end = `-${index}-`
  return `${metadata?.name?.slice(0, LONGEST_PREFIX - end.length)}${end}`
}

export function templateFor(job: Job, index?: number, told: Record<string, string> = {}): PodTemplateSpec {
  const template = deepCopy(job.spec?.template ?? {})
  const metadata = { ...template.metadata, finalizers: [...(template.metadata?.finalizers ?? []), TRACKING] }
  if (index === undefined) return { ...template, metadata }
  const text = String(index)
  const annotations = { ...metadata.annotations, [INDEX]: text, ...told }
  const spec = template.spec ?? { containers: [] }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (container.env?.some(({ name }) => name === 'JOB_COMPLETION_INDEX')) continue
    const valueFrom = { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } }
    container.env = [...(container.env ?? []), { name: 'JOB_COMPLETION_INDEX', valueFrom }]
  }
  spec.hostname = `${job.metadata?.name}-${text}`.slice(0, LONGEST_HOST_NAME)
  return { metadata: { ...metadata, annotations, labels: { ...metadata.labels, [INDEX]: text } }, spec }
}
