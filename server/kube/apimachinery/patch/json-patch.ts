// JSON patch, RFC 6902, as Kubernetes has it: one operation after the other, all of them or none.
//
// Own code, since the library that Go has takes more than the RFC allows, and clients live by that: places counted from
// the end of a list, `replace` of a key that is not there, `add` of no value. The words are its, too.
// Upstream: gopkg.in/evanphx/json-patch.v4 patch.go, apiserver/pkg/endpoints/handlers/patch.go (jsonPatcher).

import { deepCopy, deepEqual } from '../deep.ts'
import { goKindOf, isJsonObject, type JsonObject, type JsonValue, setOwn, writeJson } from '../json.ts'
import { badRequest, StatusError } from '../status-error.ts'

/** One small document can order a lot of work. Upstream's limit. */
const MAX_OPERATIONS = 10_000
/** Upstream's limit, in bytes: a few copies of what was copied before make gigabytes. */
const MAX_COPIED = 3 * 1024 * 1024
/** Elements of lists that change their places for one that comes or goes. Upstream has no limit, and copies the list each time. */
const MAX_MOVED = 500_000_000
const MISSING = 'missing value'

class FailedTest extends Error {}

/** Changes neither argument. Throws BadRequest for what is no patch, Invalid (422) for one that does not fit. */
export function jsonPatch(document: JsonValue, patch: JsonValue): JsonValue {
  const operations = readOperations(patch)
  try {
    const patching = new Patching(deepCopy(document))
    for (const operation of operations) patching.apply(operation ?? {})
    return patching.document
  } catch (cause) {
    const why = cause instanceof RangeError ? 'exceeded max depth' : (cause as Error).message
    throw new StatusError('Invalid', why, { cause })
  }
}

/** Is it that what a `test` asks for is not so? */
export const isFailedTest = (err: unknown): boolean => err instanceof StatusError && err.cause instanceof FailedTest

function readOperations(patch: JsonValue): (JsonObject | null)[] {
  const operations = patch ?? []
  if (!Array.isArray(operations)) throw badRequest(notOf(operations, 'jsonpatch.Patch'))
  if (operations.length > MAX_OPERATIONS) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    )
  }
  for (const operation of operations) {
    if (operation !== null && !isJsonObject(operation)) throw badRequest(notOf(operation, 'jsonpatch.Operation'))
  }
  return operations as (JsonObject | null)[]
}

const notOf = (value: JsonValue, type: string) =>
  `json: cannot unmarshal ${goKindOf(value)} into Go value of type ${type}`

type Container = JsonObject | JsonValue[]

class Patching {
  document: JsonValue
  #copied = 0
  #moved = 0

  constructor(document: JsonValue) {
    this.document = document
  }

  apply(operation: JsonObject): void {
    const { op } = operation
    if (op === 'add') this.#add(operation)
    else if (op === 'remove') this.#remove(operation)
    else if (op === 'replace') this.#replace(operation)
    else if (op === 'test') this.#test(operation)
    else if (op === 'move') this.#move(operation)
    else if (op === 'copy') this.#copy(operation)
    else throw new Error(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
  }

  #add(operation: JsonObject): void {
    const path = pointer(operation, 'path', 'add', MISSING)
    const [around, key] = this.#placeOf(path, `add operation does not apply: doc is missing path: "${path}"`)
    because(`error in add for path: '${path}'`, () => this.#place(around, key, newValueOf(operation)))
  }

  #remove(operation: JsonObject): void {
    const path = pointer(operation, 'path', 'remove', MISSING)
    const [around, key] = this.#placeOf(path, `remove operation does not apply: doc is missing path: "${path}"`)
    because(`error in remove for path: '${path}'`, () => this.#take(around, key))
  }

  #replace(operation: JsonObject): void {
    const path = pointer(operation, 'path', 'replace')
    const value = newValueOf(operation)
    if (path === '') {
      // What Go prints of an error that is none.
      if (typeof value !== 'object' || value === null) {
        throw new Error('replace operation value must be object or array: %!w(<nil>)')
      }
      this.document = value
      return
    }
    const [around, key] = this.#placeOf(path, `replace operation does not apply: doc is missing path: ${path}`)
    const missing = `replace operation does not apply: doc is missing key: ${path}`
    if (Array.isArray(around)) around[because(missing, () => placeIn(around, key), MISSING)] = value
    else setOwn(around, key, value)
  }

