// What is told of a claim's size and of making it larger. Upstream: pkg/apis/core/validation
// ValidatePersistentVolumeClaimStatusUpdate.

import { oneOf, problemsAt, quantityErrors } from '../../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../../apimachinery/names.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

interface ClaimStatus {
  capacity?: Record<string, string>
  allocatedResources?: Record<string, string>
  allocatedResourceStatuses?: Record<string, string>
}

const ONE = 1_000_000_000n
const STAGES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
]

export function claimStatusErrors(status: ClaimStatus = {}): FieldError[] {
  const { capacity = {}, allocatedResources = {}, allocatedResourceStatuses = {} } = status
  const [stages, allocated] = ['status.allocatedResourceStatuses', 'status.allocatedResources']
  return [
    ...Object.entries(capacity).flatMap(([name, amount]) => amountErrors(`status.capacity[${name}]`, amount)),
    ...Object.entries(allocatedResourceStatuses).flatMap(([name, stage]) => [
      ...resourceErrors(name, stages),
      // Upstream shows whose stage it is.
      ...(STAGES.includes(stage) ? [] : [fieldError.notSupported(stages, name, STAGES)]),
    ]),
    ...Object.entries(allocatedResources).flatMap(([name, amount]) => {
      const errors = resourceErrors(name, allocated)
      return errors.length > 0 ? errors : amountErrors(`${allocated}[${name}]`, amount)
    }),
  ]
}

function resourceErrors(name: string, at: string): FieldError[] {
  const problems = problemsAt(at, name, labelKeyProblems(name))
  const isNative = !name.includes('/') || name.includes('kubernetes.io/')
  return problems.length === 0 && isNative ? oneOf(at, name, ['storage']) : problems
}

function amountErrors(at: string, amount: string): FieldError[] {
  const errors = belowNothing(at, amount)
  return errors.length > 0 ? errors : quantityErrors(at, amount)
}

/** Upstream shows the whole number below it. */
export function belowNothing(at: string, amount: string): FieldError[] {
  const { nanos } = quantityOf(amount)
  if (nanos >= 0n) return []
  const whole = nanos / ONE - (nanos % ONE === 0n ? 0n : 1n)
  return [fieldError.invalid(at, Number(whole), 'must be a valid resource quantity')]
}
