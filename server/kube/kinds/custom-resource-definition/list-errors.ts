// What a schema says of lists and maps must fit their items. Upstream: apiextensions/validation/validation.go.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'

export function listAndMapErrors(schema: JsonSchema, at: string): FieldError[] {
  const { type, items } = schema
  const mapType = schema['x-kubernetes-map-type']
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const errors: FieldError[] = []
  const wrongType = (why: string) =>
    type ? fieldError.invalid(`${at}.type`, type, why) : fieldError.required(`${at}.type`, why)
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(fieldError.invalid(`${at}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  }
  if (mapType && type !== 'object') {
    errors.push(wrongType('must be object if x-kubernetes-map-type is specified'))
  }
  if (mapType && mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(fieldError.notSupported(`${at}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']))
  }
  if (listType && type !== 'array') {
    errors.push(wrongType('must be array if x-kubernetes-list-type is specified'))
  } else if (listType === 'set' && items) errors.push(...setErrors(items, `${at}.items`))
  if (listType && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(fieldError.notSupported(`${at}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']))
  }
  if (keys.length > 0 && listType !== 'map') {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty'
    const field = `${at}.x-kubernetes-list-type`
    errors.push(listType ? fieldError.invalid(field, listType, why) : fieldError.required(field, why))
  }
  if (listType === 'map') errors.push(...mapErrors(schema, at))
  if ((listType === 'map' || listType === 'set') && items?.nullable) {
    const why = `cannot be nullable when x-kubernetes-list-type is ${listType}`
    errors.push(fieldError.forbidden(`${at}.items.nullable`, why))
  }
  return listType === 'map' ? [...errors, ...keyErrors(schema, at)] : errors
}

function setErrors(items: JsonSchema, at: string): FieldError[] {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = items['x-kubernetes-list-type']
  const mapType = items['x-kubernetes-map-type']
  if (items.type === 'array' && listType && listType !== 'atomic') {
    return [fieldError.invalid(`${at}.x-kubernetes-list-type`, listType, why)]
  }
  if (items.type === 'object' && mapType !== 'atomic') {
    return [fieldError.invalid(`${at}.x-kubernetes-map-type`, listType ?? 'null', why)]
  }
  return []
}

function mapErrors(schema: JsonSchema, at: string): FieldError[] {
  const { items } = schema
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const errors: FieldError[] = []
  const field = `${at}.x-kubernetes-list-map-keys`
  if (keys.length === 0) {
    errors.push(fieldError.required(field, 'must not be empty if x-kubernetes-list-type is map'))
  }
  if (!items) {
    return [...errors, fieldError.required(`${at}.items`, 'must have a schema if x-kubernetes-list-type is map')]
  }
  if (items.type !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map"
    return [...errors, fieldError.invalid(`${at}.items.type`, items.type ?? '', why)]
  }
  for (const [index, key] of keys.entries()) {
    const property = items.properties?.[key]
    const here = `${at}.items.properties[${key}]`
    if (!property) errors.push(fieldError.invalid(field, keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      errors.push(fieldError.invalid(`${here}.type`, items.type, why))
    }
    if (keys.indexOf(key) < index) errors.push(fieldError.invalid(field, keys, 'must not contain duplicate entries'))
  }
  return errors
}

/** By what elements are told apart, each of them has. */
function keyErrors({ items, 'x-kubernetes-list-map-keys': keys = [] }: JsonSchema, at: string): FieldError[] {
  const errors: FieldError[] = []
  for (const key of keys) {
    const property = items?.properties?.[key]
    const here = `${at}.items.properties[${key}]`
    if (property && !items?.required?.includes(key) && property.default === undefined) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      errors.push(fieldError.required(`${here}.default`, why))
    }
    if (property?.nullable) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'
      errors.push(fieldError.forbidden(`${here}.nullable`, why))
    }
  }
  return errors
}
