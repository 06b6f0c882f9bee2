// The CSINode: which storage drivers run on a node, as its kubelet tells. Upstream: kubernetes/pkg/registry/storage/csinode.

import type { CSINodeDriver, CSINode as Wire } from 'kubernetes-types/storage/v1'
import { immutable, notNegative, problemsAt, repetition } from '../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { driverNameErrors } from './storage/csi-names.ts'

const LONGEST_NODE_ID = 256

export const CSINode = defineKind<Wire>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  strategy: {
    requiresResourceVersion: true,
    returnsDeletedObject: true,
    validate: nodeErrors,
    // Upstream asks twice: what is wrong is told as two causes.
    validateUpdate: (next, previous) => [...nodeErrors(next), ...changeErrors(next, previous)],
  },
  columns: [
    nameColumn,
    {
      name: 'Drivers',
      description: 'Drivers indicates the number of CSI drivers registered on the node',
      type: 'integer',
      value: ({ spec }) => (spec?.drivers ?? []).length,
    },
    ageColumn,
  ],
})

function changeErrors(next: Wire, previous: Wire): FieldError[] {
  // From the end: of two with one name the first counts.
  const drivers = new Map((next.spec?.drivers ?? []).toReversed().map((driver) => [driver.name, driver]))
  return (previous.spec?.drivers ?? []).flatMap((before) => {
    const now = drivers.get(before.name)
    return now ? immutable('spec.drivers', keptOf(now), keptOf(before)) : []
  })
}

function nodeErrors({ spec }: Wire): FieldError[] {
  const isRepeated = repetition()
  return (spec?.drivers ?? []).flatMap((driver, index) => {
    const at = `spec.drivers[${index}]`
    const { name, topologyKeys = [] } = driver
    return [
      ...driverErrors(driver, at),
      ...(isRepeated(name) ? [fieldError.duplicate(`${at}.name`, name)] : []),
      ...topologyErrors(topologyKeys, at),
    ]
  })
}

/** How many volumes fit may be learned anew. In the form that upstream shows, whose names are Go's. */
const keptOf = ({ name, nodeID, topologyKeys = [] }: CSINodeDriver) => ({
  Name: name,
  NodeID: nodeID,
  TopologyKeys: topologyKeys.length > 0 ? topologyKeys : null,
  Allocatable: null,
})

function driverErrors({ name, nodeID, allocatable }: CSINodeDriver, at: string): FieldError[] {
  const errors = driverNameErrors(`${at}.name`, name)
  if (!nodeID) errors.push(fieldError.required(`${at}.nodeID`))
  else if (nodeID.length > LONGEST_NODE_ID) {
    errors.push(fieldError.invalid(`${at}.nodeID`, nodeID, `must be ${LONGEST_NODE_ID} characters or less`))
  }
  return [...errors, ...notNegative(`${at}.allocatable.count`, allocatable?.count)]
}

function topologyErrors(keys: readonly string[], at: string): FieldError[] {
  const isRepeated = repetition()
  return keys.flatMap((key) => [
    ...(key ? [] : [fieldError.required(at)]),
    ...(isRepeated(key) ? [fieldError.duplicate(at, key)] : []),
    ...problemsAt(at, key, labelKeyProblems(key)),
  ])
}
