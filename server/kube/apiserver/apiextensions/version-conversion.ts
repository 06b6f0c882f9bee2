// From what is stored of a custom resource to what a version of it shows, and back. What is stored is read with today's
// schema of its version: defaults that came later are filled in, fields that have gone are left out.
// Upstream: apiextensions-apiserver/pkg/apiserver/conversion, customresource_handler.go crdConversionRESTOptionsGetter.

import { deepCopy, deepEqual, deepFreeze } from '../../apimachinery/deep.ts'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import { mendMetadata } from '../../schemas/stored-shape.ts'
import { setFittingDefaults } from '../../schemas/structural/defaults.ts'
import { prune } from '../../schemas/structural/prune.ts'
import type { Conversion } from '../registry/registry.ts'
import { type Entry, encodeStored } from '../watch-cache/entry.ts'

/** Turns objects of any version into `apiVersion`. */
export type Converter = (objects: KubeObject[], apiVersion: string) => KubeObject[] | Promise<KubeObject[]>

/** Versions that say the same in the same fields: only the name is another. */
export const byNameOnly: Converter = (objects, apiVersion) => objects.map((object) => ({ ...object, apiVersion }))

export class VersionConversion implements Conversion {
  readonly storedKind: AnyKind
  readonly #schemas: Schemas
  readonly #kind: AnyKind
  /** Of every version there is, by apiVersion. */
  readonly #kinds: ReadonlyMap<string, AnyKind>
  readonly #convert: Converter
  readonly #assertCreates: (name: string) => void
  /** All who ask for a state get the same object, converted once. */
  readonly #shown = new WeakMap<KubeObject, Entry>()

  constructor(told: {
    schemas: Schemas
    kind: AnyKind
    storedKind: AnyKind
    kinds: ReadonlyMap<string, AnyKind>
    convert: Converter
    assertCreates: (name: string) => void
  }) {
    this.#schemas = told.schemas
    this.#kind = told.kind
    this.storedKind = told.storedKind
    this.#kinds = told.kinds
    this.#convert = told.convert
    this.#assertCreates = told.assertCreates
  }

  assertCreates(name: string): void {
    this.#assertCreates(name)
  }

  isCurrent({ object }: Entry): boolean {
    return object.apiVersion === apiVersionOf(this.storedKind)
  }

  shown(entries: readonly Entry[]): readonly Entry[] | Promise<readonly Entry[]> {
    const waiting = entries.filter((entry) => !this.#shown.has(entry.object))
    const found = () => entries.map((entry) => this.#shown.get(entry.object)!)
    if (waiting.length === 0) return found()
    const apiVersion = apiVersionOf(this.#kind)
    const read = waiting.map(({ object }) => this.#read(object))
    const foreign = read.filter((object) => object.apiVersion !== apiVersion)
    const keep = (converted: KubeObject[]) => {
      let next = 0
      for (const [index, entry] of waiting.entries()) {
        const own = read[index]!
        this.#keep(entry, own.apiVersion === apiVersion ? own : converted[next++]!)
      }
      return found()
    }
    if (foreign.length === 0) return keep([])
    const converted = this.#convert(foreign, apiVersion)
    return converted instanceof Promise ? converted.then(keep) : keep(converted)
  }

  #keep(entry: Entry, shown: KubeObject): void {
    if (shown.apiVersion === entry.object.apiVersion && deepEqual(shown, entry.object)) {
      this.#shown.set(entry.object, entry)
      return
    }
    prune(shown as JsonObject, this.#kind.schema ?? {})
    const object = deepFreeze({ ...shown, metadata: { ...shown.metadata, ...kept(entry.object) } })
    this.#shown.set(entry.object, { ...entry, object, value: encodeStored(this.#kind, object) })
  }

  /** Without the defaults of its version, which are those of the day on which it is read. */
  stored(object: KubeObject): Promise<KubeObject> {
    return this.#as(this.storedKind, object)
  }

  async converted(object: KubeObject): Promise<KubeObject> {
    const converted = await this.#as(this.#kind, object)
    if (converted !== object) setFittingDefaults(converted as JsonObject, this.#kind.schema)
    return converted
  }

  async #as(kind: AnyKind, object: KubeObject): Promise<KubeObject> {
    if (object.apiVersion === apiVersionOf(kind)) return object
    const [converted = object] = await this.#convert([deepCopy(object)], apiVersionOf(kind))
    prune(converted as JsonObject, kind.schema ?? {})
    return converted
  }

  /** A copy, as the schema of its version knows it now. */
  #read(object: KubeObject): KubeObject {
    const copy = deepCopy(object)
    const schema = this.#kinds.get(object.apiVersion ?? '')?.schema
    if (!schema) return copy
    // Defaults first: what they say of an object within is kept no more than what somebody wrote.
    setFittingDefaults(copy as JsonObject, schema)
    prune(copy as JsonObject, schema, (inner) => this.#mendEmbedded(inner))
    return copy
  }

  /** What would not be taken of an object within is no part of it: an update would be refused for what nobody sent. */
  #mendEmbedded(inner: JsonObject): void {
    for (const name of ['apiVersion', 'kind']) if (typeof inner[name] !== 'string') delete inner[name]
    if (isJsonObject(inner.metadata)) mendMetadata(this.#schemas, inner.metadata)
    else delete inner.metadata
  }
}

/** The store's own, which no conversion may change. */
const kept = ({ metadata }: KubeObject) => ({ resourceVersion: metadata?.resourceVersion ?? '' })
