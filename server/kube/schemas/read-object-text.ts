// The text of a request as an object of no kind yet. What cannot be read that far, upstream shows the beginning of.
// Upstream: apimachinery/pkg/runtime/serializer/json/{json,meta}.go, apiserver/pkg/endpoints/handlers/rest.go.

import { badRequest, StatusError } from '../apimachinery/status-error.ts'
import { goNameOf } from './decode-scalar.ts'
import type { ReadValue } from './strict-json.ts'

const SHOWN = 30
/** What Go reads first of a body. */
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

const noKind = (why: string) => `couldn't get version/kind; json parse error: ${why}`
const noObject = (value: ReadValue) => `json: cannot unmarshal ${goNameOf(value)} into Go value of type ${TYPE_META}`

/** Why a value that is no object is of no kind. */
export const noKindOf = (value: ReadValue): string => noKind(noObject(value))

export const unrecognized = (kind: string, why: string, text: string): StatusError =>
  badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${beginningOf(text)})`)

/** `read`: as what numbers are wanted. */
export function readObjectText<R extends { value: ReadValue }>(
  kind: string,
  text: string,
  read: (text: string) => R,
): R {
  const refusal = (why: string) => unrecognized(kind, noKind(why), text)
  const told = readOr(text, read, refusal)
  const { value } = told
  // To Go, null says nothing.
  if (value === null) return { ...told, value: {} }
  if (typeof value !== 'object' || Array.isArray(value) || Object.getPrototypeOf(value) !== Object.prototype) {
    throw refusal(noObject(value))
  }
  return told
}

function readOr<R>(text: string, read: (text: string) => R, refusal: (why: string) => StatusError): R {
  try {
    return read(text)
  } catch (err) {
    throw err instanceof StatusError ? refusal(err.message) : err
  }
}

function beginningOf(text: string): string {
  if (text === '') return '<empty>'
  const bytes = Buffer.from(text)
  const encoding = text.startsWith('{') ? 'utf8' : 'hex'
  return bytes.subarray(0, SHOWN).toString(encoding) + (bytes.length > SHOWN ? ' ...' : '')
}
