// Plug-ins of few lines that are off unless --enable-admission-plugins names them.
// Upstream: kubernetes/plugin/pkg/admission/{admit,deny,alwayspullimages,antiaffinity,extendedresourcetoleration,network/denyserviceexternalips}.

import type { PodSpec, Pod as WirePod, Service as WireService } from 'kubernetes-types/core/v1'
import { fieldError } from '../../../apimachinery/status-error.ts'
import { isExtendedResource } from '../../../kinds/pod-template/resources.ts'
import { type AdmissionPlugin, type AdmissionRequest, refusal } from '../admission.ts'
import { isPod } from '../pods.ts'

const isWritten = ({ operation }: AdmissionRequest) => operation === 'CREATE' || operation === 'UPDATE'
const specOf = ({ object }: AdmissionRequest) => (object as WirePod).spec ?? ({ containers: [] } as PodSpec)
const containersOf = ({ initContainers = [], containers }: PodSpec) => [...initContainers, ...containers]

export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit', handles: () => false }

export const alwaysDeny: AdmissionPlugin = {
  name: 'AlwaysDeny',
  handles: () => true,
  validate(request) {
    throw refusal(request, 'Admission control is denying all modifications')
  },
}

/** Whoever wants an image must be able to pull it: one that lies on the machine is nobody's proof of a right to it. */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  handles: (request) => isWritten(request) && isPod(request),
  mutate(request) {
    for (const container of containersOf(specOf(request))) container.imagePullPolicy = 'Always'
  },
  validate(request) {
    const { initContainers = [], containers, ephemeralContainers = [] } = specOf(request)
    for (const [list, all] of Object.entries({ initContainers, containers, ephemeralContainers })) {
      for (const [index, { imagePullPolicy }] of all.entries()) {
        if (imagePullPolicy === 'Always') continue
        const field = `spec.${list}[${index}].imagePullPolicy`
        const { message } = fieldError.notSupported(field, imagePullPolicy ?? '', ['Always'])
        throw refusal(request, `${field}: ${message}`)
      }
    }
  },
}

/** A pod that shuts others out of a whole zone would hold more than its own machine. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  handles: (request) => isWritten(request) && isPod(request),
  validate(request) {
    const terms = specOf(request).affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    for (const { topologyKey } of terms) {
      if (topologyKey === 'kubernetes.io/hostname') continue
      const what = `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${topologyKey}`
      throw refusal(request, `${what} but only key kubernetes.io/hostname is allowed`)
    }
  },
}

/** Machines with devices are kept for those who ask for the devices: these tolerate the taint of that name. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  handles: (request) => isWritten(request) && isPod(request),
  mutate(request) {
    const spec = specOf(request)
    const asked = containersOf(spec).flatMap(({ resources }) => Object.keys(resources?.requests ?? {}))
    for (const key of [...new Set(asked)].filter(isExtendedResource).sort()) {
      const others = (spec.tolerations ?? []).filter((one) => one.key !== key || one.effect !== 'NoSchedule')
      spec.tolerations = [...others, { key, operator: 'Exists', effect: 'NoSchedule' }]
    }
  },
}

/** Whoever may make a Service could take over the traffic to any address. */
export const denyServiceExternalIPs: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  handles: (request) => isWritten(request) && request.kind.kind === 'Service' && request.subresource === '',
  validate(request) {
    const { object, previous } = request
    const before = (previous as WireService | undefined)?.spec?.externalIPs ?? []
    const isNew = ((object as WireService | undefined)?.spec?.externalIPs ?? []).some(
      (address) => !before.includes(address),
    )
    if (isNew) throw refusal(request, 'Use of external IPs is denied by admission control')
  },
}
