// The FlowSchema: which requests belong together, and at which priority level.
// Upstream: kubernetes/pkg/registry/flowcontrol/flowschema.

import type { FlowSchema as Wire } from 'kubernetes-types/flowcontrol/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { problemsAt } from '../apimachinery/field-checks.ts'
import { dnsSubdomainProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'
import { conditionsErrors } from './flow-control/conditions.ts'
import { MANDATORY_SCHEMAS } from './flow-control/default-objects.ts'
import { policyErrors } from './flow-control/rules.ts'

const METHODS = ['ByNamespace', 'ByUser']
const LARGEST_PRECEDENCE = 10_000
const DEFAULT_PRECEDENCE = 1000

export const FlowSchema = defineKind<Wire>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    keptByStatusUpdates: SENT_METADATA,
    validateStatusUpdate: ({ status }) => conditionsErrors(status?.conditions),
    setDefaults({ spec }) {
      if (spec) spec.matchingPrecedence ||= DEFAULT_PRECEDENCE
    },
    validate({ metadata, spec }) {
      const name = metadata?.name ?? ''
      const errors = precedenceErrors(name, spec?.matchingPrecedence ?? 0)
      const { distinguisherMethod, priorityLevelConfiguration: level, rules = [] } = spec ?? {}
      if (distinguisherMethod && !METHODS.includes(distinguisherMethod.type)) {
        // Upstream shows its own form of the whole, whose names are Go's.
        const shown = { Type: distinguisherMethod.type ?? '' }
        errors.push(fieldError.notSupported('spec.distinguisherMethod.type', shown, METHODS))
      }
      const at = 'spec.priorityLevelConfiguration.name'
      if (level?.name) errors.push(...problemsAt(at, level.name, dnsSubdomainProblems(level.name)))
      else errors.push(fieldError.required(at, 'must reference a priority level'))
      errors.push(...rules.flatMap((rule, index) => policyErrors(rule, `spec.rules[${index}]`)))
      const fixed = MANDATORY_SCHEMAS.find((one) => one.metadata?.name === name)
      return fixed && !deepEqual(spec, fixed.spec)
        ? [...errors, fieldError.invalid('spec', spec, `spec of '${name}' must equal the fixed value`)]
        : errors
    },
  },
  // Those that are asked first come first.
  rowOrder: (a, b) =>
    (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) ||
    ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  columns: [
    nameColumn,
    {
      name: 'PriorityLevel',
      field: 'spec.priorityLevelConfiguration.name',
      value: ({ spec }) => spec?.priorityLevelConfiguration?.name,
    },
    {
      name: 'MatchingPrecedence',
      field: 'spec.matchingPrecedence',
      value: ({ spec }) => spec?.matchingPrecedence ?? 0,
    },
    {
      name: 'DistinguisherMethod',
      field: 'spec.distinguisherMethod',
      value: ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>',
    },
    ageColumn,
    {
      name: 'MissingPL',
      description: 'references a broken or non-existent PriorityLevelConfiguration',
      value: ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    },
  ],
})

function precedenceErrors(name: string, precedence: number): FieldError[] {
  const field = 'spec.matchingPrecedence'
  const refuse = (why: string) => [fieldError.invalid(field, precedence, why)]
  if (precedence <= 0) return refuse('must be a positive value')
  if (precedence > LARGEST_PRECEDENCE) return refuse(`must not be greater than ${LARGEST_PRECEDENCE}`)
  if (precedence === 1 && name !== 'exempt') {
    return refuse("only the schema named 'exempt' may have matchingPrecedence 1")
  }
  return []
}
