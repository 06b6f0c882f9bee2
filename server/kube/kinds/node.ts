// The node: a machine, as its kubelet tells of it. Upstream: kubernetes/pkg/registry/core/node/strategy.go.

import type { Node as Wire } from 'kubernetes-types/core/v1'
import { labelKeyProblems, labelValueProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
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
      if (node.spec.podCIDR && !node.spec.podCIDRs?.length) node.spec.podCIDRs = [node.spec.podCIDR]
      else if (!node.spec.podCIDR && node.spec.podCIDRs?.[0]) node.spec.podCIDR = node.spec.podCIDRs[0]
    },
    validate: (node) => taintErrors(node),
    validateUpdate(next, previous) {
      const [cidr, before] = [next.spec?.podCIDR ?? '', previous.spec?.podCIDR ?? '']
      if (before && cidr !== before) {
        return [fieldError.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')]
      }
      return []
    },
  },
  columns: [
    nameColumn,
    { name: 'Status', value: statusOf },
    { name: 'Roles', value: (node) => rolesOf(node).join(',') || '<none>' },
    ageColumn,
    { name: 'Version', value: (node) => node.status?.nodeInfo?.kubeletVersion ?? '' },
    { name: 'Internal-IP', priority: 1, value: (node) => addressOf(node, 'InternalIP') },
    { name: 'External-IP', priority: 1, value: (node) => addressOf(node, 'ExternalIP') },
    { name: 'OS-Image', priority: 1, value: (node) => node.status?.nodeInfo?.osImage || '<unknown>' },
    { name: 'Kernel-Version', priority: 1, value: (node) => node.status?.nodeInfo?.kernelVersion || '<unknown>' },
    {
      name: 'Container-Runtime',
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

function taintErrors(node: Wire): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { key = '', value = '', effect = '' }] of (node.spec?.taints ?? []).entries()) {
    const at = `metadata.taints[${index}]`
    for (const problem of labelKeyProblems(key)) errors.push(fieldError.invalid(`${at}.key`, key, problem))
    for (const problem of labelValueProblems(value)) errors.push(fieldError.invalid(`${at}.value`, value, problem))
    if (!EFFECTS.includes(effect)) errors.push(fieldError.notSupported(`${at}.effect`, effect, EFFECTS))
    if (seen.has(`${key}:${effect}`)) {
      errors.push({
        ...fieldError.duplicate(at, { key, effect }),
        message: 'Duplicate value: taints must be unique by key and effect pair',
      })
    }
    seen.add(`${key}:${effect}`)
  }
  return errors
}
