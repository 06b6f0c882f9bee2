// Kubernetes' own patch format: objects merge, and so do the lists whose type says by which key.
//
// A patch looks like the object itself, with a few words of its own:
//
//   field: null                               removes the field
//   $patch: replace | delete                  in an object: take the patch as it is / empty the object;
//                                             in an element of a merging list: replace the list / delete that element
//   $retainKeys: [a, b]                       removes all other fields of the object (unions: one volume source)
//   $setElementOrder/containers: [{name: a}]  the wished order of a merging list, also of elements not in the patch
//   $deleteFromPrimitiveList/finalizers: [x]  removes elements of a merging list of scalars
//
// The arguments are never changed; untouched parts of the original are shared with the result.
// Upstream: apimachinery/pkg/util/strategicpatch/patch.go (mergeMap). Its mode that merges two patches into one is
// the client's business and is not here.

import { isInt64, isJsonNumber, isJsonObject, type JsonObject, type JsonValue } from '../json.ts'
import { badRequest } from '../status-error.ts'
import { goFormat } from './go-format.ts'
import { mergedOrder } from './list-order.ts'
import type { PatchField, PatchSchema } from './patch-schema.ts'

const PATCH = '$patch'
const RETAIN_KEYS = '$retainKeys'
const SET_ELEMENT_ORDER = '$setElementOrder'
const DELETE_FROM_PRIMITIVE_LIST = '$deleteFromPrimitiveList'
const NONE: ReadonlySet<string> = new Set()

export interface StrategicMerge {
  original: JsonObject
  patch: JsonObject
  schema: PatchSchema
}

export function strategicMergePatch({ original, patch, schema }: StrategicMerge): JsonObject {
  return mergeObject(original, patch, schema)
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: PatchSchema | undefined): JsonObject {
  if (Object.hasOwn(patch, PATCH)) return applyObjectDirective(patch)
  const merged = retainKeys(original, patch)
  const ordered = mergeOrderedLists(merged, patch, schema)

  for (const key in patch) {
    const value = patch[key]!
    if (key === RETAIN_KEYS || ordered.has(key) || key.startsWith(SET_ELEMENT_ORDER)) continue
    const isDeletion = key.startsWith(DELETE_FROM_PRIMITIVE_LIST)
    const name = isDeletion ? listNamedBy(key, DELETE_FROM_PRIMITIVE_LIST, 'primitive list') : key
    if (value === null) {
      delete merged[name]
      continue
    }
    const current = Object.hasOwn(merged, name) ? merged[name] : undefined
    if (Array.isArray(current) && Array.isArray(value)) {
      const field = lookUp(schema, name)
      put(merged, name, isDeletion ? without(current, value) : mergeList(current, value, field, schema))
    } else if (isDeletion) {
      // Nothing to delete from.
    } else if (isJsonObject(current) && isJsonObject(value)) {
      const field = lookUp(schema, name)
      put(merged, name, strategyOf(field) === 'replace' ? value : mergeObject(current, value, field.schema))
    } else {
      const taken = withoutDirectives(value)
      if (taken === undefined) delete merged[name]
      else put(merged, name, taken)
    }
  }
  return merged
}

