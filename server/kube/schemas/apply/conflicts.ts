// What the sender of an apply reads when somebody else owns what it wants otherwise: word for word what kubectl prints.
// Upstream: apimachinery/pkg/util/managedfields/internal/conflict.go.

import { StatusError } from '../../apimachinery/status-error.ts'
import { shortened } from '../../apimachinery/told.ts'
import { type Path, pathText } from './field-set.ts'
import { idOf, type Manager } from './managed-fields.ts'

export interface FieldConflict {
  manager: Manager
  path: Path
}

export function conflictError(conflicts: readonly FieldConflict[]): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field: shortened(pathText(path)),
  }))
  return new StatusError('Conflict', shortened(`Apply failed with ${conflictsText(conflicts)}`), {
    details: { causes },
  })
}

function conflictsText(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts
  if (first && conflicts.length === 1)
    return `1 conflict: conflict with ${managerText(first.manager)}: ${pathText(first.path)}`
  const byManager = Map.groupBy(conflicts, ({ manager }) => idOf(manager))
  const lines = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, own]) => [
      `conflicts with ${managerText(own[0]!.manager)}:`,
      ...own.map(({ path }) => `- ${pathText(path)}`),
    ])
  return `${conflicts.length} conflicts: ${lines.join('\n')}`
}

function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const text = subresource ? `"${name}" with subresource "${subresource}"` : `"${name}"`
  return operation === 'Update' ? `${text} using ${apiVersion}` : text
}
