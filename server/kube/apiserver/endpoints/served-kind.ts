// A kind as a URL names it. It is registered once, in the version it is stored in; another version is a view of that:
// converted on the way in, before the registry sees it, and on the way out, after.

import { deepFreeze } from '../../apimachinery/deep.ts'
import type { JsonObject } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { invalid } from '../../apimachinery/status-error.ts'
import { type AnyKind, apiVersionOf, type OtherVersion } from '../../kinds/define-kind.ts'
import { kindAs, storedAs } from '../../kinds/other-version.ts'
import type { ObjectVersion } from '../admission/admission.ts'
import type { Selection } from '../registry/list.ts'
import type { Registry } from '../registry/registry.ts'
import type { Entry } from '../watch-cache/entry.ts'
import { WatchViews } from './watch-view.ts'

export class ServedKind {
  readonly registry: Registry
  /** In the version of the URL. */
  readonly kind: AnyKind
  readonly views = new WatchViews()
  readonly #version: OtherVersion<KubeObject> | undefined
  readonly #siblings: () => readonly ServedKind[]
  /** All who ask for a state in this version get the same object. */
  readonly #shown = new WeakMap<KubeObject, KubeObject>()

  /** `siblings`: all versions of the same objects, this one among them. */
  constructor(registry: Registry, version?: OtherVersion<KubeObject>, siblings?: () => readonly ServedKind[]) {
    this.registry = registry
    this.#siblings = siblings ?? (() => [this])
    this.kind = version ? kindAs(registry.kind, version) : registry.kind
    this.#version = version
  }

  shown(object: KubeObject): KubeObject {
    if (!this.#version) return object
    return { ...this.#version.shown(object), apiVersion: apiVersionOf(this.kind), kind: this.kind.kind }
  }

  stored(object: KubeObject): KubeObject {
    return this.#version ? storedAs(this.registry.kind, this.#version, object) : object
  }

  /** The stored form of what somebody sent; throws what this version has against it. */
  accepted(object: KubeObject, previous: KubeObject | undefined): KubeObject {
    const stored = this.stored(object)
    const errors = this.#version?.errors?.(stored, previous) ?? []
    if (errors.length > 0) throw invalid(this.kind, object.metadata?.name ?? '', errors)
    return stored
  }

  shownEntry(entry: Entry): Entry {
    if (!this.#version) return entry
    const known = this.#shown.get(entry.object)
    if (known) return { ...entry, object: known }
    const shown = deepFreeze(this.shown(entry.object))
    this.#shown.set(entry.object, shown)
    return { ...entry, object: shown }
  }

  /** In which these objects are served, this one first; to and from the form that this one's registry works with. */
  versions(): readonly ObjectVersion[] {
    const others = this.#siblings().filter((one) => one !== this)
    return [this, ...others].map((one) => ({
      kind: one.kind,
      shown: (object) => (one.registry === this.registry ? one.shown(object) : one.registry.converted(object)),
      held: (object) => (one.registry === this.registry ? one.stored(object) : this.registry.converted(object)),
    }))
  }

  /** Another version of the same objects, and the ways there from this one and back; undefined when it is not served. */
  inVersion(apiVersion: string) {
    const other = this.#siblings().find(({ kind }) => apiVersionOf(kind) === apiVersion)
    if (!other) return undefined
    const convert = (from: ServedKind, to: ServedKind) => (object: JsonObject) =>
      (from.registry === to.registry
        ? to.shown(from.stored(object as KubeObject))
        : to.registry.converted(object as KubeObject)) as JsonObject | Promise<JsonObject>
    return { kind: other.kind, to: convert(this, other), from: convert(other, this) }
  }

  /** A selection in this version's words, as the registry understands it. */
  storedSelection(selection: Selection): Selection {
    const { fieldNames } = this.#version ?? {}
    if (!fieldNames) return selection
    return {
      ...selection,
      fields: selection.fields.map((wanted) => ({ ...wanted, field: fieldNames[wanted.field] ?? wanted.field })),
    }
  }
}
