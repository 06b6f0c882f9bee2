// The DaemonSet: one pod on every node that suits. Upstream: kubernetes/pkg/registry/apps/daemonset/strategy.go.

import type { DaemonSet as Wire } from 'kubernetes-types/apps/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { formatSelector, selectorOfMap } from '../apimachinery/label-selector.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { amountErrors, atMostAll, isZero, notNegative } from './int-or-percent.ts'
import { collisionErrors, numberErrors } from './pod-template/owner-status.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { templateWarnings } from './pod-template/pod-warnings.ts'
import { selectorIsKept, shownSelector, templateOwnerErrors } from './pod-template/template-owner.ts'

/** Counts templates; the loop puts it on pods as a label for whoever still looks there. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const STATUS_NUMBERS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
]

export const DaemonSet = defineKind<Wire>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    warnings: templateWarnings,
    setDefaults({ spec }) {
      if (!spec) return
      spec.revisionHistoryLimit ??= 10
      spec.updateStrategy ??= {}
      spec.updateStrategy.type ||= 'RollingUpdate'
      if (spec.updateStrategy.type === 'RollingUpdate') {
        spec.updateStrategy.rollingUpdate ??= {}
        spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
        spec.updateStrategy.rollingUpdate.maxSurge ??= 0
      }
      if (spec.template?.spec) defaultPodSpec(spec.template.spec)
    },
    prepareForCreate(set) {
      Object.assign(set, {
        status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
      })
      annotate(set, 1)
    },
    prepareForUpdate(next, previous) {
      const before = Number(previous.metadata?.annotations?.[TEMPLATE_GENERATION] ?? 0)
      annotate(next, deepEqual(next.spec?.template, previous.spec?.template) ? before : before + 1)
    },
    validate: ({ spec }) => [
      ...templateOwnerErrors(spec, 'daemonset'),
      ...notNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit),
      ...updateStrategyErrors(spec?.updateStrategy ?? {}),
    ],
    validateStatusUpdate: ({ status }, { status: previous }) => [
      ...numberErrors(status, STATUS_NUMBERS),
      ...collisionErrors(status, previous),
    ],
    validateUpdate: (next, previous) => selectorIsKept(next.spec, previous.spec),
  },
  columns: [
    nameColumn,
    {
      name: 'Desired',
      field: 'status.desiredNumberScheduled',
      type: 'integer',
      value: ({ status }) => status?.desiredNumberScheduled ?? 0,
    },
    {
      name: 'Current',
      field: 'status.currentNumberScheduled',
      type: 'integer',
      value: ({ status }) => status?.currentNumberScheduled ?? 0,
    },
    { name: 'Ready', field: 'status.numberReady', type: 'integer', value: ({ status }) => status?.numberReady ?? 0 },
    {
      name: 'Up-to-date',
      field: 'status.updatedNumberScheduled',
      type: 'integer',
      value: ({ status }) => status?.updatedNumberScheduled ?? 0,
    },
    {
      name: 'Available',
      field: 'status.numberAvailable',
      type: 'integer',
      value: ({ status }) => status?.numberAvailable ?? 0,
    },
    {
      name: 'Node Selector',
      field: 'spec.template.spec.nodeSelector',
      value: ({ spec }) => formatSelector(selectorOfMap(spec?.template.spec?.nodeSelector)) || '<none>',
    },
    ageColumn,
    {
      name: 'Containers',
      description: 'Names of each container in the template.',
      priority: 1,
      value: ({ spec }) => containerNames(spec?.template?.spec),
    },
    {
      name: 'Images',
      description: 'Images referenced by each container in the template.',
      priority: 1,
      value: ({ spec }) => containerImages(spec?.template?.spec),
    },
    { name: 'Selector', field: 'spec.selector', priority: 1, value: ({ spec }) => shownSelector(spec?.selector) },
  ],
})

function annotate(set: Wire, generation: number): void {
  const annotations = { ...set.metadata?.annotations, [TEMPLATE_GENERATION]: String(generation) }
  set.metadata = { ...set.metadata, annotations }
}

function updateStrategyErrors(strategy: NonNullable<NonNullable<Wire['spec']>['updateStrategy']>): FieldError[] {
  const at = 'spec.updateStrategy'
  if (strategy.type === 'OnDelete') return []
  if (strategy.type !== 'RollingUpdate') {
    // Upstream shows its own form of it, whose names are Go's.
    const told = strategy.rollingUpdate
    const RollingUpdate = told ? { MaxUnavailable: told.maxUnavailable ?? 0, MaxSurge: told.maxSurge ?? 0 } : null
    return [fieldError.notSupported(at, { Type: strategy.type, RollingUpdate }, ['RollingUpdate', 'OnDelete'])]
  }
  const here = `${at}.rollingUpdate`
  const { maxUnavailable = 1, maxSurge = 0 } = strategy.rollingUpdate ?? {}
  const errors = [
    ...amountErrors(`${here}.maxUnavailable`, maxUnavailable),
    ...atMostAll(`${here}.maxUnavailable`, maxUnavailable),
    ...amountErrors(`${here}.maxSurge`, maxSurge),
    ...atMostAll(`${here}.maxSurge`, maxSurge),
  ]
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    errors.push(fieldError.invalid(`${here}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  }
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(fieldError.required(`${here}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  }
  return errors
}
