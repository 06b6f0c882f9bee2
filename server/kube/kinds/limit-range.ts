// The LimitRange: how much one container, pod or claim of a namespace may ask, and what is given to those that do not say.
// Upstream: kubernetes/pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem, validation.go ValidateLimitRange.

import type { LimitRangeItem, LimitRange as Wire } from 'kubernetes-types/core/v1'
import { labelKeyProblems } from '../apimachinery/names.ts'
import { parseQuantity } from '../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { defineKind, nameColumn } from './define-kind.ts'

export const LimitRange = defineKind<Wire>({
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  strategy: {
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
        if (types.has(item.type)) return [fieldError.duplicate(`${at}.type`, item.type)]
        types.add(item.type)
        return itemErrors(item, at)
      })
    },
  },
  columns: [nameColumn, { name: 'Created At', value: ({ metadata }) => metadata?.creationTimestamp ?? '<unknown>' }],
})

const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

function itemErrors(item: LimitRangeItem, at: string): FieldError[] {
  const errors: FieldError[] = []
  if (!item.type) errors.push(fieldError.required(`${at}.type`))
  for (const problem of item.type ? labelKeyProblems(item.type) : []) {
    errors.push(fieldError.invalid(`${at}.type`, item.type, problem))
  }
  if (item.type === 'Pod') {
    for (const list of ['default', 'defaultRequest'] as const) {
      if (item[list]) errors.push(fieldError.forbidden(`${at}.${list}`, "may not be specified when `type` is 'Pod'"))
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.storage && !item.max?.storage) {
    const why = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(fieldError.required(at, why))
  }
  const names = new Set(LISTS.flatMap((list) => Object.keys(item[list] ?? {})))
  for (const name of [...names].sort()) errors.push(...amountErrors(item, name, at))
  return errors
}

function amountErrors(item: LimitRangeItem, name: string, at: string): FieldError[] {
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
  return errors
}
