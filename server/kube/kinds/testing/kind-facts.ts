// A kind, asked as the registry asks it: for tests.

import { deepCopy } from '../../apimachinery/deep.ts'
import type { FieldError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../define-kind.ts'

export const NOW = Date.parse('2026-01-01T01:00:00Z')

const told = (errors: readonly FieldError[] = []) => errors.map(({ field, message }) => `${field}: ${message}`)

export function defaulted<T extends object>(kind: AnyKind, object: T): T {
  const copy = deepCopy(object)
  kind.strategy.setDefaults?.(copy)
  return copy
}

/** What is wrong with it as a new object. */
export function problems(kind: AnyKind, object: object): string[] {
  const { validate, validateCreate } = kind.strategy
  const next = defaulted(kind, object)
  return told([...(validate?.(next) ?? []), ...(validateCreate?.(next) ?? [])])
}

/** What is wrong with making the one of the other. */
export function updateProblems(kind: AnyKind, previous: object, next: object): string[] {
  const [made, before] = [defaulted(kind, next), defaulted(kind, previous)]
  const { validate, validateUpdate } = kind.strategy
  return told([...(validate?.(made, before) ?? []), ...(validateUpdate?.(made, before) ?? [])])
}

/** What is wrong with telling the one's status for the other's. */
export const statusProblems = (kind: AnyKind, previous: object, next: object): string[] =>
  told(kind.strategy.validateStatusUpdate?.(next, previous))

/** As `kubectl get -o wide` shows it. */
export const row = (kind: AnyKind, object: object) =>
  Object.fromEntries(kind.columns.map((column) => [column.name, column.value(object, NOW)]))
