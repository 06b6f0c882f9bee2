// The ValidatingAdmissionPolicy: rules in CEL about what may be written.
// Upstream: kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy.

import type {
  AuditAnnotation,
  Validation,
  ValidatingAdmissionPolicy as Wire,
} from 'kubernetes-types/admissionregistration/v1'
import { conditionsErrors } from '../apimachinery/condition-rules.ts'
import { oneOf, problemsAt } from '../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ExpressionChecks, type KnownToExpressions } from '../cel/admission.ts'
import { defaultPolicy, knownInPolicy, policyErrors } from './admission/policies.ts'
import { expressionErrors, shownParamKind } from './admission/rules.ts'
import { suffixWarnings } from './admission/static-suffix.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA, validatedInPieces } from './define-kind.ts'

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const MOST_ANNOTATIONS = 20
const LONGEST_VALUE = 5 * 1024
const NOTHING_TO_DO = 'validations or auditAnnotations must contain at least one item'

export const ValidatingAdmissionPolicy = defineKind<Wire>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    warnings: suffixWarnings,
    requiresResourceVersion: true,
    keptByStatusUpdates: SENT_METADATA,
    setDefaults: defaultPolicy,
    validateStatusUpdate: ({ status }) => [
      ...(status?.typeChecking?.expressionWarnings ?? []).flatMap(({ fieldRef, warning }, index) => {
        const at = `status.typeChecking.expressionWarnings[${index}]`
        return [
          ...(warning ? [] : [fieldError.required(`${at}.warning`)]),
          ...(fieldRef?.trim() ? [] : [fieldError.required(`${at}.fieldRef`)]),
        ]
      }),
      ...conditionsErrors(status?.conditions, 'status.conditions'),
    ],
    ...validatedInPieces(errorsOf),
  },
  columns: [
    nameColumn,
    {
      name: 'Validations',
      description: 'Validations indicates the number of validation rules defined in this configuration',
      type: 'integer',
      value: ({ spec }) => (spec?.validations ?? []).length,
    },
    {
      name: 'ParamKind',
      description: 'ParamKind specifies the kind of resources used to parameterize this policy',
      value: ({ spec }) => shownParamKind(spec?.paramKind),
    },
    ageColumn,
  ],
})

type Told = KnownToExpressions & { checks: ExpressionChecks }

function* errorsOf({ metadata, spec = {} }: Wire, previous: Wire | undefined): Generator<undefined, FieldError[]> {
  const { validations = [], auditAnnotations = [] } = spec
  const checks = new ExpressionChecks()
  const errors = yield* policyErrors(spec, previous?.spec, checks)
  if (validations.length === 0 && auditAnnotations.length === 0) {
    return [
      ...errors,
      fieldError.required('spec.validations', NOTHING_TO_DO),
      fieldError.required('spec.auditAnnotations', NOTHING_TO_DO),
    ]
  }
  const told = { ...knownInPolicy(spec), checks }
  for (const [index, validation] of validations.entries()) {
    errors.push(...(yield* validationErrors(validation, `spec.validations[${index}]`, told)))
  }
  errors.push(...(yield* annotationErrors(auditAnnotations, metadata?.name ?? '', told)))
  return errors
}

function* validationErrors(
  { expression, message, messageExpression, reason }: Validation,
  at: string,
  told: Told,
): Generator<undefined, FieldError[]> {
  const errors: FieldError[] = []
  if (!expression?.trim()) errors.push(fieldError.required(`${at}.expression`, 'expression is not specified'))
  else errors.push(...(yield* expressionErrors(`${at}.expression`, expression, { ...told, gives: 'bool' })))
  if (messageExpression && !messageExpression.trim()) {
    errors.push(fieldError.invalid(`${at}.messageExpression`, messageExpression, 'must be non-empty if specified'))
  } else if (messageExpression) {
    const known = { ...told, hasAuthorizer: false, gives: 'text' as const }
    errors.push(...(yield* expressionErrors(`${at}.messageExpression`, messageExpression, known)))
  }
  if (message && !message.trim()) {
    errors.push(fieldError.invalid(`${at}.message`, message, 'must be non-empty if specified'))
  } else if (message && /[\n\r]/.test(message.trim())) {
    errors.push(fieldError.invalid(`${at}.message`, message, 'must not contain line breaks'))
  }
  return reason === undefined ? errors : [...errors, ...oneOf(`${at}.reason`, reason, REASONS)]
}

function* annotationErrors(
  annotations: readonly AuditAnnotation[],
  policy: string,
  told: Told,
): Generator<undefined, FieldError[]> {
  const at = 'spec.auditAnnotations'
  const errors: FieldError[] = []
  if (annotations.length > MOST_ANNOTATIONS) {
    const why = `must not have more than ${MOST_ANNOTATIONS} auditAnnotations`
    errors.push(fieldError.invalid(at, annotations, why))
  }
  const keys = annotations.map(({ key = '' }) => key)
  for (const [index, { key = '', valueExpression = '' }] of annotations.entries()) {
    errors.push(...problemsAt(`${at}[${index}].key`, `${policy}/${key}`, labelKeyProblems(`${policy}/${key}`)))
    const field = `${at}[${index}].valueExpression`
    if (!valueExpression.trim()) errors.push(fieldError.required(field, 'valueExpression is not specified'))
    else if (valueExpression.trim().length > LONGEST_VALUE) {
      errors.push(fieldError.required(field, `must not exceed ${LONGEST_VALUE} bytes in length`))
    } else errors.push(...(yield* expressionErrors(field, valueExpression, { ...told, gives: 'textOrNull' })))
    if (keys.indexOf(key) < index) errors.push(fieldError.duplicate(`${at}[${index}].key`, key))
  }
  return errors
}
