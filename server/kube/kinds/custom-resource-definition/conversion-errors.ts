// How versions become one another. Upstream: apiextensions/validation/validation.go validateCustomResourceConversion.

import type { CustomResourceConversion } from 'kubernetes-types/apiextensions/v1'
import { dns1035LabelProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { webhookServiceErrors, webhookUrlErrors } from '../webhook-address.ts'

const KNOWN = ['v1', 'v1beta1']

export function conversionErrors(conversion: CustomResourceConversion | undefined, at: string): FieldError[] {
  if (!conversion) return []
  const { strategy, webhook } = conversion
  const config = `${at}.webhookClientConfig`
  const { clientConfig: client, conversionReviewVersions: versions = [] } = webhook ?? {}
  if (strategy !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook'
    return [
      ...strategyErrors(strategy, `${at}.strategy`),
      ...(client ? [fieldError.forbidden(config, why)] : []),
      ...(versions.length > 0 ? [fieldError.forbidden(`${at}.conversionReviewVersions`, why)] : []),
    ]
  }
  return [...clientErrors(client, config), ...versionErrors(versions, `${at}.conversionReviewVersions`)]
}

function strategyErrors(strategy: string | undefined, at: string): FieldError[] {
  if (!strategy) return [fieldError.required(at)]
  return strategy === 'None' ? [] : [fieldError.notSupported(at, strategy, ['None', 'Webhook'])]
}

function clientErrors(client: NonNullable<CustomResourceConversion['webhook']>['clientConfig'], at: string) {
  if (!client) return [fieldError.required(at, 'required when strategy is set to Webhook')]
  const { url, service } = client
  if ((url === undefined) === (service === undefined)) {
    return [fieldError.required(at, 'exactly one of url or service is required')]
  }
  return url === undefined ? webhookServiceErrors(service!, `${at}.service`) : webhookUrlErrors(url, `${at}.url`)
}

function versionErrors(versions: readonly string[], at: string): FieldError[] {
  if (versions.length === 0) return [fieldError.required(at)]
  const errors = versions.flatMap((version, index) => {
    if (versions.indexOf(version) < index) return [fieldError.invalid(`${at}[${index}]`, version, 'duplicate version')]
    return dns1035LabelProblems(version).map((problem) => fieldError.invalid(`${at}[${index}]`, version, problem))
  })
  if (!versions.some((version) => KNOWN.includes(version))) {
    errors.push(fieldError.invalid(at, versions, `must include at least one of ${KNOWN.join(', ')}`))
  }
  return errors
}
