// A set of places in an object: what one manager owns.
//
//   { metadata: { labels: { app: web } }, spec: { containers: [{ name: a, image: x }] } }
//   f:metadata → f:labels → f:app ●      f:spec → f:containers → k:{"name":"a"} ● → f:image ●
//
// Each step is written as FieldsV1 writes it: `f:name` a field, `k:{…}` a list element by its keys, `v:…` an element of a
// set. A step marked ● is a member; what lies below it is not owned by that. Sets are never changed once built, except by
// insert() on one's own, and share their parts. Upstream: structured-merge-diff/fieldpath/set.go.

import { isJsonNumber, isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../apimachinery/json.ts'
import type { ApplySchema } from './apply-schema.ts'

export type Path = readonly string[]

// Most sets have only members, or only sets below them, and each write makes dozens: they share what is not there.
const NO_STEPS: ReadonlySet<string> = new Set()
const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map()
/** Below most places there is nothing. */
const NOTHING_BELOW: JsonObject = Object.freeze({})

export class FieldSet {
  #members: Set<string> | undefined
  #children: Map<string, FieldSet> | undefined

  static of(...paths: Path[]): FieldSet {
    const set = new FieldSet()
    for (const path of paths) set.insert(path)
    return set
  }

  get members(): ReadonlySet<string> {
    return this.#members ?? NO_STEPS
  }

  get children(): ReadonlyMap<string, FieldSet> {
    return this.#children ?? NO_CHILDREN
  }

  /** No set has an empty one below it. */
  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0
  }

  add(step: string): void {
    this.#members ??= new Set()
    this.#members.add(step)
  }

  /** The root itself is no place: an empty path is ignored. */
  insert(path: Path): void {
    const last = path.length - 1
    if (last < 0) return
    let set: FieldSet = this
    for (let depth = 0; depth < last; depth++) set = set.child(path[depth]!)
    set.add(path[last]!)
  }

  /** The set below a step, there from now on: something has to be put into it. */
  child(step: string): FieldSet {
    const known = this.children.get(step)
    if (known) return known
    const child = new FieldSet()
    this.#put(step, child)
    return child
  }

  has(path: Path): boolean {
    const set = path.slice(0, -1).reduce<FieldSet>((at, step) => at.below(step), this)
    return set.members.has(path.at(-1) ?? '')
  }

  below(step: string): FieldSet {
    return this.children.get(step) ?? NO_PLACES
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty) return this
    if (this.isEmpty) return other
    const both = new FieldSet()
    for (const step of this.members) both.add(step)
    for (const step of other.members) both.add(step)
    for (const [step, child] of this.children) {
      const theirs = other.children.get(step)
      both.#put(step, theirs ? child.union(theirs) : child)
    }
    for (const [step, child] of other.children) if (!this.children.has(step)) both.#put(step, child)
    return both
  }

  intersection(other: FieldSet): FieldSet {
    const shared = new FieldSet()
    for (const step of this.members) if (other.members.has(step)) shared.add(step)
    for (const [step, child] of this.children) {
      const theirs = other.children.get(step)
      if (theirs) shared.#keep(step, child.intersection(theirs))
    }
    return shared
  }

  difference(other: FieldSet): FieldSet {
    const rest = new FieldSet()
    for (const step of this.members) if (!other.members.has(step)) rest.add(step)
    for (const [step, child] of this.children) {
      const theirs = other.children.get(step)
      rest.#keep(step, theirs ? child.difference(theirs) : child)
    }
    return rest
  }

  /** Without the places of `other` and all that lies below them. */
  without(other: FieldSet): FieldSet {
    const rest = new FieldSet()
    for (const step of this.members) if (!other.members.has(step)) rest.add(step)
    for (const [step, child] of this.children) {
      if (other.members.has(step)) continue
      rest.#keep(step, child.without(other.below(step)))
    }
    return rest
  }

  #keep(step: string, child: FieldSet): void {
    if (!child.isEmpty) this.#put(step, child)
  }

  #put(step: string, child: FieldSet): void {
    this.#children ??= new Map()
    this.#children.set(step, child)
  }

  /** Fields that a type declares are owned by whoever owns anything below them. */
  withDeclaredFields(schema: ApplySchema): FieldSet {
    const complete = new FieldSet()
    for (const step of this.members) complete.add(step)
    for (const [step, child] of this.children) {
      const inner = schemaBelow(schema, step)
      if (inner.isDeclared) complete.add(step)
      complete.#put(step, child.withDeclaredFields(inner.schema))
    }
    return complete
  }

  /** All members, nearest first: the order in which conflicts are told. Not by calls, each of which would hand on all. */
  *paths(): Generator<Path> {
    const path: string[] = []
    const open: Iterator<string>[] = []
    const sets: FieldSet[] = [this]
    for (let set = sets.at(-1); set; set = sets.at(-1)) {
      if (open.length < sets.length) {
        for (const step of [...set.members].sort(compareSteps)) yield [...path, step]
        open.push([...set.children.keys()].sort(compareSteps).values())
      }
      const { value: step, done } = open.at(-1)!.next()
      if (done) {
        open.pop()
        sets.pop()
        path.pop()
      } else {
        path.push(step)
        sets.push(set.below(step))
      }
    }
  }

  toFieldsV1(): JsonObject {
    const fields: JsonObject = {}
    const steps = [...this.members]
    for (const step of this.children.keys()) if (!this.members.has(step)) steps.push(step)
    if (steps.length > 1) steps.sort()
    for (const step of steps) {
      const below = this.children.get(step)?.toFieldsV1()
      if (!this.members.has(step)) fields[step] = below ?? NOTHING_BELOW
      else fields[step] = below ? { '.': NOTHING_BELOW, ...below } : NOTHING_BELOW
    }
    return fields
  }

  static fromFieldsV1(fields: JsonValue | undefined): FieldSet {
    const set = new FieldSet()
    if (!isJsonObject(fields)) return set
    for (const step in fields) {
      const below = fields[step]
      if (step === '.' || !isJsonObject(below)) continue
      if (isMember(below)) set.add(step)
      set.#keep(step, FieldSet.fromFieldsV1(below))
    }
    return set
  }
}

