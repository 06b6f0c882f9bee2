// The PriorityLevelConfiguration: how many requests of a level run at once, and what happens to the others.
// Upstream: kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration.

import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  QueuingConfiguration,
  PriorityLevelConfiguration as Wire,
} from 'kubernetes-types/flowcontrol/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { oneOf } from '../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'
import { conditionsErrors } from './flow-control/conditions.ts'
import { MANDATORY_LEVELS } from './flow-control/default-objects.ts'

/** For those who still speak an older version. */
const KEPT_ZERO = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares'
const KEPT_ZERO_FORBIDDEN = fieldError.forbidden('metadata.annotations', `annotation '${KEPT_ZERO}' is forbidden`)
const MOST_QUEUES = 10_000_000
const HASH_BITS = 60
const NONE = '<none>'

export const PriorityLevelConfiguration = defineKind<Wire>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    keptByStatusUpdates: SENT_METADATA,
    validateStatusUpdate: ({ status }) => conditionsErrors(status?.conditions),
    setDefaults({ spec }) {
      if (spec?.type === 'Exempt') {
        spec.exempt ??= {}
        spec.exempt.nominalConcurrencyShares ??= 0
        spec.exempt.lendablePercent ??= 0
      }
      if (!spec?.limited) return
      spec.limited.nominalConcurrencyShares ??= 30
      spec.limited.lendablePercent ??= 0
      const { queuing } = spec.limited.limitResponse ?? {}
      if (!queuing) return
      queuing.queues ||= 64
      queuing.handSize ||= 8
      queuing.queueLengthLimit ||= 50
    },
    validate({ metadata, spec }) {
      const name = metadata?.name ?? ''
      const errors = metadata?.annotations?.[KEPT_ZERO] === undefined ? [] : [KEPT_ZERO_FORBIDDEN]
      return [...errors, ...specErrors(spec, name), ...fixedErrors(spec, name)]
    },
  },
  columns: [
    nameColumn,
    { name: 'Type', field: 'spec.type', value: ({ spec }) => spec?.type },
    {
      name: 'NominalConcurrencyShares',
      field: 'spec.limited.nominalConcurrencyShares',
      value: ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? NONE,
    },
    {
      name: 'Queues',
      field: 'spec.limited.limitResponse.queuing.queues',
      value: ({ spec }) => spec?.limited?.limitResponse?.queuing?.queues ?? NONE,
    },
    {
      name: 'HandSize',
      field: 'spec.limited.limitResponse.queuing.handSize',
      value: ({ spec }) => spec?.limited?.limitResponse?.queuing?.handSize ?? NONE,
    },
    {
      name: 'QueueLengthLimit',
      field: 'spec.limited.limitResponse.queuing.queueLengthLimit',
      value: ({ spec }) => spec?.limited?.limitResponse?.queuing?.queueLengthLimit ?? NONE,
    },
    ageColumn,
  ],
})

function fixedErrors(spec: Wire['spec'], name: string): FieldError[] {
  const fixed = MANDATORY_LEVELS.find((one) => one.metadata?.name === name)?.spec
  // The one exempt level may be given shares to lend.
  const isExempt = name === 'exempt'
  if (!fixed || deepEqual(isExempt ? { ...spec, exempt: fixed.exempt } : spec, fixed)) return []
  const which = isExempt ? `'${name}' except the 'spec.exempt' field` : `'${name}'`
  return [fieldError.invalid('spec', spec, `spec of ${which} must equal the fixed value`)]
}

function specErrors(spec: Wire['spec'], name: string): FieldError[] {
  const { type, limited, exempt } = spec ?? {}
  const errors: FieldError[] = []
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(fieldError.invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"))
  }
  if (type === 'Exempt') {
    if (limited) errors.push(fieldError.forbidden('spec.limited', 'must be nil if the type is not Limited'))
    return exempt
      ? [...errors, ...sharesErrors(exempt, 'spec.exempt'), ...lendingErrors(exempt, 'spec.exempt')]
      : errors
  }
  if (type !== 'Limited') return [...errors, fieldError.notSupported('spec.type', type, ['Exempt', 'Limited'])]
  if (exempt) errors.push(fieldError.forbidden('spec.exempt', 'must be nil if the type is Limited'))
  return limited
    ? [...errors, ...limitedErrors(limited, 'spec.limited')]
    : [...errors, fieldError.required('spec.limited', 'must not be empty when type is Limited')]
}

type Shares = Pick<LimitedPriorityLevelConfiguration, 'nominalConcurrencyShares' | 'lendablePercent'>

const sharesErrors = ({ nominalConcurrencyShares: shares = 0 }: Shares, at: string): FieldError[] =>
  shares < 0 ? [fieldError.invalid(`${at}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')] : []

const lendingErrors = ({ lendablePercent: lendable = 0 }: Shares, at: string): FieldError[] =>
  lendable < 0 || lendable > 100
    ? [fieldError.invalid(`${at}.lendablePercent`, lendable, 'must be between 0 and 100, inclusive')]
    : []

function limitedErrors(limited: LimitedPriorityLevelConfiguration, at: string): FieldError[] {
  const { borrowingLimitPercent: borrowed = 0, limitResponse } = limited
  const errors = [
    ...sharesErrors(limited, at),
    ...responseErrors(limitResponse, `${at}.limitResponse`),
    ...lendingErrors(limited, at),
  ]
  const why = 'if specified, must be a non-negative integer'
  return borrowed < 0 ? [...errors, fieldError.invalid(`${at}.borrowingLimitPercent`, borrowed, why)] : errors
}

function responseErrors({ type, queuing }: Partial<LimitResponse> = {}, at: string): FieldError[] {
  if (type === 'Reject') {
    const why = 'must be nil if limited.limitResponse.type is not Limited'
    return queuing ? [fieldError.forbidden(`${at}.queuing`, why)] : []
  }
  if (type !== 'Queue') return oneOf(`${at}.type`, type, ['Queue', 'Reject'])
  return queuing
    ? queuingErrors(queuing, `${at}.queuing`)
    : [fieldError.required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')]
}

function queuingErrors({ queueLengthLimit = 0, queues = 0, handSize = 0 }: QueuingConfiguration, at: string) {
  const errors: FieldError[] = []
  const positive = 'must be positive'
  if (queueLengthLimit <= 0) errors.push(fieldError.invalid(`${at}.queueLengthLimit`, queueLengthLimit, positive))
  if (queues <= 0) errors.push(fieldError.invalid(`${at}.queues`, queues, positive))
  else if (queues > MOST_QUEUES) {
    errors.push(fieldError.invalid(`${at}.queues`, queues, `must not be greater than ${MOST_QUEUES}`))
  }
  const refuse = (why: string) => errors.push(fieldError.invalid(`${at}.handSize`, handSize, why))
  if (handSize <= 0) refuse(positive)
  else if (handSize > queues) refuse(`should not be greater than queues (${queues})`)
  else if (entropyBits(queues, handSize) > HASH_BITS) {
    refuse(
      `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS}`,
    )
  }
  return errors
}

/** How much of a hash dealing a hand takes. Upstream: util/shufflesharding RequiredEntropyBits. */
const entropyBits = (deck: number, hand: number) => Math.ceil(Math.log2(deck) * hand)
