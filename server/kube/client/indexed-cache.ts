// What an informer knows: the last heard state of every object of one kind, by key, with indexes beside it.
// Readers (listers) share the very objects, so those are frozen: change a copy.
//
//   objects   default/web-1 → {Pod}      indexes   namespace: default → {default/web-1, default/web-2}
//             default/web-2 → {Pod}                owner:     uid-77  → {default/web-1}
//
// Upstream: client-go/tools/cache/{thread_safe_store,index,listers}.go.

import { controllerOf, type KubeObject, keyOf } from '../apimachinery/object-meta.ts'

/** The values under which an object is filed in an index. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[]

/** The reading side: what reconcilers get. */
export interface Lister<T extends KubeObject> {
  get(key: string): T | undefined
  list(): T[]
  inNamespace(namespace: string): T[]
  /** Objects whose controller (the owner with `controller: true`) has this uid. */
  controlledBy(uid: string | undefined): T[]
  byIndex(index: string, value: string): T[]
}

const BY_NAMESPACE = 'namespace'
const BY_CONTROLLER = 'controller'

interface Index<T extends KubeObject> {
  valuesOf: IndexFunction<T>
  /** The part of an object that alone decides; writers share what they do not change. */
  partOf: ((object: T) => unknown) | undefined
  keys: Map<string, Set<string>>
}

export class IndexedCache<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()

  constructor() {
    const namespaceOf = (object: T) => object.metadata?.namespace ?? ''
    this.addIndex(BY_NAMESPACE, (object) => [namespaceOf(object)], namespaceOf)
    const controllersOf = (object: T) => {
      const uid = controllerOf(object)?.uid
      return uid ? [uid] : NOBODY
    }
    this.addIndex(BY_CONTROLLER, controllersOf, (object) => object.metadata?.ownerReferences)
  }

  get size(): number {
    return this.#objects.size
  }

  /**
   * May be called at any time: what is there already is filed too. Naming an index twice is a mistake. `partOf`: what alone
   * decides where an object is filed.
   */
  addIndex(name: string, valuesOf: IndexFunction<T>, partOf?: Index<T>['partOf']): void {
    if (this.#indexes.has(name)) throw new Error(`index ${name} exists already`)
    const index: Index<T> = { valuesOf, partOf, keys: new Map() }
    this.#indexes.set(name, index)
    for (const [key, object] of this.#objects) file(index, key, object)
  }

  hasIndex(name: string): boolean {
    return this.#indexes.has(name)
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys()
  }

  list(): T[] {
    return [...this.#objects.values()]
  }

  inNamespace(namespace: string): T[] {
    return this.byIndex(BY_NAMESPACE, namespace)
  }

  controlledBy(uid: string | undefined): T[] {
    return uid ? this.byIndex(BY_CONTROLLER, uid) : []
  }

  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name)
    if (!index) throw new Error(`no index ${name}`)
    const keys = index.keys.get(value)
    return keys ? Array.from(keys, (key) => this.#objects.get(key) as T) : []
  }

  /** Returns what was there before. `key`: the object's, for those who know it already. */
  put(object: T, key = keyOf(object)): T | undefined {
    const previous = this.#objects.get(key)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) {
      if (previous && isFiledAlike(index, previous, object)) continue
      if (previous) unfile(index, key, previous)
      file(index, key, object)
    }
    return previous
  }

  delete(key: string): T | undefined {
    const previous = this.#objects.get(key)
    if (!previous) return undefined
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) unfile(index, key, previous)
    return previous
  }
}

const NOBODY: readonly string[] = Object.freeze([])

/** Most updates change nothing that an index goes by. */
function isFiledAlike<T extends KubeObject>({ valuesOf, partOf }: Index<T>, previous: T, object: T): boolean {
  if (partOf && partOf(previous) === partOf(object)) return true
  const [before, now] = [valuesOf(previous), valuesOf(object)]
  return before.length === now.length && before.every((value, position) => value === now[position])
}

function file<T extends KubeObject>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    if (keys) keys.add(key)
    else index.keys.set(value, new Set([key]))
  }
}

function unfile<T extends KubeObject>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    keys?.delete(key)
    // Or a cache that has seen a thousand namespaces come and go would remember them all.
    if (keys?.size === 0) index.keys.delete(value)
  }
}
