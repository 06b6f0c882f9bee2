// The resources this server serves, found by what stands in a URL.

import { deepEqual } from '../../apimachinery/deep.ts'
import { PageNotFoundError, StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import type { Registry } from '../registry/registry.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import type { ForeignVersion } from './discovery.ts'
import { ServedKind } from './served-kind.ts'

const pathKey = (group: string, version: string, plural: string) => `${group}/${version}/${plural}`

export class ApiResources {
  readonly #byPath = new Map<string, ServedKind>()
  /** What others serve behind this server, by group version. */
  readonly foreign = new Map<string, ForeignVersion>()
  /** Custom resources whose objects are on their way out, by group and plural. */
  readonly #ending = new Set<string>()
  #generation = 0
  #kinds: readonly AnyKind[] | undefined

  constructor(registries: Iterable<Registry>) {
    for (const registry of registries) this.serve(registry)
  }

  /** Another number after every change of what is served. */
  get generation(): number {
    return this.#generation
  }

  serve(registry: Registry): void {
    const siblings = () => this.#sameObjects(registry)
    this.#serve(new ServedKind(registry, undefined, siblings))
    for (const version of registry.kind.otherVersions) this.#serve(new ServedKind(registry, version, siblings))
    this.#generation++
  }

  /** Each version of a custom resource has a registry, over one cache. */
  #sameObjects({ cache }: Registry): ServedKind[] {
    return [...this.#byPath.values()].filter(({ registry }) => registry.cache === cache)
  }

  /** Undefined: it can no longer be said what is served there. */
  tellForeign(groupVersion: string, told: ForeignVersion | undefined): void {
    if (deepEqual(this.foreign.get(groupVersion), told)) return
    if (told) this.foreign.set(groupVersion, told)
    else this.foreign.delete(groupVersion)
    this.#generation++
  }

  withdraw(kind: AnyKind): void {
    this.#byPath.delete(pathKey(kind.group, kind.version, kind.plural))
    this.#kinds = undefined
    this.#generation++
  }

  tellEnding({ group, plural }: Pick<AnyKind, 'group' | 'plural'>, isEnding: boolean): void {
    const name = `${group}/${plural}`
    if (this.#ending.has(name) === isEnding) return
    if (isEnding) this.#ending.add(name)
    else this.#ending.delete(name)
    this.#generation++
  }

  isEnding({ group, plural }: AnyKind): boolean {
    return this.#ending.has(`${group}/${plural}`)
  }

  #serve(served: ServedKind): void {
    const { group, version, plural } = served.kind
    const key = pathKey(group, version, plural)
    if (this.#byPath.has(key)) throw new Error(`two kinds are served at ${key}`)
    this.#byPath.set(key, served)
    this.#kinds = undefined
  }

  get kinds(): readonly AnyKind[] {
    this.#kinds ??= [...this.#byPath.values()].map(({ kind }) => kind)
    return this.#kinds
  }

  /** The version in which objects of a kind are stored, where that is served. */
  storedAs({ group, version, plural }: AnyKind): AnyKind | undefined {
    const stored = this.#byPath.get(pathKey(group, version, plural))?.registry.storedKind
    return stored && this.ofKind(stored) ? stored : undefined
  }

  /** By plural alone; for the server's own use with kinds it knows to be there. */
  core(plural: string): Registry | undefined {
    return this.#byPath.get(pathKey('', 'v1', plural))?.registry
  }

  ofKind(kind: AnyKind): Registry | undefined {
    return this.#byPath.get(pathKey(kind.group, kind.version, kind.plural))?.registry
  }

  /** Whatever is asked of it. */
  peek({ group, version, resource }: RequestInfo): ServedKind | undefined {
    return this.#byPath.get(pathKey(group, version, resource))
  }

  serves(info: RequestInfo): boolean {
    const { subresources } = this.peek(info)?.kind ?? {}
    return subresources !== undefined && (info.subresource === '' || subresources.includes(info.subresource))
  }

  isCustom(group: string): boolean {
    return this.kinds.some((kind) => kind.group === group && kind.schema !== undefined)
  }

  /** Of what is not in a group of Kubernetes' own a Status tells; of other groups nobody has ever heard. */
  unknownIn(group: string): StatusError {
    const isBuiltIn = this.kinds.some((kind) => kind.group === group && kind.schema === undefined)
    return isBuiltIn ? noSuchResource() : new PageNotFoundError()
  }

  find(info: RequestInfo): ServedKind {
    const served = this.peek(info)
    if (!served) throw this.unknownIn(info.group)
    return served
  }
}

export const notAllowed = () =>
  new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {
    details: {},
  })

export const noSuchResource = () =>
  new StatusError('NotFound', 'the server could not find the requested resource', { details: {} })
