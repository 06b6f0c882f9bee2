// The names a definition asks for. Upstream: apiextensions/validation/validation.go ValidateCustomResourceDefinitionNames.

import type { CustomResourceDefinitionNames } from 'kubernetes-types/apiextensions/v1'
import { dns1035LabelProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function namesErrors(names: CustomResourceDefinitionNames | undefined, at: string): FieldError[] {
  if (!names) return []
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names
  const label = (field: string, value: string | undefined, { anyCase = false } = {}) => {
    const problems = value ? dns1035LabelProblems(anyCase ? value.toLowerCase() : value) : []
    if (problems.length === 0) return []
    const detail = problems.join(',')
    return [
      fieldError.invalid(
        `${at}.${field}`,
        value,
        anyCase ? `may have mixed case, but should otherwise match: ${detail}` : detail,
      ),
    ]
  }
  return [
    ...label('plural', plural),
    ...label('singular', singular),
    ...label('kind', kind, { anyCase: true }),
    ...label('listKind', listKind, { anyCase: true }),
    ...shortNames.flatMap((name, index) => label(`shortNames[${index}]`, name)),
    ...(kind && kind === listKind
      ? [fieldError.invalid(`${at}.listKind`, listKind, 'kind and listKind may not be the same')]
      : []),
    ...categories.flatMap((name, index) => label(`categories[${index}]`, name)),
  ]
}