function applyObjectDirective(patch: JsonObject): JsonObject {
  const { [PATCH]: directive, ...rest } = patch
  if (directive === 'replace') return rest
  if (directive === 'delete') return {}
  throw badRequest(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(patch)}`)
}

/** A shallow copy of the original, less what `$retainKeys` does not name. */
function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const retained = patch[RETAIN_KEYS]
  if (retained === undefined) return { ...original }
  const bad = () => badRequest('invalid patch format of retainKeys')
  if (!Array.isArray(retained)) throw bad()
  const kept = new Set<JsonValue>(retained)
  for (const [key, value] of Object.entries(patch)) {
    const isDirective =
      key === RETAIN_KEYS || key.startsWith(DELETE_FROM_PRIMITIVE_LIST) || key.startsWith(SET_ELEMENT_ORDER)
    if (value !== null && !isDirective && !kept.has(key)) throw bad()
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)))
}

/** Merges and orders every list that has a `$setElementOrder`; returns their names. */
function mergeOrderedLists(
  merged: JsonObject,
  patch: JsonObject,
  schema: PatchSchema | undefined,
): ReadonlySet<string> {
  let done: Set<string> | undefined
  for (const key in patch) {
    if (!key.startsWith(SET_ELEMENT_ORDER)) continue
    const order = patch[key]!
    const name = listNamedBy(key, SET_ELEMENT_ORDER, 'setElementOrder list')
    if (!Array.isArray(order)) throw wrongType('[]interface {}', order)
    const current = listOrAbsent(merged, name)
    const change = listOrAbsent(patch, name)
    const field = lookUp(schema, name)
    checkOrder(change ?? [], order, field.mergeKey)
    if (!current && !change) continue
    done ??= new Set()
    done.add(name)
    const list = !change
      ? current!
      : !current
        ? (withoutDirectives(change) as JsonValue[])
        : mergeList(current, change, field, schema)
    checkElements(current ?? [], change ?? [])
    const known = orderKnown(current ?? [], list, change ?? [], field.mergeKey)
    put(merged, name, mergedOrder({ list, wished: order, known, mergeKey: field.mergeKey }))
  }
  return done ?? NONE
}

/**
 * The server's order against which its own elements are placed. Where the patch deletes elements, new ones move up into
 * their places: upstream shifts the list in place, and clients have come to see the outcome.
 */
function orderKnown(
  current: JsonValue[],
  merged: JsonValue[],
  change: JsonValue[],
  mergeKey: string | undefined,
): JsonValue[] {
  if (!mergeKey) return current
  const idsOf = (list: JsonValue[]) => new Set(list.map((element) => isJsonObject(element) && element[mergeKey]))
  const [before, after] = [idsOf(current), idsOf(merged)]
  const has = (ids: Set<JsonValue | undefined>, element: JsonValue) =>
    isJsonObject(element) && ids.has(element[mergeKey])
  const kept = current.filter((element) => has(after, element))
  const added = change.filter((element) => has(after, element) && !has(before, element))
  return [...kept, ...added.slice(0, current.length - kept.length)]
}

function mergeList(
  current: JsonValue[],
  change: JsonValue[],
  field: PatchField,
  schema: PatchSchema | undefined,
): JsonValue[] {
  if (strategyOf(field) !== 'merge') return change
  if (current.length === 0 && change.length === 0) return current
  if (checkElements(current, change) === 'scalar') {
    const list = [...new Set([...current, ...change])]
    return mergedOrder({ list, wished: change, known: current, mergeKey: undefined })
  }
  const { mergeKey } = field
  if (!mergeKey) throw badRequest(`cannot merge lists without merge key for ${schema?.name ?? 'object'}`)
  const { base, changes } = applyElementDirectives(current as JsonObject[], change as JsonObject[], mergeKey)
  const list: JsonObject[] = []
  // The first of each key: looking through the list for each change would take the square of a patch's length.
  const places = new Map<JsonValue, number>()
  const append = (element: JsonObject) => {
    const id = element[mergeKey]
    if (id !== undefined && !places.has(id)) places.set(id, list.length)
    list.push(element)
  }
  for (const element of base) append(element)
  for (const element of changes) {
    if (!Object.hasOwn(element, mergeKey)) throw noMergeKey(element, mergeKey)
    const at = places.get(element[mergeKey]!)
    if (at === undefined) append(withoutNestedDirectives(element))
    else list[at] = mergeObject(list[at]!, element, field.schema)
  }
  return mergedOrder({ list, wished: changes, known: base, mergeKey })
}

/** `$patch: delete` takes elements away, `$patch: replace` takes all away; the rest are ordinary changes. */
function applyElementDirectives(current: JsonObject[], change: JsonObject[], mergeKey: string) {
  const deleted = new Set<JsonValue | undefined>()
  let replaces = false
  const changes: JsonObject[] = []
  for (const element of change) {
    const directive = element[PATCH]
    if (directive === undefined) changes.push(element)
    else if (directive === 'replace') replaces = true
    else if (directive === 'delete') {
      if (!Object.hasOwn(element, mergeKey)) throw noMergeKey(element, mergeKey)
      deleted.add(element[mergeKey])
    } else if (directive === 'merge') {
      throw badRequest('merging lists cannot yet be specified in the patch')
    } else {
      throw badRequest(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(element)}`)
    }
  }
  if (replaces) return { base: changes, changes: [] }
  return { base: current.filter((candidate) => !deleted.has(candidate[mergeKey])), changes }
}

