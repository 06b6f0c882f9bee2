// What a claim may ask of devices. Upstream: pkg/apis/resource/validation/validation.go.

import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { createCel } from '../../cel/cel.ts'
import { selectorProblem } from '../../cel/device.ts'
import type { ClaimSpec, Constraint, DeviceRequest, DeviceToleration, Selector, Wish } from './device-objects.ts'
import { listErrors, setErrors } from './lists.ts'
import { fullyQualifiedNameErrors, labelErrors } from './names.ts'
import { configurationErrors, MOST_CONFIGURATIONS, tolerationErrors } from './shared-rules.ts'

const MOST_REQUESTS = 32
const MOST_ALTERNATIVES = 8
const LONGEST_EXPRESSION = 10 * 1024
const NO_REQUEST =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

export function defaultClaim(spec: ClaimSpec | undefined): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    for (const request of exactly ? [exactly, ...firstAvailable] : firstAvailable) {
      request.allocationMode ??= 'ExactCount'
      if (request.allocationMode === 'ExactCount') request.count ??= 1
      defaultTolerations(request.tolerations ?? [])
    }
  }
}

export function defaultTolerations(tolerations: readonly DeviceToleration[]): void {
  for (const toleration of tolerations) toleration.operator ||= 'Equal'
}

export function claimErrors(spec: ClaimSpec | undefined, at: string): FieldError[] {
  const { requests = [], constraints = [], config = [] } = spec?.devices ?? {}
  const known = requestNames(spec)
  return [
    ...setErrors(requests, `${at}.devices.requests`, {
      most: MOST_REQUESTS,
      keyOf: ({ name = '' }) => name,
      errorsOf: requestErrors,
    }),
    ...listErrors(constraints, `${at}.devices.constraints`, {
      most: MOST_REQUESTS,
      errorsOf: (constraint, here) => constraintErrors(constraint, here, known),
    }),
    ...listErrors(config, `${at}.devices.config`, {
      most: MOST_CONFIGURATIONS,
      errorsOf: (one, here) => [
        ...referenceErrors(one.requests ?? [], `${here}.requests`, known),
        ...configurationErrors(one, here),
      ],
    }),
  ]
}

/** Alternatives are named after their request: `gpu/large`. */
export const requestNames = (spec: ClaimSpec | undefined): ReadonlySet<string> =>
  new Set(
    (spec?.devices?.requests ?? []).flatMap(({ name = '', firstAvailable = [] }) => [
      name,
      ...firstAvailable.map((alternative) => `${name}/${alternative.name ?? ''}`),
    ]),
  )

export const referenceErrors = (names: readonly string[], at: string, known: ReadonlySet<string>): FieldError[] =>
  setErrors(names, at, {
    most: MOST_REQUESTS,
    keyOf: (name) => name,
    errorsOf: (name, here) => requestNameErrors(name, here, known),
  })

export function requestNameErrors(name: string, at: string, known: ReadonlySet<string>): FieldError[] {
  const unknown = fieldError.invalid(at, name, NO_REQUEST)
  const parts = name.split('/')
  if (parts.length > 2) return [unknown]
  return [...parts.flatMap((part) => labelErrors(part, at)), ...(known.has(name) ? [] : [unknown])]
}

function constraintErrors(constraint: Constraint, at: string, known: ReadonlySet<string>): FieldError[] {
  const { requests = [], matchAttribute, distinctAttribute } = constraint
  const errors = referenceErrors(requests, `${at}.requests`, known)
  if (matchAttribute !== undefined) {
    return [...errors, ...fullyQualifiedNameErrors(matchAttribute, `${at}.matchAttribute`)]
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...fullyQualifiedNameErrors(distinctAttribute, `${at}.distinctAttribute`)]
  }
  const why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
  return [...errors, fieldError.required(at, why)]
}

function requestErrors({ name, exactly, firstAvailable = [] }: DeviceRequest, at: string): FieldError[] {
  const errors = labelErrors(name, `${at}.name`)
  if (exactly && firstAvailable.length > 0) {
    const why = 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set'
    return [...errors, fieldError.invalid(at, null, why)]
  }
  if (exactly) return [...errors, ...wishErrors(exactly, `${at}.exactly`)]
  if (firstAvailable.length === 0) {
    return [...errors, fieldError.required(at, 'exactly one of `exactly` or `firstAvailable` is required')]
  }
  return [
    ...errors,
    ...setErrors(firstAvailable, `${at}.firstAvailable`, {
      most: MOST_ALTERNATIVES,
      keyOf: (request) => request.name ?? '',
      errorsOf: (request, here) => [...labelErrors(request.name, `${here}.name`), ...wishErrors(request, here)],
    }),
  ]
}

function wishErrors(wish: Wish, at: string): FieldError[] {
  const { deviceClassName, selectors = [], allocationMode, count = 0, tolerations = [] } = wish
  const errors = deviceClassName
    ? problemsAt(`${at}.deviceClassName`, deviceClassName, dnsSubdomainProblems(deviceClassName))
    : [fieldError.required(`${at}.deviceClassName`)]
  errors.push(...selectorErrors(selectors, `${at}.selectors`))
  errors.push(...oneOf(`${at}.allocationMode`, allocationMode, ['All', 'ExactCount']))
  if (allocationMode === 'All' && count !== 0) {
    const why = "must not be specified when allocationMode is 'All'"
    errors.push(fieldError.invalid(`${at}.count`, count, why))
  }
  if (allocationMode === 'ExactCount' && count <= 0) {
    errors.push(fieldError.invalid(`${at}.count`, count, 'must be greater than zero'))
  }
  return [...errors, ...listErrors(tolerations, `${at}.tolerations`, { errorsOf: tolerationErrors })]
}

export const selectorErrors = (selectors: readonly Selector[], at: string): FieldError[] =>
  listErrors(selectors, at, {
    most: MOST_REQUESTS,
    errorsOf: ({ cel }, here) =>
      cel ? expressionErrors(cel.expression ?? '', `${here}.cel.expression`) : [fieldError.required(`${here}.cel`)],
  })

function expressionErrors(expression: string, at: string): FieldError[] {
  if (expression.length > LONGEST_EXPRESSION) return [fieldError.tooLong(at, LONGEST_EXPRESSION)]
  if (!expression.trim()) return [fieldError.required(at)]
  const problem = selectorProblem(createCel(), expression)
  if (!problem) return []
  return [problem.isTooDear ? fieldError.forbidden(at, problem.why) : fieldError.invalid(at, expression, problem.why)]
}
