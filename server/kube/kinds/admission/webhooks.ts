// What MutatingWebhookConfiguration and ValidatingWebhookConfiguration have in common: a list of webhooks.
// Upstream: pkg/apis/admissionregistration/{v1/defaults.go,validation}.

import type { MutatingWebhook, ValidatingWebhook } from 'kubernetes-types/admissionregistration/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { type LabelSelector, labelSelectorErrors } from '../../apimachinery/label-selector.ts'
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { ExpressionChecks } from '../../cel/admission.ts'
import { ageColumn, type Column, nameColumn, type Strategy, validatedInPieces } from '../define-kind.ts'
import {
  clientConfigErrors,
  FAILURE_POLICIES,
  MATCH_POLICIES,
  matchConditionErrors,
  type Rule,
  ruleErrors,
} from './rules.ts'
import { suffixWarnings } from './static-suffix.ts'

const REVIEW_VERSIONS = ['v1', 'v1beta1']
const SIDE_EFFECTS = ['None', 'NoneOnDryRun']

type Webhook = Omit<ValidatingWebhook, 'rules'> & Pick<MutatingWebhook, 'reinvocationPolicy'> & { rules?: Rule[] }
type Configuration = KubeObject & { webhooks?: Webhook[] }

export function webhooksStrategy<T extends Configuration>({ mutating }: { mutating: boolean }): Strategy<T> {
  return {
    requiresResourceVersion: true,
    warnings: suffixWarnings,
    setDefaults({ webhooks = [] }) {
      for (const webhook of webhooks) {
        webhook.failurePolicy ??= 'Fail'
        webhook.matchPolicy ??= 'Equivalent'
        webhook.namespaceSelector ??= {}
        webhook.objectSelector ??= {}
        webhook.timeoutSeconds ??= 10
        if (mutating) webhook.reinvocationPolicy ??= 'Never'
        for (const rule of webhook.rules ?? []) rule.scope ??= '*'
        if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443
      }
    },
    prepareForUpdate(next, previous) {
      if (deepEqual(next.webhooks ?? [], previous.webhooks ?? [])) return
      Object.assign(next.metadata ?? {}, { generation: (previous.metadata?.generation ?? 0) + 1 })
    },
    ...validatedInPieces<T>(errorsOf),
  }
}

function* errorsOf(
  { webhooks = [] }: Configuration,
  previous: Configuration | undefined,
): Generator<undefined, FieldError[]> {
  const names = new Set<string | undefined>()
  const before = previous?.webhooks ?? []
  // Conditions that are all as they were are not looked at again.
  const areKept = before.length === webhooks.length && webhooks.every((one, at) => hasConditionsOf(one, before[at]))
  const checks = new ExpressionChecks()
  const errors: FieldError[] = []
  for (const [index, webhook] of webhooks.entries()) {
    errors.push(...(yield* webhookErrors(webhook, `webhooks[${index}]`, { areConditionsKept: areKept, checks })))
    if (webhook.name && names.has(webhook.name)) {
      errors.push(fieldError.duplicate(`webhooks[${index}].name`, webhook.name))
    }
    names.add(webhook.name)
    yield
  }
  return errors
}

const hasConditionsOf = (webhook: Webhook, before: Webhook | undefined): boolean =>
  deepEqual(webhook.matchConditions ?? [], before?.matchConditions ?? [])

function* webhookErrors(
  webhook: Webhook,
  at: string,
  { areConditionsKept, checks }: { areConditionsKept: boolean; checks: ExpressionChecks },
): Generator<undefined, FieldError[]> {
  const { name, rules = [], failurePolicy, matchPolicy, sideEffects, timeoutSeconds = 10, clientConfig } = webhook
  const errors = [
    ...nameErrors(name, `${at}.name`),
    ...rules.flatMap((rule, index) => ruleErrors(rule, `${at}.rules[${index}]`)),
    ...oneOf(`${at}.failurePolicy`, failurePolicy, FAILURE_POLICIES),
    ...oneOf(`${at}.matchPolicy`, matchPolicy, MATCH_POLICIES),
    ...(sideEffects
      ? oneOf(`${at}.sideEffects`, sideEffects, SIDE_EFFECTS)
      : [fieldError.required(`${at}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`)]),
  ]
  if (timeoutSeconds > 30 || timeoutSeconds < 1) {
    const why = 'the timeout value must be between 1 and 30 seconds'
    errors.push(fieldError.invalid(`${at}.timeoutSeconds`, timeoutSeconds, why))
  }
  return [
    ...errors,
    ...labelSelectorErrors(webhook.namespaceSelector as LabelSelector, `${at}.namespaceSelector`),
    ...labelSelectorErrors(webhook.objectSelector as LabelSelector, `${at}.objectSelector`),
    ...(webhook.reinvocationPolicy === undefined
      ? []
      : oneOf(`${at}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never'])),
    ...clientConfigErrors(clientConfig ?? {}, `${at}.clientConfig`),
    ...(areConditionsKept
      ? []
      : yield* matchConditionErrors(webhook.matchConditions ?? [], `${at}.matchConditions`, {
          hasParams: false,
          checks,
        })),
    ...reviewVersionErrors(webhook.admissionReviewVersions ?? [], `${at}.admissionReviewVersions`),
  ]
}

function nameErrors(name: string | undefined, at: string): FieldError[] {
  if (!name) return [fieldError.required(at)]
  const problems = dnsSubdomainProblems(name)
  if (problems.length > 0) return [fieldError.invalid(at, name, problems.join(','))]
  return name.split('.').length < 3
    ? [fieldError.invalid(at, name, 'should be a domain with at least three segments separated by dots')]
    : []
}

function reviewVersionErrors(versions: string[], at: string): FieldError[] {
  const known = REVIEW_VERSIONS.join(', ')
  if (versions.length === 0) return [fieldError.required(at, `must specify one of ${known}`)]
  const errors = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [fieldError.invalid(`${at}[${index}]`, version, 'duplicate version')]
      : problemsAt(`${at}[${index}]`, version, dns1035LabelProblems(version)),
  )
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    errors.push(fieldError.invalid(at, versions, `must include at least one of ${known}`))
  }
  return errors
}

export const webhooksColumns: readonly Column<Configuration>[] = [
  nameColumn,
  {
    name: 'Webhooks',
    description: 'Webhooks indicates the number of webhooks registered in this configuration',
    type: 'integer',
    value: ({ webhooks }) => (webhooks ?? []).length,
  },
  ageColumn,
]