/** The patch's elements must come in the wished order, and each be named by it. */
function checkOrder(change: JsonValue[], order: JsonValue[], mergeKey: string | undefined): void {
  if (change.length === 0 || order.length === 0) return
  const isSame = (left: JsonValue, right: JsonValue) => {
    if (!mergeKey) return left === right
    for (const side of [left, right]) {
      if (!isJsonObject(side)) throw wrongType('map[string]interface {}', side)
      if (!Object.hasOwn(side, mergeKey)) throw noMergeKey(side, mergeKey)
    }
    return (left as JsonObject)[mergeKey] === (right as JsonObject)[mergeKey]
  }
  const ordinary = change.filter((element) => !(isJsonObject(element) && Object.hasOwn(element, PATCH)))
  let next = 0
  for (const named of order) {
    const element = ordinary[next]
    if (element === undefined) return
    if (isSame(element, named)) next++
  }
  if (next < ordinary.length) {
    throw badRequest(
      `The order in patch list:\n${goFormat(change)}\n doesn't match ${SET_ELEMENT_ORDER} list:\n${goFormat(order)}\n`,
    )
  }
}

/** All elements must be objects, or all scalars of one type. */
function checkElements(...lists: JsonValue[][]): 'object' | 'scalar' {
  let found: string | undefined
  for (const element of lists.flat()) {
    if (Array.isArray(element)) throw badRequest('lists of lists are not supported')
    const type = element === null ? 'null' : typeof element
    if (found && found !== type) throw badRequest(`list element types are not identical: ${goFormat(lists)}`)
    found = type
  }
  if (!found) throw badRequest('no elements in any of the given slices')
  return found === 'object' ? 'object' : 'scalar'
}

function lookUp(schema: PatchSchema | undefined, name: string): PatchField {
  if (!schema) return { strategies: [] }
  const field = schema.field(name)
  if (!field) {
    throw badRequest(`unable to find api field in struct ${schema.name} for the json field ${JSON.stringify(name)}`)
  }
  return field
}

const strategyOf = (field: PatchField) => field.strategies.find((strategy) => strategy !== 'retainKeys')

function without(list: JsonValue[], unwanted: JsonValue[]): JsonValue[] {
  const gone = new Set(unwanted)
  return list.filter((element) => !gone.has(element))
}

function listNamedBy(key: string, directive: string, what: string): string {
  const name = key.slice(directive.length + 1)
  if (!name || key[directive.length] !== '/') throw badRequest(`invalid patch format of ${what}`)
  return name
}

function listOrAbsent(object: JsonObject, name: string): JsonValue[] | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  if (value === undefined || Array.isArray(value)) return value
  throw wrongType('[]interface {}', value)
}

/**
 * What of a patch is taken where the original has nothing to merge with: no nulls, no directives, and nothing at all
 * (undefined) of an object that is itself a `$patch`.
 */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((element): element is JsonValue => element !== undefined)
  }
  if (!isJsonObject(value)) return value
  return Object.hasOwn(value, PATCH) ? undefined : withoutNestedDirectives(value)
}

function withoutNestedDirectives(object: JsonObject): JsonObject {
  const plain: JsonObject = {}
  for (const key in object) {
    const value = object[key]!
    if (value === null || isDirective(key)) continue
    const taken = withoutDirectives(value)
    if (taken !== undefined) put(plain, key, taken)
  }
  return plain
}

const isDirective = (key: string) =>
  key === RETAIN_KEYS || key.startsWith(`${SET_ELEMENT_ORDER}/`) || key.startsWith(`${DELETE_FROM_PRIMITIVE_LIST}/`)

/** Plain assignment would call the setter of `__proto__`, a key a hostile patch may well contain. */
function put(object: JsonObject, name: string, value: JsonValue): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[name] = value
  }
}

const noMergeKey = (element: JsonObject, mergeKey: string) =>
  badRequest(`map: ${goFormat(element)} does not contain declared merge key: ${mergeKey}`)

const wrongType = (expected: string, actual: JsonValue) =>
  badRequest(`expected a ${expected}, but received a ${goTypeOf(actual)}`)

function goTypeOf(value: JsonValue): string {
  if (value === null) return '%!s(<nil>)'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (isJsonNumber(value)) return isInt64(value) ? 'int64' : 'float64'
  return 'string'
}
