// What may be told of those that own pods: numbers that are none below zero, and parts that are no more than the whole.
// Upstream: pkg/apis/apps/validation ValidateDeploymentStatus and its likes, pkg/apis/core/validation
// ValidateReplicationControllerStatus.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { notNegative } from '../int-or-percent.ts'

type Told = Partial<Record<string, unknown>> | undefined

const numberOf = (status: Told, field: string): number | undefined => {
  const value = status?.[field]
  return typeof value === 'number' ? value : undefined
}

export const numberErrors = (status: object | undefined, fields: readonly string[]): FieldError[] =>
  fields.flatMap((field) => notNegative(`status.${field}`, numberOf(status as Told, field)))

/** `ready`: how upstream calls the number that may not be surpassed by those that are available. */
export function partErrors(
  status: object | undefined,
  parts: readonly string[],
  { ready = 'readyReplicas' } = {},
): FieldError[] {
  const of = (field: string) => numberOf(status as Told, field) ?? 0
  const errors = parts
    .filter((part) => of(part) > of('replicas'))
    .map((part) => fieldError.invalid(`status.${part}`, of(part), 'cannot be greater than status.replicas'))
  if (of('availableReplicas') <= of('readyReplicas')) return errors
  const why = `cannot be greater than ${ready}`
  return [...errors, fieldError.invalid('status.availableReplicas', of('availableReplicas'), why)]
}

/** Names that were taken stay counted. */
export function collisionErrors(next: object | undefined, previous: object | undefined): FieldError[] {
  const [now, before] = [numberOf(next as Told, 'collisionCount'), numberOf(previous as Told, 'collisionCount')]
  const isLess = before !== undefined && (now === undefined || now < before)
  return isLess ? [fieldError.invalid('status.collisionCount', now ?? 0, 'cannot be decremented')] : []
}
