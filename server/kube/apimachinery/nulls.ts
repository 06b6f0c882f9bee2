// Null in JSON: to Go the same as nothing, but in what has no type of Go's it is a value like others.

import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'

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

/** Takes them out of an object, or a list of objects, that has just been read. */
export function dropNulls(object: JsonObject): void {
  const { apiVersion, kind } = object
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return
  const slash = apiVersion.indexOf('/')
  if (saysNothingByNull({ group: slash < 0 ? '' : apiVersion.slice(0, slash), kind })) drop(object)
}

function drop(value: JsonValue): void {
  if (Array.isArray(value)) for (const element of value) drop(element)
  else if (isJsonObject(value)) {
    for (const key in value) {
      if (value[key] === null) delete value[key]
      else drop(value[key]!)
    }
  }
}
