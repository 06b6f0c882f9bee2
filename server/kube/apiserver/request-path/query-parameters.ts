// Query parameters read as Go reads them into option structs, with its words for what is no number.
// Upstream: apimachinery/pkg/runtime/converter.go, conversion.go.

import { badRequest } from '../../apimachinery/status-error.ts'

/** Only absence, `0` and `false` are false: `?watch` alone says yes. */
export function readBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  return text !== '0' && text.toLowerCase() !== 'false'
}

const INT64_MAX = 2n ** 63n - 1n

/** What does not fit a JavaScript number exactly is far beyond anything that is counted here. */
export function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  const value = BigInt(text.replace(/^\+/, ''))
  if (value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  }
  return Number(value)
}
