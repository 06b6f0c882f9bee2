// PodNodeSelector: pods of a namespace run where the namespace's annotation says, or the cluster's default.
// Upstream: kubernetes/plugin/pkg/admission/podnodeselector.

import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { internalError } from '../../../apimachinery/status-error.ts'
import { Namespace } from '../../../kinds/index.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import { isPod } from '../pods.ts'

const ANNOTATION = 'scheduler.alpha.kubernetes.io/node-selector'
const DEFAULT = 'clusterDefaultNodeSelector'

type Labels = Readonly<Record<string, string>>

export function podNodeSelector(selectors: Readonly<Record<string, string>>): AdmissionPlugin {
  const wantedIn = (request: AdmissionRequest, reader: AdmissionReader): Labels => {
    const told = reader.find(Namespace, '', request.namespace)?.metadata?.annotations?.[ANNOTATION]
    const wanted = readLabels(told ?? selectors[DEFAULT] ?? '')
    const own = (request.object as WirePod).spec?.nodeSelector ?? {}
    if (Object.keys(wanted).some((key) => own[key] !== undefined && own[key] !== wanted[key])) {
      throw refusal(request, 'pod node label selector conflicts with its namespace node label selector')
    }
    return wanted
  }
  return {
    name: 'PodNodeSelector',
    handles: (request) => request.operation === 'CREATE' && isPod(request),
    mutate(request, reader) {
      const { spec } = request.object as WirePod
      if (spec) spec.nodeSelector = { ...wantedIn(request, reader), ...spec.nodeSelector }
    },
    validate(request, reader) {
      wantedIn(request, reader)
      const own = (request.object as WirePod).spec?.nodeSelector ?? {}
      const allowed = readLabels(selectors[request.namespace] ?? '')
      const isFree = Object.keys(allowed).length === 0
      if (isFree || Object.entries(own).every(([key, value]) => allowed[key] === value)) return
      throw refusal(request, 'pod node label selector labels conflict with its namespace whitelist')
    },
  }
}

/** `a=b,c=d` */
function readLabels(text: string): Labels {
  const pairs = text.split(',').filter((part) => part.trim() !== '')
  return Object.fromEntries(
    pairs.map((part) => {
      const [key, value, more] = part.split('=').map((one) => one.trim())
      if (value === undefined || more !== undefined) throw internalError(new Error(`invalid selector: ${text}`))
      return [key, value]
    }),
  )
}
