// Pods learn in which zone and region they run: the labels of their machine, given when they are bound.
// Upstream: kubernetes/plugin/pkg/admission/podtopologylabels.

import type { Binding, Pod as WirePod } from 'kubernetes-types/core/v1'
import { Node } from '../../kinds/index.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'

const COPIED = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

export const podTopologyLabels: AdmissionPlugin = {
  name: 'PodTopologyLabels',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.kind === 'Pod' && (subresource === '' || subresource === 'binding'),
  mutate(request, reader) {
    const { object } = request
    const name = nodeOf(request)
    const labels = name ? reader.find(Node, '', name)?.metadata?.labels : undefined
    const copied = COPIED.flatMap((key) => (labels?.[key] === undefined ? [] : [[key, labels[key]] as const]))
    if (!object || copied.length === 0) return
    const own = object.metadata?.labels
    object.metadata = { ...object.metadata, labels: { ...Object.fromEntries(copied), ...own } }
  },
}

function nodeOf({ object, subresource }: AdmissionRequest): string | undefined {
  if (subresource === '') return (object as WirePod).spec?.nodeName
  const { target } = object as Binding
  return target?.kind === 'Node' || !target?.kind ? target?.name : undefined
}
