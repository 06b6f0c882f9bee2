// The four walks of server-side apply over typed values: which places a value has, how two values differ, their merge,
// and a value without some places. Upstream: structured-merge-diff/typed.
//
// `undefined` is "not there"; null is a value, as it is in an applied configuration.

import { deepEqual } from '../../apimachinery/deep.ts'
import { repetition } from '../../apimachinery/field-checks.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { setOwn } from '../strict-json.ts'
import { type ApplySchema, resolved } from './apply-schema.ts'
import { type FieldSet, NO_PLACES, type Path, pathText } from './field-set.ts'
import { type Filling, Walk } from './walk.ts'

type Value = JsonValue | undefined
type ListSchema = ApplySchema & { kind: 'list' }
type MapSchema = ApplySchema & { kind: 'map' }

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

const NO_NAMES: ReadonlySet<string> = new Set()
const NO_ELEMENTS: readonly JsonValue[] = []
const isEmpty = (value: Value) =>
  value === undefined || value === null || (Array.isArray(value) ? value.length === 0 : isEmptyObject(value))
const isEmptyObject = (value: Value) => isJsonObject(value) && Object.keys(value).length === 0
const asObject = (value: Value): JsonObject => (isJsonObject(value) ? value : {})
const asList = (value: Value): JsonValue[] => (Array.isArray(value) ? value : [])

/** How an element of a list is named: by its keys, or by itself. */
export function stepOf(schema: ListSchema, element: JsonValue, at: Path = []): string {
  if (schema.keys.length === 0) {
    if (typeof element === 'object') throw badRequest(`${pathText(at)}: a set holds no objects, lists or nulls`)
    return `v:${JSON.stringify(element)}`
  }
  if (!isJsonObject(element))
    throw badRequest(`${pathText(at)}: associative list with keys may not have non-map elements`)
  const [only, another] = schema.keys
  // Most lists have one key, and are walked on every write.
  const value = only === undefined || another !== undefined ? undefined : element[only]
  if (only !== undefined && typeof value === 'string') return `k:{"${only}":${JSON.stringify(value)}}`
  const keys: JsonObject = {}
  for (const key of schema.keys.toSorted()) {
    const value = element[key] ?? schema.keyDefaults[key]
    if (value !== undefined) keys[key] = value
  }
  if (Object.keys(keys).length === 0) {
    throw badRequest(
      `${pathText(at)}: associative list with keys has an element that omits all key fields [${schema.keys.map((key) => JSON.stringify(key)).join(' ')}] (and doesn't have default values for any key fields)`,
    )
  }
  return `k:${JSON.stringify(keys)}`
}

/** Every place that a value says something of. */
export function fieldSetOf(schema: ApplySchema, value: JsonValue): FieldSet {
  const walk = new Walk()
  const places = walk.filling()
  collect(schema, value, walk, places)
  return places.set
}

function collect(untyped: ApplySchema, value: JsonValue, walk: Walk, places: Filling): void {
  const schema = resolved(untyped, value)
  if (schema.kind === 'map' && isJsonObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const field = schema.field(name)
      walk.enter(`f:${name}`)
      collect(field.schema, inner, walk, places)
      if (inner === null || isEmptyObject(inner) || !field.isDeclared) places.add()
      walk.leave()
    }
  } else if (schema.kind === 'list' && Array.isArray(value)) {
    for (const element of value) {
      walk.enter(stepOf(schema, element, walk.path))
      collect(schema.items, element, walk, places)
      places.add()
      walk.leave()
    }
  } else if (schema.kind === 'leaf') places.add()
}

/** `ignored` places are as good as equal, and so is all that lies below them. */
export function compareTyped(
  schema: ApplySchema,
  before: JsonValue,
  after: JsonValue,
  ignored: FieldSet = NO_PLACES,
): Comparison {
  const comparing = new Comparing()
  comparing.values(schema, before, after, ignored)
  const { added, modified, removed } = comparing
  return { added: added.set, modified: modified.set, removed: removed.set }
}

class Comparing {
  readonly #walk = new Walk()
  readonly added = this.#walk.filling()
  readonly modified = this.#walk.filling()
  readonly removed = this.#walk.filling()

