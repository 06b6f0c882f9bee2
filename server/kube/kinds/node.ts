// The node: a machine, as its kubelet tells of it. Upstream: kubernetes/pkg/registry/core/node/strategy.go.

import type { Node as Wire } from 'kubernetes-types/core/v1'
import { rangeWarnings } from '../apimachinery/ip-warnings.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import {
  addressesErrors,
  amountsErrors,
  featuresErrors,
  keptErrors,
  rangesErrors,
  swapErrors,
  taintErrors,
} from './node-rules.ts'

const ROLE_PREFIX = 'node-role.kubernetes.io/'

export const Node = defineKind<Wire>({
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  subresources: ['status', 'proxy'],
  strategy: {
    acceptsStatusOnCreate: true,
    setDefaults(node) {
      node.spec ??= {}
      if (node.status?.capacity) node.status.allocatable ??= { ...node.status.capacity }
      if (node.spec.podCIDR && !node.spec.podCIDRs?.length) node.spec.podCIDRs = [node.spec.podCIDR]
      else if (!node.spec.podCIDR && node.spec.podCIDRs?.[0]) node.spec.podCIDR = node.spec.podCIDRs[0]
    },
    // A kubelet's configuration is no longer to be had from the API.
    prepareForCreate(node) {
      if (node.spec) delete node.spec.configSource
      if (node.status) delete node.status.config
    },
    prepareForUpdate(next) {
      if (next.spec) delete next.spec.configSource
    },
    prepareForStatusUpdate(next) {
      if (next.status) delete next.status.config
    },
    validate: (node) => [
      ...taintErrors(node.spec?.taints ?? []),
      ...amountsErrors(node.status),
      ...swapErrors(node.status),
      ...featuresErrors(node),
      ...rangesErrors(node.spec?.podCIDRs ?? []),
    ],
    validateUpdate: (next, previous) => [...addressesErrors(next.status), ...keptErrors(next.spec, previous.spec)],
    validateStatusUpdate: (node) => [
      ...amountsErrors(node.status),
      ...featuresErrors(node),
      ...addressesErrors(node.status),
    ],
    warnings: ({ spec }) => [
      ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
      ...(spec?.podCIDRs ?? []).flatMap((range, index) => rangeWarnings(`spec.podCIDRs[${index}]`, range)),
    ],
  },
  columns: [
    nameColumn,
    { name: 'Status', description: 'The status of the node', value: statusOf },
    { name: 'Roles', description: 'The roles of the node', value: (node) => rolesOf(node).join(',') || '<none>' },
    ageColumn,
    {
      name: 'Version',
      field: 'status.nodeInfo.kubeletVersion',
      value: (node) => node.status?.nodeInfo?.kubeletVersion ?? '',
    },
    { name: 'Internal-IP', field: 'status.addresses', priority: 1, value: (node) => addressOf(node, 'InternalIP') },
    { name: 'External-IP', field: 'status.addresses', priority: 1, value: (node) => addressOf(node, 'ExternalIP') },
    {
      name: 'OS-Image',
      field: 'status.nodeInfo.osImage',
      priority: 1,
      value: (node) => node.status?.nodeInfo?.osImage || '<unknown>',
    },
    {
      name: 'Kernel-Version',
      field: 'status.nodeInfo.kernelVersion',
      priority: 1,
      value({ status }) {
        const { kernelVersion = '', architecture = '' } = status?.nodeInfo ?? {}
        return `${kernelVersion || '<unknown>'}${architecture ? ` (${architecture})` : ''}`
      },
    },
    {
      name: 'Container-Runtime',
      field: 'status.nodeInfo.containerRuntimeVersion',
      priority: 1,
      value: (node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    },
  ],
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
})

function statusOf(node: Wire): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown']
  if (node.spec?.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

function rolesOf(node: Wire): string[] {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length))
    else if (key === 'kubernetes.io/role' && value) roles.add(value)
  }
  return [...roles].sort()
}

const addressOf = (node: Wire, type: string) =>
  node.status?.addresses?.find((address) => address.type === type)?.address ?? '<none>'
