// What is served of the definitions there are: for each whose names are accepted a cache, and a registry for each served
// version. A change of a definition makes them anew and ends the watches of its objects, which then see the new schema.
// Upstream: apiextensions-apiserver/pkg/apiserver/customresource_handler.go.

import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { forbidden } from '../../apimachinery/status-error.ts'
import type { Cel } from '../../cel/cel.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { Store } from '../../store/store.ts'
import type { ApiResources } from '../endpoints/api-resources.ts'
import type { Committer } from '../registry/commit.ts'
import { Registry } from '../registry/registry.ts'
import type { CauseMap } from '../watch-cache/cause-map.ts'
import type { Entry } from '../watch-cache/entry.ts'
import type { Follower, ResourceCache } from '../watch-cache/resource-cache.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'
import { customKind } from './custom-kind.ts'
import { Instances } from './instances.ts'
import { byNameOnly, type Converter, VersionConversion } from './version-conversion.ts'

export interface CustomResourcesOptions {
  feed: StoreFeed
  store: Store
  committer: Committer
  causes: CauseMap
  clock: Clock
  logger: Logger
  cel: Cel
  schemas: Schemas
  resources: ApiResources
  /** For definitions whose versions a webhook converts. */
  converterOf(definition: CustomResourceDefinition): Converter
}

interface Served {
  definition: CustomResourceDefinition
  cache: ResourceCache
  kinds: readonly AnyKind[]
  /** Of the version in which its objects are stored, which need not be served. */
  stored: Registry
}

export class CustomResources implements Follower {
  readonly #options: CustomResourcesOptions
  readonly #served = new Map<string, Served>()
  /** One change after the other for each definition; all that is under way. */
  readonly #changing = new Map<string, Promise<void>>()
  /** Definitions whose deletion has begun: what they define is not made any more. */
  readonly #terminating = new Set<string>()

  constructor(options: CustomResourcesOptions) {
    this.#options = options
  }

  /** Resolves when all that is known of is served. */
  async settled(): Promise<void> {
    while (this.#changing.size > 0) await Promise.all(this.#changing.values())
  }

  reset(): void {}

  put({ object }: Entry): void {
    const definition = object as CustomResourceDefinition
    const name = definition.metadata?.name ?? ''
    if (definition.metadata?.deletionTimestamp) this.#terminating.add(name)
    else this.#terminating.delete(name)
    this.#tellEnding(definition, isTrue(definition, 'Terminating'))
    if (hasNames(definition)) void this.serve(definition)
  }

  delete({ object }: Entry): void {
    const name = object.metadata?.name ?? ''
    this.#terminating.delete(name)
    this.#tellEnding(object as CustomResourceDefinition, false)
    void this.#change(name, async () => this.#withdraw(name))
  }

  #tellEnding({ spec }: CustomResourceDefinition, isEnding: boolean): void {
    this.#options.resources.tellEnding({ group: spec.group, plural: spec.names.plural }, isEnding)
  }

  /** Resolves when requests are answered as the definition says. */
  serve(definition: CustomResourceDefinition): Promise<void> {
    const name = definition.metadata?.name ?? ''
    return this.#change(name, async () => {
      const before = this.#served.get(name)
      if (before && isSame(before.definition, definition)) return
      const kind = kindOf(definition, this.#options.cel)
      // Objects of our own lie where its would.
      if (!before && this.#options.feed.holds(kind)) return
      const cache = before?.cache ?? (await this.#options.feed.add(kind))
      // Another of the same name is another: the cache has gone with the first, and was filled anew.
      this.#withdrawKinds(before)
      this.#served.set(name, { definition, cache, ...this.#serveVersions(definition, cache) })
      if (before) cache.endWatchers()
    })
  }

  async instancesOf(definition: CustomResourceDefinition): Promise<Instances> {
    await this.serve(definition)
    const served = this.#served.get(definition.metadata?.name ?? '')
    if (!served) throw new Error('the custom resource cannot be served')
    return new Instances(served.stored, this.#options)
  }

  #change(name: string, change: () => Promise<void>): Promise<void> {
    const next = (this.#changing.get(name) ?? Promise.resolve())
      .then(change)
      .catch((err) => this.#options.logger.error('a custom resource cannot be served', { definition: name, err }))
      .finally(() => {
        if (this.#changing.get(name) === next) this.#changing.delete(name)
      })
    this.#changing.set(name, next)
    return next
  }

  #serveVersions(definition: CustomResourceDefinition, cache: ResourceCache): Pick<Served, 'kinds' | 'stored'> {
    const { feed, store, committer, clock, cel, schemas, resources, converterOf } = this.#options
    const { spec, metadata } = definition
    const all = spec.versions.map((version) => customKind(definition, version, { cel, mostBytes: store.mostBytes }))
    const kinds = new Map(all.map((kind) => [apiVersionOf(kind), kind]))
    const storedKind = all[spec.versions.findIndex(({ storage }) => storage)] ?? all[0]!
    const convert = spec.conversion?.strategy === 'Webhook' ? converterOf(definition) : byNameOnly
    const assertCreates = (name: string) => {
      if (!this.#terminating.has(metadata?.name ?? '')) return
      const resource = { group: spec.group, resource: spec.names.plural }
      throw forbidden(resource, name, 'create not allowed while custom resource definition is terminating')
    }
    const registryOf = (kind: AnyKind) => {
      const conversion = new VersionConversion({ schemas, kind, storedKind, kinds, convert, assertCreates })
      return new Registry({ kind, cache, feed, store, committer, clock, conversion })
    }
    // Kinds of our own stand before a definition of their name: its objects are stored, and asked for by nobody.
    const isAskedFor = (kind: AnyKind, index: number) => spec.versions[index]?.served && !resources.ofKind(kind)
    const served = all.filter(isAskedFor).map(registryOf)
    for (const registry of served) resources.serve(registry)
    const stored = served.find(({ kind }) => kind === storedKind) ?? registryOf(storedKind)
    return { kinds: served.map(({ kind }) => kind), stored }
  }

  #withdraw(name: string): void {
    const served = this.#served.get(name)
    if (!served) return
    this.#withdrawKinds(served)
    this.#served.delete(name)
    this.#options.feed.remove(kindOf(served.definition, this.#options.cel))
  }

  #withdrawKinds(served: Served | undefined): void {
    for (const kind of served?.kinds ?? []) this.#options.resources.withdraw(kind)
  }
}

/** For its place in the store only: all versions share it. */
function kindOf(definition: CustomResourceDefinition, cel: Cel): AnyKind {
  return customKind(
    definition,
    definition.spec.versions.find(({ storage }) => storage) ?? definition.spec.versions[0]!,
    { cel },
  )
}

const isSame = (a: CustomResourceDefinition, b: CustomResourceDefinition) =>
  deepEqual(a.spec, b.spec) && deepEqual(a.status?.acceptedNames, b.status?.acceptedNames)

/** Accepted once, they stay: a definition that later asks for names in use goes on under the old ones. */
function hasNames(definition: CustomResourceDefinition): boolean {
  const { spec, status } = definition
  const { plural, kind } = status?.acceptedNames ?? {}
  return plural === spec.names.plural && Boolean(kind) && isTrue(definition, 'Established')
}

const isTrue = ({ status }: CustomResourceDefinition, type: string) =>
  status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false
