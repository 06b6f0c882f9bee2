// Paths inside volumes, which must not lead out of them. Upstream: pkg/apis/core/validation validatePathNoBacksteps,
// validateLocalDescendingPath, ValidateLocalNonReservedPath.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function withoutBacksteps(field: string, path: string): FieldError[] {
  return path.split('/').includes('..') ? [fieldError.invalid(field, path, "must not contain '..'")] : []
}

export function descendingPath(field: string, path: string): FieldError[] {
  const errors = path.startsWith('/') ? [fieldError.invalid(field, path, 'must be a relative path')] : []
  return [...errors, ...withoutBacksteps(field, path)]
}

/** Names that begin with two dots are the kubelet's own, in volumes that it writes. */
export function unreservedPath(field: string, path: string): FieldError[] {
  const errors = descendingPath(field, path)
  return path.startsWith('..') && !path.startsWith('../')
    ? [...errors, fieldError.invalid(field, path, "must not start with '..'")]
    : errors
}