  values(untyped: ApplySchema, before: Value, after: Value, ignored: FieldSet): void {
    // Writers share what they do not change.
    if (before === after) return
    const schema = resolved(untyped, after ?? before)
    if (schema.kind === 'leaf' || (isEmpty(before) && isEmpty(after))) {
      if (before === undefined) this.added.add()
      else if (after === undefined) this.removed.add()
      else if (!deepEqual(before, after)) this.modified.add()
      return
    }
    if (schema.kind === 'map') this.#maps(schema, before, after, ignored)
    else if (schema.kind === 'list') {
      if (deepEqual(before, after)) return
      this.#lists(schema, asList(before), asList(after))
    }
    if (before === undefined) this.added.add()
    else if (after === undefined) this.removed.add()
  }

  #maps(schema: MapSchema, before: Value, after: Value, ignored: FieldSet): void {
    const left = asObject(before)
    const right = asObject(after)
    for (const name in left) this.#field(name, schema, before, after, ignored)
    for (const name in right) if (!Object.hasOwn(left, name)) this.#field(name, schema, before, after, ignored)
    if (before === undefined) this.#nulls(schema, right, this.added)
    else if (after === undefined) this.#nulls(schema, left, this.removed)
  }

  #field(name: string, schema: MapSchema, before: Value, after: Value, ignored: FieldSet): void {
    let old = own(asObject(before), name)
    let next = own(asObject(after), name)
    if (old === next) return
    const step = `f:${name}`
    if (ignored.members.has(step)) return
    const field = schema.field(name)
    if (old === undefined && before !== undefined) old = field.zero
    if (next === undefined && after !== undefined) next = field.zero
    this.#walk.enter(step)
    this.values(field.schema, old, next, ignored.below(step))
    this.#walk.leave()
  }

  /** What Go writes as null comes and goes with what it is in: whoever adds a condition owns its `lastProbeTime`. */
  #nulls({ nulls = NO_NAMES }: MapSchema, object: JsonObject, places: Filling): void {
    for (const name of nulls) {
      if (Object.hasOwn(object, name)) continue
      this.#walk.enter(`f:${name}`)
      places.add()
      this.#walk.leave()
    }
  }

  /** A key that stands twice (possible by update, never by apply) is compared as a whole. */
  #lists(schema: ListSchema, before: JsonValue[], after: JsonValue[]): void {
    const { items } = schema
    const { path } = this.#walk
    const left = grouped(schema, before, path)
    const right = grouped(schema, after, path)
    for (const step of new Set([...left.keys(), ...right.keys()])) {
      const olds = left.get(step) ?? NO_ELEMENTS
      const news = right.get(step) ?? NO_ELEMENTS
      this.#walk.enter(step)
      if (olds.length <= 1 && news.length <= 1) this.values(items, olds[0], news[0], NO_PLACES)
      else if (olds.length > 1 && news.length > 1) {
        if (!deepEqual(olds, news)) this.modified.add()
      } else if (olds.length > 1) {
        if (news.length === 1) this.values(items, undefined, news[0], NO_PLACES)
        this.removed.add()
      } else {
        if (olds.length === 1) this.values(items, olds[0], undefined, NO_PLACES)
        this.added.add()
      }
      this.#walk.leave()
    }
  }
}

function grouped(schema: ListSchema, list: JsonValue[], path: Path): Map<string, JsonValue[]> {
  const groups = new Map<string, JsonValue[]>()
  for (const element of list) {
    const step = stepOf(schema, element, path)
    const group = groups.get(step)
    if (group) group.push(element)
    else groups.set(step, [element])
  }
  return groups
}

const own = (object: JsonObject, name: string): Value => (Object.hasOwn(object, name) ? object[name] : undefined)

/** What is applied, laid over what there is. */
export function mergeTyped(schema: ApplySchema, live: JsonObject, applied: JsonObject): JsonObject {
  return asObject(merge(schema, live, applied, []))
}

