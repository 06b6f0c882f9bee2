// What a webhook or a policy has made of an object takes its place, decoded and defaulted as if it had been sent.

import type { JsonObject } from '../../apimachinery/json.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import { decodeAs } from '../request-path/read-body.ts'
import type { AdmissionRequest } from './admission.ts'

export function replaceObject(request: AdmissionRequest, next: JsonObject, schemas: Schemas): void {
  const { object, kind, objectKind } = request
  if (!object) return
  const decoded = decodeAs(schemas, objectKind ?? kind, next, { fieldValidation: 'Ignore' })
  if (!objectKind) kind.strategy.setDefaults?.(decoded)
  for (const field of Object.keys(object)) if (!(field in decoded)) delete (object as unknown as JsonObject)[field]
  Object.assign(object, decoded)
}
