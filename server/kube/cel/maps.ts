// Maps of CEL are plain objects, but for those with a key that every object has something under: the library asks a value
// for its `constructor`, and looks for keys with `in`. Those are Maps.

export function mapOf(entries: readonly (readonly [string, unknown])[]): object {
  return entries.some(([key]) => key in Object.prototype) ? new Map(entries) : Object.fromEntries(entries)
}

export const entriesOf = (map: object): (readonly [string, unknown])[] =>
  map instanceof Map ? [...map] : Object.entries(map)

export const isMap = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  (value instanceof Map || Object.getPrototypeOf(value) === Object.prototype)

export const sizeOf = (map: object): number => (map instanceof Map ? map.size : Object.keys(map).length)
export const hasKey = (map: object, key: string): boolean =>
  map instanceof Map ? map.has(key) : Object.hasOwn(map, key)
export const valueAt = (map: object, key: string): unknown =>
  map instanceof Map ? map.get(key) : (map as Record<string, unknown>)[key]
