// Forms that names must have: `!format.dns1123Label().validate(self.name).hasValue()`.
// Upstream: apiserver/pkg/cel/library/format.go.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import { parseRequestUri, UrlProblem } from '../../apimachinery/go-url.ts'
import {
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
} from '../../apimachinery/names.ts'
import { hasFormat } from '../../schemas/structural/formats.ts'
import { celEquals } from '../cel-type.ts'

class Format {
  readonly problems: (text: string) => string[]
  constructor(problems: (text: string) => string[]) {
    this.problems = problems
  }
}
class Formats {}

/** Of what a name may begin with, which may end with a dash. */
const prefix = (problems: (text: string) => string[]) => (text: string) => problems(text.replace(/(?<=.)-$/, 'a'))
const form = (format: string, problem: string) => (text: string) => (hasFormat(text, format) ? [] : [problem])

function uriProblems(text: string): string[] {
  try {
    parseRequestUri(text)
    return []
  } catch (err) {
    if (err instanceof UrlProblem) return [err.message]
    throw err
  }
}

const FORMATS = new Map(
  Object.entries({
    dns1123Label: dnsLabelProblems,
    dns1123Subdomain: dnsSubdomainProblems,
    dns1035Label: dns1035LabelProblems,
    qualifiedName: labelKeyProblems,
    dns1123LabelPrefix: prefix(dnsLabelProblems),
    dns1123SubdomainPrefix: prefix(dnsSubdomainProblems),
    dns1035LabelPrefix: prefix(dns1035LabelProblems),
    labelValue: labelValueProblems,
    uri: uriProblems,
    uuid: form('uuid', 'does not match the UUID format'),
    byte: form('byte', 'invalid base64'),
    date: form('date', 'invalid date'),
    datetime: form('datetime', 'invalid datetime'),
  }).map(([name, problems]) => [name, new Format(problems)]),
)

export function addFormats(environment: Environment): void {
  const sync = { async: false }
  environment
    .registerType('kubernetes.NamedFormat', Format)
    .registerType('kubernetes.Formats', Formats)
    .registerConstant('format', 'kubernetes.Formats', new Formats())
    .registerFunction(
      'kubernetes.NamedFormat.validate(string): optional<list<string>>',
      (format: Format, text: string) => {
        const problems = format.problems(text)
        return problems.length > 0 ? Optional.of(problems) : Optional.none()
      },
      sync,
    )
    .registerOperator('optional == null', (one: Optional | null) => one === null)
    .registerOperator('optional == optional', (a: Optional, b: Optional) =>
      a.hasValue() && b.hasValue() ? celEquals(a.value(), b.value()) : a.hasValue() === b.hasValue(),
    )
    .registerFunction(
      'kubernetes.Formats.named(string): optional<kubernetes.NamedFormat>',
      (_: Formats, name: string) => (FORMATS.has(name) ? Optional.of(FORMATS.get(name)) : Optional.none()),
      sync,
    )
  for (const [name, format] of FORMATS) {
    environment.registerFunction(`kubernetes.Formats.${name}(): kubernetes.NamedFormat`, () => format, sync)
  }
}
