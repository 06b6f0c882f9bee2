// What one manager owns, in the form its entry has: FieldsV1. Most writes touch what their writer owns anyway, so the set
// is unpacked only when it has to change; an entry that stays as it is is the same JSON, shared with the object before.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { FieldSet, isMember } from './field-set.ts'

export class OwnedFields {
  #written: JsonObject | undefined
  #set: FieldSet | undefined

  private constructor(written: JsonObject | undefined, set: FieldSet | undefined) {
    this.#written = written
    this.#set = set
  }

  static of(set: FieldSet): OwnedFields {
    return new OwnedFields(undefined, set)
  }

  static read(fieldsV1: JsonValue | undefined): OwnedFields {
    return new OwnedFields(isJsonObject(fieldsV1) ? fieldsV1 : {}, undefined)
  }

  get set(): FieldSet {
    this.#set ??= FieldSet.fromFieldsV1(this.#written)
    return this.#set
  }

  get isEmpty(): boolean {
    return this.#written ? !hasMember(this.#written) : this.set.isEmpty
  }

  hasAnyOf(places: FieldSet): boolean {
    return this.#written ? meets(this.#written, places) : !this.set.intersection(places).isEmpty
  }

  hasAllOf(places: FieldSet): boolean {
    return this.#written ? covers(this.#written, places) : places.difference(this.set).isEmpty
  }

  without(places: FieldSet): OwnedFields {
    return this.hasAnyOf(places) ? OwnedFields.of(this.set.difference(places)) : this
  }

  with(places: FieldSet): OwnedFields {
    return this.hasAllOf(places) ? this : OwnedFields.of(this.set.union(places))
  }

  toFieldsV1(): JsonObject {
    this.#written ??= this.set.toFieldsV1()
    return this.#written
  }
}

function hasMember(fields: JsonObject): boolean {
  for (const step in fields) {
    const below = fields[step]
    if (step !== '.' && isJsonObject(below) && (isMember(below) || hasMember(below))) return true
  }
  return false
}

function meets(fields: JsonObject, places: FieldSet): boolean {
  for (const step of places.members) if (Object.hasOwn(fields, step) && isMember(fields[step])) return true
  for (const [step, child] of places.children) {
    const below = Object.hasOwn(fields, step) ? fields[step] : undefined
    if (isJsonObject(below) && meets(below, child)) return true
  }
  return false
}

function covers(fields: JsonObject, places: FieldSet): boolean {
  for (const step of places.members) if (!Object.hasOwn(fields, step) || !isMember(fields[step])) return false
  for (const [step, child] of places.children) {
    if (child.isEmpty) continue
    const below = Object.hasOwn(fields, step) ? fields[step] : undefined
    if (!isJsonObject(below) || !covers(below, child)) return false
  }
  return true
}

/** Senders may write owners themselves: every step must be one that we could have written. */
export function isFieldsV1(fields: JsonValue | undefined): boolean {
  if (fields === undefined) return true
  return (
    isJsonObject(fields) &&
    Object.entries(fields).every(([step, below]) => step === '.' || (isStep(step) && isFieldsV1(below)))
  )
}

function isStep(step: string): boolean {
  const value = step.slice(2)
  if (step.startsWith('f:')) return true
  if (step.startsWith('i:')) return /^\d+$/.test(value)
  try {
    const parsed: unknown = JSON.parse(value)
    return step.startsWith('k:') ? isJsonObject(parsed) : step.startsWith('v:') && typeof parsed !== 'object'
  } catch {
    return false
  }
}
