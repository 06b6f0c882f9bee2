// What a pod's runtime class brings along: overhead, and the nodes that can run it.
// Upstream: kubernetes/plugin/pkg/admission/runtimeclass.

import type { PodSpec, Pod as WirePod } from 'kubernetes-types/core/v1'
import type { RuntimeClass as WireRuntimeClass } from 'kubernetes-types/node/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { RuntimeClass } from '../../kinds/index.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from './admission.ts'
import { isPod } from './pods.ts'

export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  handles: (request) => request.operation === 'CREATE' && isPod(request),

  async mutate(request, reader) {
    const { spec } = request.object as WirePod
    if (!spec?.runtimeClassName) return
    const found = await classOf(spec.runtimeClassName, { request, reader })
    const overhead = found.overhead?.podFixed
    if (overhead) {
      if (spec.overhead && !sameAmounts(spec.overhead, overhead)) throw mismatch(request)
      spec.overhead = { ...overhead }
    }
    for (const [key, value] of Object.entries(found.scheduling?.nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[key]
      if (own !== undefined && own !== value) {
        const said = `runtimeClass.Scheduling.NodeSelector[${key}] = ${value}; pod.Spec.NodeSelector[${key}] = ${own}`
        throw refusal(request, `conflict: ${said}`)
      }
      spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
    }
    const tolerations = spec.tolerations ?? []
    const more = (found.scheduling?.tolerations ?? []).filter((one) => !tolerations.some((own) => deepEqual(own, one)))
    if (more.length > 0) spec.tolerations = [...tolerations, ...more]
  },

  async validate(request, reader) {
    const { overhead, runtimeClassName } = (request.object as WirePod).spec ?? ({} as Partial<PodSpec>)
    if (!overhead) return
    const found = runtimeClassName ? await classOf(runtimeClassName, { request, reader }) : undefined
    if (!found?.overhead?.podFixed) {
      throw refusal(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
    }
    if (!sameAmounts(overhead, found.overhead.podFixed)) throw mismatch(request)
  },
}

const mismatch = (request: AdmissionRequest) =>
  refusal(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")

async function classOf(
  name: string,
  { request, reader }: { request: AdmissionRequest; reader: AdmissionReader },
): Promise<WireRuntimeClass> {
  if (!reader.find(RuntimeClass, '', name)) await reader.caughtUp()
  const found = reader.find(RuntimeClass, '', name)
  if (!found) throw refusal(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
  return found
}

function sameAmounts(a: Record<string, string>, b: Record<string, string>): boolean {
  const resources = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...resources].every((resource) => quantityOf(a[resource]).compare(quantityOf(b[resource])) === 0)
}