  #test(operation: JsonObject): void {
    const path = pointer(operation, 'path', 'test')
    const [around, key] =
      path === ''
        ? [{ '': this.document }, '']
        : this.#placeOf(path, `test operation does not apply: is missing path: ${path}`)
    const found = because(`error in test for path: '${path}'`, () => get(around, key)) ?? null
    if (!deepEqual(found, operation.value ?? null)) throw new FailedTest(`testing value ${path} failed: test failed`)
  }

  #move(operation: JsonObject): void {
    const from = pointer(operation, 'from', 'move')
    const [source, name] = this.#placeOf(from, `move operation does not apply: doc is missing from path: ${from}`)
    const value = because(`error in move for path: '${name}'`, () => {
      const found = get(source, name)
      this.#take(source, name)
      return found
    })
    const path = pointer(operation, 'path', 'move')
    const missing = `move operation does not apply: doc is missing destination path: ${path}`
    const [around, key] = this.#placeOf(path, missing)
    because(`error in move for path: '${path}'`, () => this.#place(around, key, value ?? null))
  }

  #copy(operation: JsonObject): void {
    const from = pointer(operation, 'from', 'copy')
    const [source, name] = this.#placeOf(from, `copy operation does not apply: doc is missing from path: ${from}`)
    const value = because(`error in copy for from: '${from}'`, () => get(source, name))
    const path = pointer(operation, 'path', 'copy', MISSING)
    const missing = `copy operation does not apply: doc is missing destination path: ${path}`
    const [around, key] = this.#placeOf(path, missing)
    this.#copied += value === undefined ? 0 : writeJson(value).length
    if (this.#copied > MAX_COPIED) {
      const size = `the accumulated size increase of copy is ${this.#copied}, exceeding the limit ${MAX_COPIED}`
      throw new Error(`Unable to complete the copy, ${size}`)
    }
    because('error while adding value during copy', () => this.#place(around, key, deepCopy(value ?? null)))
  }

  #place(around: Container, key: string, value: JsonValue): void {
    this.#makeWay(around, key)
    add(around, key, value)
  }

  #take(around: Container, key: string): void {
    this.#makeWay(around, key)
    remove(around, key)
  }

  #makeWay(around: Container, key: string): void {
    if (!Array.isArray(around) || key === '-') return
    const index = indexOf(key, around.length)
    this.#moved += index >= 0 ? Math.max(0, around.length - index) : 0
    if (this.#moved > MAX_MOVED) throw new Error(`Unable to move more than ${MAX_MOVED} elements of lists`)
  }

  /** What holds the place that `path` names, and the place's name in it. */
  #placeOf(path: string, missing: string): [around: Container, key: string] {
    const [, ...keys] = path.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = keys.pop()
    let at: JsonValue | undefined = last === undefined ? undefined : this.document
    for (const key of keys) {
      if (Array.isArray(at)) at = at[indexOf(key, at.length)]
      else at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
    }
    if (typeof at !== 'object' || at === null) throw new Error(`${missing}: ${MISSING}`)
    return [at, last!]
  }
}

/** Whoever gives none gives null. */
const newValueOf = ({ value = null }: JsonObject): JsonValue => deepCopy(value)

/** `why`: in place of what is wrong with it. */
function pointer(operation: JsonObject, name: 'path' | 'from', op: string, why?: string): string {
  const value = operation[name]
  if (typeof value === 'string') return value
  const problem =
    value === undefined || value === null
      ? `operation${name === 'from' ? ',' : ''} missing ${name} field: ${MISSING}`
      : notOf(value, 'string')
  throw new Error(`${op} operation failed to decode ${name}: ${why ?? problem}`)
}

function because<T>(what: string, act: () => T, why?: string): T {
  try {
    return act()
  } catch (err) {
    if (err instanceof RangeError) throw err
    throw new Error(`${what}: ${why ?? (err as Error).message}`, { cause: err })
  }
}

/** NaN for what is no number. Places may be counted from behind. */
function indexOf(key: string, length: number): number {
  if (!/^[+-]?\d+$/.test(key)) return Number.NaN
  const index = Number(key)
  return index < 0 ? index + length : index
}

function placeIn(list: JsonValue[], key: string, length = list.length): number {
  const index = indexOf(key, length)
  if (Number.isNaN(index)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`)
  if (index < 0 || index >= length) {
    throw new Error(`Unable to access invalid index: ${Number(key)}: invalid index referenced`)
  }
  return index
}

function get(around: Container, key: string): JsonValue | undefined {
  if (Array.isArray(around)) return around[placeIn(around, key)]
  return Object.hasOwn(around, key) ? around[key] : undefined
}

function add(around: Container, key: string, value: JsonValue): void {
  if (!Array.isArray(around)) setOwn(around, key, value)
  else if (key === '-') around.push(value)
  else if (Number.isNaN(indexOf(key, 0))) {
    because(`value was not a proper array index: '${key}'`, () => void placeIn(around, key))
  } else around.splice(placeIn(around, key, around.length + 1), 0, value)
}

function remove(around: Container, key: string): void {
  if (Array.isArray(around)) around.splice(placeIn(around, key), 1)
  else if (!Object.hasOwn(around, key)) throw new Error(`Unable to remove nonexistent key: ${key}: ${MISSING}`)
  else delete around[key]
}
