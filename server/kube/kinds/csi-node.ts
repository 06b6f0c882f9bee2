// The CSINode: which storage drivers run on a node, as its kubelet tells. Upstream: kubernetes/pkg/registry/storage/csinode.

import type { CSINodeDriver, CSINode as Wire } from 'kubernetes-types/storage/v1'
import { immutable, notNegative, problemsAt } from '../apimachinery/field-checks.ts'
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
    validateUpdate: (next, previous) => [
      // Upstream asks twice: what is wrong is told as two causes.
      ...nodeErrors(next),
      ...(previous.spec?.drivers ?? []).flatMap((before) => {
        const now = (next.spec?.drivers ?? []).find(({ name }) => name === before.name)
        return now ? immutable('spec.drivers', keptOf(now), keptOf(before)) : []
      }),
    ],
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

function nodeErrors({ spec }: Wire): FieldError[] {
  return (spec?.drivers ?? []).flatMap((driver, index, all) => {
    const at = `spec.drivers[${index}]`
    const { name, topologyKeys = [] } = driver
    const isTold = all.slice(0, index).some((other) => other.name === name)
    return [
      ...driverErrors(driver, at),
      ...(isTold ? [fieldError.duplicate(`${at}.name`, name)] : []),
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

const topologyErrors = (keys: readonly string[], at: string): FieldError[] =>
  keys.flatMap((key, index) => [
    ...(key ? [] : [fieldError.required(at)]),
    ...(keys.indexOf(key) < index ? [fieldError.duplicate(at, key)] : []),
    ...problemsAt(at, key, labelKeyProblems(key)),
  ])