/** `path` is one array for the whole walk: pushed before a descent, popped after it. */
function merge(untyped: ApplySchema, live: Value, applied: Value, path: string[]): Value {
  const schema = resolved(untyped, applied ?? live)
  if (schema.kind === 'leaf' || (isEmpty(live) && isEmpty(applied))) return applied === undefined ? live : applied
  if (schema.kind === 'map') {
    const [left, right] = [asObject(live), asObject(applied)]
    const merged: JsonObject = {}
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      path.push(`f:${name}`)
      const value = merge(schema.field(name).schema, own(left, name), own(right, name), path)
      path.pop()
      if (value !== undefined) setOwn(merged, name, value)
    }
    return merged
  }
  return schema.kind === 'list' ? mergeLists(schema, asList(live), asList(applied), path) : undefined
}

// The applied order holds for the elements it names; others keep their place among their neighbours.
//
//   live      a b c d          applied   d x b
//   merged    a c d x b: `d` comes where applied has it, before `b`; a and c, which nobody named, stay in front.
function mergeLists(schema: ListSchema, live: JsonValue[], applied: JsonValue[], path: string[]): JsonValue[] {
  const liveSteps = live.map((element) => stepOf(schema, element, path))
  const appliedSteps = applied.map((element) => stepOf(schema, element, path))
  const liveBy = uniqueBy(liveSteps, live)
  const appliedBy = new Map(appliedSteps.map((step, at) => [step, applied[at]!]))
  if (appliedBy.size < applied.length) {
    const twice = appliedSteps.find(repetition())!
    throw badRequest(`${pathText(path)}: duplicate entries for key ${pathText([twice])}`)
  }
  const isLive = new Set(liveSteps)
  const shared = appliedSteps.filter((step) => isLive.has(step))
  const merged: JsonValue[] = []
  const done = new Set<string>()
  const take = (step: string, element: Value) => {
    path.push(step)
    const value = merge(schema.items, element, appliedBy.get(step), path)
    path.pop()
    if (value !== undefined) merged.push(value)
  }
  let nextLive = 0
  let nextApplied = 0
  let nextShared = 0
  while (nextLive < live.length || nextApplied < applied.length) {
    const here = liveSteps[nextLive]
    const there = appliedSteps[nextApplied]
    if (here !== undefined && there !== undefined) {
      if (here === there) {
        done.add(here)
        take(here, liveBy.get(here))
        nextLive++
        nextApplied++
        nextShared++
        continue
      }
      if (appliedBy.has(here) && nextShared < shared.length && shared[nextShared] !== here) {
        nextLive++
        continue
      }
    }
    if (here !== undefined) {
      if (!appliedBy.has(here)) {
        take(here, live[nextLive])
        nextLive++
        continue
      }
      if (done.has(here)) nextLive++
    }
    if (there !== undefined) {
      done.add(there)
      take(there, liveBy.get(there))
      nextApplied++
      if (shared[nextShared] === there) nextShared++
    }
  }
  return merged
}

/** Elements whose step stands once. */
function uniqueBy(steps: string[], list: JsonValue[]): Map<string, JsonValue> {
  const unique = new Map(steps.map((step, at) => [step, list[at]!]))
  for (const step of steps.filter(repetition())) unique.delete(step)
  return unique
}

/** The value without the places of a set; what becomes empty by that becomes null. */
export function removeItems(schema: ApplySchema, value: JsonObject, unwanted: FieldSet): JsonObject {
  return asObject(remove(schema, value, unwanted))
}

function remove(untyped: ApplySchema, value: JsonValue, unwanted: FieldSet): JsonValue {
  const schema = resolved(untyped, value)
  if (schema.kind === 'map' && isJsonObject(value)) {
    const rest: JsonObject = {}
    for (const [name, inner] of Object.entries(value)) {
      const step = `f:${name}`
      if (unwanted.members.has(step)) continue
      const below = unwanted.below(step)
      setOwn(rest, name, below.isEmpty ? inner : remove(schema.field(name).schema, inner, below))
    }
    return Object.keys(rest).length > 0 ? rest : null
  }
  if (schema.kind === 'list' && Array.isArray(value)) {
    const rest: JsonValue[] = []
    for (const element of value) {
      const step = stepOf(schema, element)
      if (unwanted.members.has(step)) continue
      const below = unwanted.below(step)
      rest.push(below.isEmpty ? element : remove(schema.items, element, below))
    }
    return rest.length > 0 ? rest : null
  }
  return schema.kind === 'leaf' && typeof value === 'object' ? null : value
}
