// What a claim may ask of devices. Upstream: pkg/apis/resource/validation/validation.go.

import { duplicatesAt, oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { createCel } from '../../cel/cel.ts'
import { selectorProblem } from '../../cel/device.ts'
import type { ClaimSpec, Configuration, DeviceRequest, ExactRequest, Selector } from './device-objects.ts'

const MOST_REQUESTS = 32
const MOST_ALTERNATIVES = 8
const LONGEST_EXPRESSION = 10 * 1024
const LONGEST_DRIVER = 63

export function defaultClaim(spec: ClaimSpec | undefined): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    for (const request of exactly ? [exactly, ...firstAvailable] : firstAvailable) {
      request.allocationMode ??= 'ExactCount'
      if (request.allocationMode === 'ExactCount') request.count ??= 1
    }
  }
}

export function claimErrors(spec: ClaimSpec | undefined, at: string): FieldError[] {
  const { requests = [], constraints = [], config = [] } = spec?.devices ?? {}
  const names = requests.map(({ name = '' }) => name)
  const here = `${at}.devices`
  const known = new Set(requests.flatMap(requestNames))
  return [
    ...tooMany(`${here}.requests`, requests.length, MOST_REQUESTS),
    ...requests.flatMap((request, index) => requestErrors(request, `${here}.requests[${index}]`)),
    ...duplicatesAt((index) => `${here}.requests[${index}].name`, names),
    ...constraints.flatMap(({ requests: of = [], matchAttribute }, index) => [
      ...referenceErrors(of, known, `${here}.constraints[${index}].requests`),
      ...(matchAttribute ? [] : [fieldError.required(`${here}.constraints[${index}].matchAttribute`)]),
    ]),
    ...config.flatMap((one, index) => [
      ...referenceErrors(one.requests ?? [], known, `${here}.config[${index}].requests`),
      ...configurationErrors(one, `${here}.config[${index}]`),
    ]),
  ]
}

/** Alternatives are named after their request: `gpu/large`. */
const requestNames = ({ name = '', firstAvailable = [] }: DeviceRequest): string[] => [
  name,
  ...firstAvailable.map((alternative) => `${name}/${alternative.name ?? ''}`),
]

const tooMany = (field: string, count: number, most: number): FieldError[] =>
  count > most
    ? [{ reason: 'FieldValueTooMany', field, message: `Too many: ${count}: must have at most ${most} items` }]
    : []

const referenceErrors = (names: string[], known: ReadonlySet<string>, at: string): FieldError[] =>
  names.flatMap((name, index) =>
    known.has(name)
      ? []
      : [
          fieldError.invalid(
            `${at}[${index}]`,
            name,
            "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
          ),
        ],
  )

function requestErrors({ name, exactly, firstAvailable = [] }: DeviceRequest, at: string): FieldError[] {
  const errors = nameErrors(name, `${at}.name`)
  if (exactly && firstAvailable.length > 0) {
    const why = 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set'
    return [...errors, fieldError.invalid(at, null, why)]
  }
  if (exactly) return [...errors, ...exactErrors(exactly, `${at}.exactly`)]
  if (firstAvailable.length === 0) {
    return [...errors, fieldError.required(at, 'exactly one of `exactly` or `firstAvailable` is required')]
  }
  return [
    ...errors,
    ...tooMany(`${at}.firstAvailable`, firstAvailable.length, MOST_ALTERNATIVES),
    ...firstAvailable.flatMap((request, index) => [
      ...nameErrors(request.name, `${at}.firstAvailable[${index}].name`),
      ...exactErrors(request, `${at}.firstAvailable[${index}]`),
    ]),
  ]
}

const nameErrors = (name: string | undefined, at: string): FieldError[] =>
  name ? problemsAt(at, name, dnsLabelProblems(name)) : [fieldError.required(at)]

function exactErrors(request: ExactRequest, at: string): FieldError[] {
  const { deviceClassName, selectors = [], allocationMode, count = 0 } = request
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
  return errors
}

export const selectorErrors = (selectors: Selector[], at: string): FieldError[] => [
  ...tooMany(at, selectors.length, MOST_REQUESTS),
  ...selectors.flatMap(({ cel }, index) => {
    if (!cel) return [fieldError.required(`${at}[${index}].cel`)]
    const { expression = '' } = cel
    const field = `${at}[${index}].cel.expression`
    if (expression.length > LONGEST_EXPRESSION) return [fieldError.tooLong(field, LONGEST_EXPRESSION)]
    if (!expression.trim()) return [fieldError.required(field)]
    const problem = selectorProblem(createCel(), expression)
    if (!problem) return []
    return [
      problem.isTooDear ? fieldError.forbidden(field, problem.why) : fieldError.invalid(field, expression, problem.why),
    ]
  }),
]

export function configurationErrors({ opaque }: Configuration, at: string): FieldError[] {
  if (!opaque) return [fieldError.required(`${at}.opaque`)]
  return [
    ...driverErrors(opaque.driver, `${at}.opaque.driver`),
    ...(opaque.parameters === undefined ? [fieldError.required(`${at}.opaque.parameters`)] : []),
  ]
}

export function driverErrors(driver: string | undefined, at: string): FieldError[] {
  if (!driver) return [fieldError.required(at)]
  const errors = driver.length > LONGEST_DRIVER ? [fieldError.tooLong(at, LONGEST_DRIVER)] : []
  return [...errors, ...problemsAt(at, driver, dnsSubdomainProblems(driver))]
}
