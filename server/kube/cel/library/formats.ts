// Forms that names must have: `!format.dns1123Label().validate(self.name).hasValue()`.
// Upstream: apiserver/pkg/cel/library/format.go.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import {
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
} from '../../apimachinery/names.ts'

class Format {
  readonly problems: (text: string) => string[]
  constructor(problems: (text: string) => string[]) {
    this.problems = problems
  }
}
class Formats {}

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
  const formats = {
    dns1123Label: dnsLabelProblems,
    dns1123Subdomain: dnsSubdomainProblems,
    dns1035Label: dns1035LabelProblems,
    qualifiedName: labelKeyProblems,
    labelValue: labelValueProblems,
  }
  for (const [name, problems] of Object.entries(formats)) {
    const format = new Format(problems)
    environment.registerFunction(`kubernetes.Formats.${name}(): kubernetes.NamedFormat`, () => format, sync)
  }
}
