// Null in JSON: to Go the same as nothing, but in what has no type of Go's it is a value like others.

import { isJsonObject, type JsonObject, type JsonValue, setOwn } from './json.ts'

const GROUPS = new Set([
  '',
  'admissionregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
])

/** Kinds in which nothing is free JSON: not those that hold schemas, parameters of devices, or earlier states. */
export const saysNothingByNull = ({ group, kind }: { group: string; kind: string }) =>
  GROUPS.has(group) && !kind.startsWith('ControllerRevision')

/** An object, or a list of objects, that has just been read, without them: itself where it has none. */
export function withoutNulls(object: JsonObject): JsonObject {
  const { apiVersion, kind } = object
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return object
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  return saysNothingByNull({ group, kind }) ? objectWithout(object) : object
}

/** Copied where there are any: V8 makes a slow and large one of an object from whose middle something is deleted. */
function objectWithout(object: JsonObject): JsonObject {
  let copy: JsonObject | undefined
  for (const key in object) {
    const value = object[key]!
    const kept = value === null ? undefined : without(value)
    if (kept !== value && !copy) copy = before(object, key)
    if (copy && kept !== undefined) setOwn(copy, key, kept)
  }
  return copy ?? object
}

function before(object: JsonObject, end: string): JsonObject {
  const copy: JsonObject = {}
  for (const key in object) {
    if (key === end) break
    setOwn(copy, key, object[key]!)
  }
  return copy
}

function without(value: JsonValue): JsonValue {
  if (isJsonObject(value)) return objectWithout(value)
  if (!Array.isArray(value)) return value
  let copy: JsonValue[] | undefined
  for (const [at, element] of value.entries()) {
    const kept = without(element)
    if (kept !== element) copy ??= value.slice(0, at)
    copy?.push(kept)
  }
  return copy ?? value
}
