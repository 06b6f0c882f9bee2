// What a schema says of a number. Bounds are doubles, whatever digits they were written with; a whole number is compared
// with a whole bound, and a bound that is none where one is due is a problem of its own: upstream, nothing is right
// under `maximum: 9223372036854775807`, of which a double makes one more.
// Upstream: kube-openapi/pkg/validation/validate/{validator,values}.go numberValidator.

import { isInt64 } from '../../apimachinery/json.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from './json-schema.ts'

/** As Go prints the path of an error that names no field. */
export const NOWHERE = '<nil>'

export function numberProblems(value: number | bigint, schema: JsonSchema, path: string): FieldError[] {
  const problems = misfit('Checked', value, schema, path)
  if (schema.multipleOf === undefined && schema.minimum === undefined && schema.maximum === undefined) return problems
  const say = (what: string) => problems.push(fieldError.invalid(path, value, `${path} in body ${what}`))
  // Out of the store a bound may come as bigint.
  const [factor, maximum, minimum] = [schema.multipleOf, schema.maximum, schema.minimum].map((bound) =>
    bound === undefined ? undefined : Number(bound),
  )
  const compare = (name: string, bound: number) => {
    const wrong = misfit(name, bound, schema, path)
    problems.push(...wrong)
    if (wrong.length > 0) return { left: Number(value), right: bound }
    if (!isInt64(value) || (Number.isSafeInteger(value) && Number.isSafeInteger(bound)))
      return { left: value, right: bound }
    return { left: BigInt(value), right: wholeOf(bound) }
  }
  if (factor !== undefined) {
    const { left, right } = compare('MultipleOf', factor)
    if (right <= 0) {
      const why = `factor MultipleOf declared for ${path} must be positive: ${right}`
      problems.push(fieldError.invalid(path, right, why))
    } else if (!isMultiple(left, right)) say(`should be a multiple of ${right}`)
  }
  if (minimum !== undefined) {
    const { left, right } = compare('Minimum boundary', minimum)
    const isOutside = schema.exclusiveMinimum ? left <= right : left < right
    if (isOutside) say(`should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${right}`)
  }
  if (maximum !== undefined) {
    const { left, right } = compare('Maximum boundary', maximum)
    const isOutside = schema.exclusiveMaximum ? left >= right : left > right
    if (isOutside) say(`should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${right}`)
  }
  return problems
}

/** Is it a number of the schema's type and format? An error of no field, as upstream's is. */
function misfit(what: string, value: number | bigint, { type, format }: JsonSchema, path: string): FieldError[] {
  const bits = format === 'int32' ? 32 : 64
  const fits =
    type === 'integer'
      ? isWhole(value, bits)
      : type !== 'number' || format !== 'float' || Number.isFinite(Math.fround(Number(value)))
  if (fits) return []
  const known = type === 'integer' ? ['int32', 'int64'] : ['float', 'double']
  const named = format && known.includes(format) ? `with format ${format}` : '(default format)'
  return [fieldError.invalid(NOWHERE, '', `${what} value must be of type ${type} ${named} in ${path}`)]
}

/** By its digits: a double is written with as few as tell it from others, the rest are zeros. */
function isWhole(value: number | bigint, bits: number): boolean {
  if (Number.isSafeInteger(value) && (bits === 64 || value === ((value as number) | 0))) return true
  if (!/^-?\d+$/.test(String(value))) return false
  const whole = BigInt(String(value))
  return whole === BigInt.asIntN(bits, whole)
}

/** What int64() of Go makes of a double; it stays within 64 bits. */
function wholeOf(bound: number): bigint {
  const most = 2 ** 63
  return bound >= most ? 2n ** 63n - 1n : bound < -most ? -(2n ** 63n) : BigInt(Math.trunc(bound))
}

function isMultiple(value: number | bigint, factor: number | bigint): boolean {
  if (typeof value === 'bigint') return value % BigInt(factor) === 0n
  if (Number.isSafeInteger(value) && Number.isSafeInteger(factor)) return value % Number(factor) === 0
  const times = Number(factor) < 1 ? (1 / Number(factor)) * value : value / Number(factor)
  return Number.isInteger(Number(times.toPrecision(12)))
}
