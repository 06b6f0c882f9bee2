// PodTolerationRestriction: what pods of a namespace tolerate without saying so, and what they may tolerate at all.
// Upstream: kubernetes/plugin/pkg/admission/podtolerationrestriction, kubernetes/pkg/util/tolerations.

import type { Toleration, Pod as WirePod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../../apimachinery/deep.ts'
import { StatusError } from '../../../apimachinery/status-error.ts'
import { Namespace } from '../../../kinds/index.ts'
import { qosClassOf } from '../../../kinds/pod-template/qos.ts'
import type { AdmissionPlugin, AdmissionReader, AdmissionRequest } from '../admission.ts'
import { isPod } from '../pods.ts'
import type { AdmissionSettings } from '../settings.ts'

const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations'
const ALLOWED = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist'
const BY_PRESSURE = { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }

export function podTolerationRestriction(settings: AdmissionSettings['podTolerations']): AdmissionPlugin {
  const toldIn = (annotation: string, { namespace }: AdmissionRequest, reader: AdmissionReader) => {
    const text = reader.find(Namespace, '', namespace)?.metadata?.annotations?.[annotation]
    return text ? (JSON.parse(text) as Toleration[]) : undefined
  }
  return {
    name: 'PodTolerationRestriction',
    handles: (request) => (request.operation === 'CREATE' || request.operation === 'UPDATE') && isPod(request),
    mutate(request, reader) {
      const { spec } = request.object as WirePod
      if (!spec) return
      const given = request.operation === 'CREATE' ? (toldIn(DEFAULTS, request, reader) ?? settings.default) : []
      const own = spec.tolerations ?? []
      const more = [...given, ...(qosClassOf(spec) === 'BestEffort' ? [] : [BY_PRESSURE])]
      const missing = more.filter((one) => !own.some((other) => covers(other, one)))
      if (missing.length > 0) spec.tolerations = [...own, ...missing]
    },
    validate(request, reader) {
      const { tolerations = [] } = (request.object as WirePod).spec ?? {}
      const allowed = toldIn(ALLOWED, request, reader) ?? settings.whitelist
      if (allowed.length === 0) return
      if (tolerations.every((one) => allowed.some((wide) => covers(wide, one)))) return
      const what = 'pod tolerations (possibly merged with namespace default tolerations)'
      throw new StatusError('Unknown', `${what} conflict with its namespace whitelist`)
    },
  }
}

/** Does the first tolerate all that the second does? */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true
  if (wide.key && wide.key !== narrow.key) return false
  if (wide.effect && wide.effect !== narrow.effect) return false
  const seconds = wide.tolerationSeconds
  if (seconds !== undefined && !((narrow.tolerationSeconds ?? Number.POSITIVE_INFINITY) <= seconds)) return false
  if (wide.operator === 'Exists') return true
  return narrow.operator !== 'Exists' && (wide.value ?? '') === (narrow.value ?? '')
}
