// Lists with a greatest length and, some of them, of things that differ. Upstream: pkg/apis/resource/validation
// validateSlice, validateSet, validateMap.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

/** Of a list that is too long nothing else is said. */
export function listErrors<T>(
  list: readonly T[],
  at: string,
  { most, errorsOf }: { most?: number; errorsOf: (item: T, at: string) => FieldError[] },
): FieldError[] {
  if (most !== undefined && list.length > most) return [fieldError.tooMany(at, list.length, most)]
  return list.flatMap((item, index) => errorsOf(item, `${at}[${index}]`))
}

export function setErrors<T>(
  list: readonly T[],
  at: string,
  told: { most?: number; keyOf: (item: T) => string; errorsOf: (item: T, at: string) => FieldError[] },
): FieldError[] {
  const errors = listErrors(list, at, told)
  if (told.most !== undefined && list.length > told.most) return errors
  const keys = list.map(told.keyOf)
  return [
    ...errors,
    ...keys.flatMap((key, index) => (keys.indexOf(key) < index ? [fieldError.duplicate(`${at}[${index}]`, key)] : [])),
  ]
}

export function mapErrors<T>(
  map: Readonly<Record<string, T>>,
  at: string,
  told: {
    most?: number
    keyErrors: (key: string, at: string) => FieldError[]
    errorsOf: (item: T, at: string) => FieldError[]
  },
): FieldError[] {
  const entries = Object.entries(map)
  if (told.most !== undefined && entries.length > told.most) return [fieldError.tooMany(at, entries.length, told.most)]
  return entries.flatMap(([key, item]) => [...told.keyErrors(key, at), ...told.errorsOf(item, `${at}[${key}]`)])
}
