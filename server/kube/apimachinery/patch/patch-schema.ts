// What a strategic merge patch must know of a type: which lists merge, and by which key. The port by which patches,
// which know no kinds, are told about kinds. `schemas/patch-schema.ts` answers it from the facts of the built-in types.
// Upstream: apimachinery/pkg/util/strategicpatch/meta.go.

/** One object type, seen by a patch. */
export interface PatchSchema {
  /** For messages: `Deployment`. */
  readonly name: string
  /** The field's facts, or undefined when the type has no such field. A map type (labels, limits) refuses to be asked. */
  field(name: string): PatchField | undefined
}

export interface PatchField {
  /** `merge`, `replace`, `retainKeys`; empty when the type says nothing: then objects merge and lists are replaced. */
  readonly strategies: readonly string[]
  /** How the elements of a merging list of objects are told apart. */
  readonly mergeKey?: string
  /** The type of the value or of a list's elements, when that is an object. */
  readonly schema?: PatchSchema
}
