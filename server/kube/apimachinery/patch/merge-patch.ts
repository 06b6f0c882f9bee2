// JSON merge patch, RFC 7386: objects merge, null deletes, everything else replaces.

import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../json.ts'

export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else setOwn(merged, name, mergePatch(merged[name], value))
  }
  return merged
}
