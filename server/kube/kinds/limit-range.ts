// The LimitRange: how much one container, pod or claim of a namespace may ask, and what is given to those that do not say.
// Upstream: kubernetes/pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem, validation.go ValidateLimitRange.

import type { LimitRangeItem, LimitRange as Wire } from 'kubernetes-types/core/v1'
import { problemsAt } from '../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../apimachinery/names.ts'
import { parseQuantity } from '../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { defineKind, nameColumn } from './define-kind.ts'
import { containerNameErrors, isExclusive, resourceNameErrors } from './pod-template/resources.ts'

export const LimitRange = defineKind<Wire>({
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  strategy: {
    createsOnUpdate: true,
    setDefaults({ spec }) {
      for (const item of spec?.limits ?? []) {
        if (item.type !== 'Container') continue
        item.default = { ...item.max, ...item.default }
        item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest }
        if (Object.keys(item.default).length === 0) delete item.default
        if (Object.keys(item.defaultRequest).length === 0) delete item.defaultRequest
      }
    },
    validate({ spec }) {
      const types = new Set<string>()
      return (spec?.limits ?? []).flatMap((item, index) => {
        const at = `spec.limits[${index}]`
        const isAgain = types.has(item.type)
        types.add(item.type)
        return [
          ...typeErrors(item.type, `${at}.type`),
          ...(isAgain ? [fieldError.duplicate(`${at}.type`, item.type)] : []),
          ...itemErrors(item, at),
        ]
      })
    },
  },
  columns: [
    nameColumn,
    {
      name: 'Created At',
      type: 'date',
      field: 'metadata.creationTimestamp',
      value: ({ metadata }) => metadata?.creationTimestamp ?? '<unknown>',
    },
  ],
})

const TYPES = ['Container', 'PersistentVolumeClaim', 'Pod']
const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

function typeErrors(type: string, at: string): FieldError[] {
  const errors = problemsAt(at, type, labelKeyProblems(type))
  if (errors.length > 0 || type.includes('/') || TYPES.includes(type)) return errors
  return [fieldError.invalid(at, type, 'must be a standard limit type or fully qualified')]
}

function itemErrors(item: LimitRangeItem, at: string): FieldError[] {
  const isOfPod = item.type === 'Pod'
  const namesOf = isOfPod || item.type === 'Container' ? containerNameErrors : resourceNameErrors
  const errors: FieldError[] = []
  const looked = LISTS.filter((list) => !isOfPod || (list !== 'default' && list !== 'defaultRequest'))
  for (const list of LISTS) {
    const names = Object.keys(item[list] ?? {})
    if (looked.includes(list)) errors.push(...names.flatMap((name) => namesOf(`${at}.${list}[${name}]`, name)))
    else if (names.length > 0) {
      errors.push(fieldError.forbidden(`${at}.${list}`, "may not be specified when `type` is 'Pod'"))
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.storage && !item.max?.storage) {
    const why = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(fieldError.required(`${at}.limits`, why))
  }
  const names = new Set(looked.flatMap((list) => Object.keys(item[list] ?? {})))
  const amounts = Object.fromEntries(looked.map((list) => [list, item[list]]))
  for (const name of [...names].sort()) errors.push(...amountErrors(amounts, name, at))
  return errors
}

type Amounts = Partial<Pick<LimitRangeItem, (typeof LISTS)[number]>>

function amountErrors(item: Amounts, name: string, at: string): FieldError[] {
  const errors: FieldError[] = []
  const of = (list: (typeof LISTS)[number]) => {
    const text = item[list]?.[name]
    const quantity = text === undefined ? undefined : parseQuantity(text)
    return quantity && { text, quantity }
  }
  const [min, max, preset, asked] = [of('min'), of('max'), of('default'), of('defaultRequest')]
  const ordered = (
    [low, lowName]: [typeof min, string],
    [high, highName]: [typeof min, string],
    [list, shown]: [string, typeof min],
  ) => {
    if (!low || !high || low.quantity.compare(high.quantity) <= 0) return
    const why = `${lowName} value ${low.text} is greater than ${highName} value ${high.text}`
    errors.push(fieldError.invalid(`${at}.${list}[${name}]`, shown?.text, why))
  }
  ordered([min, 'min'], [max, 'max'], ['min', min])
  ordered([min, 'min'], [asked, 'default request'], ['defaultRequest', asked])
  ordered([asked, 'default request'], [max, 'max'], ['defaultRequest', asked])
  ordered([asked, 'default request'], [preset, 'default limit'], ['defaultRequest', asked])
  ordered([min, 'min'], [preset, 'default'], ['default', min])
  ordered([preset, 'default'], [max, 'max'], ['default', max])
  const ratio = of('maxLimitRequestRatio')
  if (ratio && ratio.quantity.nanos < 1_000_000_000n) {
    errors.push(
      fieldError.invalid(`${at}.maxLimitRequestRatio[${name}]`, ratio.text, `ratio ${ratio.text} is less than 1`),
    )
  }
  if (ratio && min && max && min.quantity.nanos > 0n) {
    const limit = Number(max.quantity.nanos) / Number(min.quantity.nanos)
    if (Number(ratio.quantity.nanos) / 1e9 > limit) {
      const why = `ratio ${ratio.text} is greater than max/min = ${limit.toFixed(6)}`
      errors.push(fieldError.invalid(`${at}.maxLimitRequestRatio[${name}]`, ratio.text, why))
    }
  }
  if (isExclusive(name) && preset && asked && preset.quantity.compare(asked.quantity) !== 0) {
    const why = `default value ${preset.text} must equal to defaultRequest value ${asked.text} in ${name}`
    errors.push(fieldError.invalid(`${at}.defaultRequest[${name}]`, asked.text, why))
  }
  return errors
}
