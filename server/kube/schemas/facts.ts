// The compact form of the facts, as written by extract/ and read by load-schemas.ts.
//
//   "apps.v1.DeploymentSpec": [
//     ["replicas", "int32", 1, "p"],
//     ["strategy", "apps.v1.DeploymentStrategy", 4, "a", { "ps": "retainKeys" }], …
//
// A type is a scalar, a name from `types` or `named`, or one of these with `[]` (list) and `{}` (map of) before it.
// Flags: r required, p pointer in Go, n a pointer that is written as null, a always written out, i embedded (its fields are the type's own).

export type FieldRow = [name: string, type: string, protobuf: number, flags?: string, more?: FieldMore]

export interface FieldMore {
  /** patchStrategy, comma separated. */
  ps?: string
  /** patchMergeKey */
  pk?: string
  /** listType */
  lt?: 'atomic' | 'set' | 'map'
  /** listMapKeys */
  lk?: string[]
  /** mapType or structType */
  mt?: 'atomic' | 'granular'
  /** default */
  d?: unknown
}

export interface NamedFacts {
  is: string
  enum?: string[]
}

export interface Facts {
  /** Package → version these facts were read from. */
  source: Record<string, string>
  /** `apps.v1` → `io.k8s.api.apps.v1`. */
  definitions: Record<string, string>
  /** `apps/v1` → kind → type. */
  kinds: Record<string, Record<string, string>>
  named: Record<string, NamedFacts>
  /** Types owned as a whole (structType=atomic): a reference, a selector. */
  atomic: string[]
  types: Record<string, FieldRow[]>
}
