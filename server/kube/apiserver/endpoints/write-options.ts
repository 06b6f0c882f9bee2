// What the query says about a write beside the object: who is writing, whether for real, and what to make of unknown
// fields. Upstream: apimachinery/pkg/apis/meta/v1/validation/validation.go, endpoints/handlers/create.go.

import { type FieldError, fieldError, invalid } from '../../apimachinery/status-error.ts'
import type { ApiRequest } from '../request-path/api-request.ts'

export interface WriteOptions {
  /** Whoever owns the fields that this request sets. */
  fieldManager: string
  dryRun: boolean
  /** Empty is Warn. */
  fieldValidation: string
}

const LONGEST_MANAGER = 128
const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn']
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

export function readWriteOptions(
  { query, userAgent }: ApiRequest,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  { isApply = false } = {},
): WriteOptions {
  const fieldManager = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') ?? ''
  const errors: FieldError[] = []
  if (kind === 'PatchOptions' && !isApply && query.has('force')) {
    errors.push(fieldError.forbidden('force', 'may not be specified for non-apply patch'))
  }
  if (isApply && !fieldManager) errors.push(fieldError.required('fieldManager', 'is required for apply patch'))
  errors.push(...managerErrors(fieldManager), ...dryRunErrors(query.getAll('dryRun')))
  if (!FIELD_VALIDATIONS.includes(fieldValidation)) {
    errors.push(fieldError.notSupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS))
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
  return {
    fieldManager: fieldManager || managerOf(userAgent),
    dryRun: query.getAll('dryRun').includes('All'),
    fieldValidation,
  }
}

export function dryRunErrors(told: readonly string[]): FieldError[] {
  return told.some((value) => value !== 'All' && value !== '') ? [fieldError.notSupported('dryRun', told, ['All'])] : []
}

/** Whoever gives no name is known by the first word of the user agent: `kubectl/v1.36.0 (linux/amd64) …`. */
function managerOf(userAgent: string): string {
  const [product = ''] = userAgent.split('/', 1)
  if (product.length * 3 <= LONGEST_MANAGER && !UNPRINTABLE.test(product)) return product
  let name = ''
  for (const letter of product) {
    if (UNPRINTABLE.test(letter)) continue
    if (Buffer.byteLength(name + letter) > LONGEST_MANAGER) break
    name += letter
  }
  return name
}

function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = []
  if (Buffer.byteLength(manager) > LONGEST_MANAGER) errors.push(fieldError.tooLong('fieldManager', LONGEST_MANAGER))
  let position = 0
  for (const letter of manager) {
    if (UNPRINTABLE.test(letter)) {
      const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      errors.push(fieldError.invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`))
    }
    position += Buffer.byteLength(letter)
  }
  return errors
}
