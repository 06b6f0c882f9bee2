// Turns the name of a pod's priority class into a number, which is what the scheduler and the kubelets look at.
// Upstream: kubernetes/plugin/pkg/admission/priority.

import type { PodSpec, Pod as WirePod } from 'kubernetes-types/core/v1'
import type { PriorityClass as WirePriorityClass } from 'kubernetes-types/scheduling/v1'
import { PriorityClass } from '../../kinds/index.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from './admission.ts'
import { isPod } from './pods.ts'

const PREEMPTS = 'PreemptLowerPriority'

export const priority: AdmissionPlugin = {
  name: 'Priority',
  handles: (request) =>
    (request.operation === 'CREATE' || request.operation === 'UPDATE') &&
    (isPod(request) || request.kind.kind === 'PriorityClass'),

  async mutate(request, reader) {
    if (!isPod(request)) return
    const { spec } = request.object as WirePod
    if (!spec) return
    if (request.operation === 'UPDATE') return carryOver(spec, (request.previous as WirePod).spec ?? { containers: [] })
    const found = await classOf(spec, { request, reader })
    if (found && !spec.priorityClassName) spec.priorityClassName = found.metadata?.name ?? ''
    const value = found?.value ?? 0
    const policy = found?.preemptionPolicy ?? PREEMPTS
    const computed = 'must not be provided in pod spec; priority admission controller computed'
    const from = 'from the given PriorityClass name'
    if (spec.priority !== undefined && spec.priority !== value) {
      throw refusal(request, `the integer value of priority (${spec.priority}) ${computed} ${value} ${from}`)
    }
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
      const told = `the string value of PreemptionPolicy (${spec.preemptionPolicy})`
      throw refusal(request, `${told} ${computed} ${policy} ${from}`)
    }
    spec.priority = value
    spec.preemptionPolicy = policy
  },

  async validate(request, reader) {
    if (request.kind.kind !== 'PriorityClass' || !(request.object as WirePriorityClass).globalDefault) return
    await reader.caughtUp()
    const name = request.object?.metadata?.name
    const other = defaultClass(reader)?.metadata?.name
    if (other === undefined || other === name) return
    throw refusal(request, `PriorityClass ${other} is already marked as default. Only one default can exist`)
  },
}

/** Whoever sends an update without them does not mean to take them away. */
function carryOver(spec: PodSpec, before: PodSpec): void {
  if (spec.priority === undefined && before.priority !== undefined) spec.priority = before.priority
  if (spec.preemptionPolicy === undefined && before.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = before.preemptionPolicy
  }
}

async function classOf(
  { priorityClassName: name }: PodSpec,
  { request, reader }: { request: AdmissionRequest; reader: AdmissionReader },
): Promise<WirePriorityClass | undefined> {
  if (!name) return defaultClass(reader)
  const found = reader.find(PriorityClass, '', name)
  if (found) return found
  await reader.caughtUp()
  const now = reader.find(PriorityClass, '', name)
  if (!now) throw refusal(request, `no PriorityClass with name ${name} was found`)
  return now
}

/** Should several have been marked at once, the least important one counts. */
function defaultClass(reader: AdmissionReader): WirePriorityClass | undefined {
  const marked = reader.list(PriorityClass).filter(({ globalDefault }) => globalDefault)
  return marked.sort((a, b) => a.value - b.value)[0]
}
