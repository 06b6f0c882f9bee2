// Objects in caches are shared by everyone in the process. Freezing turns the classic informer bug, a loop that
// changes what its lister gave it, into an error at the line that does it.

export function deepFreeze<T>(value: T): T {
  // Whoever froze the root froze the rest: objects of the in-process transport arrive frozen.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}

/** A copy that may be changed. */
export function thaw<T>(value: T): T {
  return copy(value) as T
}

// Several times faster than structuredClone, and these are plain JSON values.
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (typeof value !== 'object' || value === null) return value
  const result: Record<string, unknown> = {}
  for (const key in value) result[key] = copy((value as Record<string, unknown>)[key])
  return result
}
