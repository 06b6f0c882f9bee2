// What metadata a template of claims may have: labels and annotations, and nothing else.
// Upstream: pkg/apis/core/validation ValidateTemplateObjectMeta.

import { labelsErrors, problemsAt } from '../../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

interface Metadata {
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

export function templateMetadataErrors(
  { labels = {}, annotations = {}, ...others }: Metadata = {},
  at: string,
): FieldError[] {
  return [
    ...Object.keys(annotations).flatMap((key) =>
      problemsAt(`${at}.annotations`, key, labelKeyProblems(key.toLowerCase())),
    ),
    ...labelsErrors(`${at}.labels`, labels),
    // Upstream makes the first letter of Go's name small.
    ...Object.keys(others).map((field) =>
      fieldError.forbidden(`${at}.${field === 'uid' ? 'uID' : field}`, 'cannot be set'),
    ),
  ]
}