/** `{}` and `{ ".": {}, … }` are members; anything else is only on the way to some. */
export function isMember(below: JsonValue | undefined): boolean {
  return isJsonObject(below) && (Object.hasOwn(below, '.') || Object.keys(below).length === 0)
}

/** Never changed: many hold it. */
export const NO_PLACES = Object.freeze(new FieldSet()) as FieldSet

function schemaBelow(schema: ApplySchema, step: string): { schema: ApplySchema; isDeclared: boolean } {
  if (schema.kind === 'map' && step.startsWith('f:')) return schema.field(step.slice(2))
  if (schema.kind === 'list') return { schema: schema.items, isDeclared: false }
  return { schema: { kind: 'untyped' }, isDeclared: false }
}

/** Fields by name; elements by their keys, of which numbers count as numbers: port 80 comes before 443. */
function compareSteps(a: string, b: string): number {
  if (a.startsWith('k:') && b.startsWith('k:')) {
    const [left, right] = [parseJson(a.slice(2)) as JsonObject, parseJson(b.slice(2)) as JsonObject]
    for (const key in left) {
      const [mine, theirs] = [left[key] ?? null, right[key] ?? null]
      if (isJsonNumber(mine) && isJsonNumber(theirs) && mine !== theirs) return mine < theirs ? -1 : 1
      if (mine !== theirs) break
    }
  }
  return a < b ? -1 : a > b ? 1 : 0
}

/** `.spec.containers[name="a"].image`, as conflicts name it. */
export function pathText(path: Path): string {
  return path
    .map((step) => {
      const value = step.slice(2)
      if (step.startsWith('f:')) return `.${value}`
      if (step.startsWith('v:')) return `[=${value}]`
      if (step.startsWith('i:')) return `[${value}]`
      const keys = Object.entries(parseJson(value) as JsonObject)
      return `[${keys.map(([key, of]) => `${key}=${JSON.stringify(of)}`).join(',')}]`
    })
    .join('')
}
