// How versions become one another. Upstream: apiextensions/validation/validation.go validateCustomResourceConversion.

import type { CustomResourceConversion } from 'kubernetes-types/apiextensions/v1'
import { dns1035LabelProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const KNOWN = ['v1', 'v1beta1']

export function conversionErrors(conversion: CustomResourceConversion | undefined, at: string): FieldError[] {
  if (!conversion) return []
  const { strategy, webhook } = conversion
  if (!strategy) return [fieldError.required(`${at}.strategy`)]
  if (strategy !== 'None' && strategy !== 'Webhook') {
    return [fieldError.notSupported(`${at}.strategy`, strategy, ['None', 'Webhook'])]
  }
  const config = `${at}.webhookClientConfig`
  if (strategy === 'None') {
    return webhook ? [fieldError.forbidden(config, 'should not be set when strategy is not set to Webhook')] : []
  }
  const client = webhook?.clientConfig
  if (!client) return [fieldError.required(config, 'required when strategy is set to Webhook')]
  const errors: FieldError[] = []
  if ((client.url === undefined) === (client.service === undefined)) {
    errors.push(fieldError.required(config, 'exactly one of url or service is required'))
  } else if (client.url !== undefined) errors.push(...urlErrors(client.url, `${config}.url`))
  else {
    const { name, namespace, path, port = 443 } = client.service!
    if (!name) errors.push(fieldError.required(`${config}.service.name`, 'service name is required'))
    if (!namespace) errors.push(fieldError.required(`${config}.service.namespace`, 'service namespace is required'))
    if (port < 1 || port > 65535) {
      errors.push(
        fieldError.invalid(`${config}.service.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'),
      )
    }
    if (path && !path.startsWith('/')) {
      errors.push(fieldError.invalid(`${config}.service.path`, path, `must start with a '/'`))
    }
  }
  return [...errors, ...versionErrors(webhook?.conversionReviewVersions ?? [], `${at}.conversionReviewVersions`)]
}

function urlErrors(url: string, at: string): FieldError[] {
  if (!URL.canParse(url)) return [fieldError.required(at, `url must be a valid URL: parse ${JSON.stringify(url)}`)]
  const { protocol, host, username, hash, search } = new URL(url)
  const form = '; desired format: https://host[/path]'
  const problems = [
    ...(protocol === 'https:' ? [] : [`'https' is the only allowed URL scheme${form}`]),
    ...(host ? [] : [`host must be specified${form}`]),
    ...(username ? ['user information is not permitted in the URL'] : []),
    ...(hash ? ['fragments are not permitted in the URL'] : []),
    ...(search ? ['query parameters are not permitted in the URL'] : []),
  ]
  return problems.map((problem) => fieldError.invalid(at, url, problem))
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
