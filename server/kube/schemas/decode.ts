import type { JsonObject } from '../apimachinery/json.ts'
import type { GroupVersionKind, Schemas } from './schemas.ts'

export interface DecodeProblem {
  kind: 'unknown' | 'duplicate'
  /** `spec.template.spec.containers[0].imagee` */
  path: string
  /** `unknown field "spec.replcas"`, as warnings and strict errors say it. */
  message: string
}

export interface Decoded {
  /** A fresh object: known fields only, values in canonical form (quantities, times). */
  object: JsonObject
  /** What fieldValidation=Warn warns of and Strict refuses; empty is the usual case. */
  problems: DecodeProblem[]
}

/**
 * Reads a JSON body (text or parsed; only text can show duplicate fields) as the given kind.
 * Throws BadRequest, worded as upstream, for wrong types and bad JSON.
 */
export function decode(_schemas: Schemas, _gvk: GroupVersionKind, _input: string | JsonObject): Decoded {
  throw new Error('not yet written')
}

/** What fieldValidation=Strict answers: `… cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo"`. */
export function strictDecodingError(_gvk: GroupVersionKind, _problems: readonly DecodeProblem[]): Error {
  throw new Error('not yet written')
}
