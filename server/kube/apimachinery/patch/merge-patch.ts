// JSON merge patch, RFC 7386: objects merge, null deletes, everything else replaces.

import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts'

export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else setOwn(merged, name, mergePatch(merged[name], value))
  }
  return merged
}

/** Plain assignment would call the setter of `__proto__`, a key a hostile patch may well contain. */
function setOwn(object: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}
