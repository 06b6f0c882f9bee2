// What there is to ask for: the group list, the resources of a group version, and both in one document.
// Upstream: apiserver/pkg/endpoints/discovery, aggregated.

import { createHash } from 'node:crypto'
import type { JsonObject } from '../../apimachinery/json.ts'
import { compareVersions } from '../../apimachinery/version-order.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import type { UnstoredKind } from './unstored-kind.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
/** In no order that means anything, but `api-resources -o wide` shows it. */
const VERBS_OF_CUSTOM = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const VERBS_OF_ENDING = ['delete', 'deletecollection', 'get', 'list', 'watch']

interface Subresource {
  verbs: string[]
  kind: { group: string; version: string; kind: string }
  namespaced?: boolean
}

/** What a subresource answers with, where that is another kind. */
function subresourceOf(kind: AnyKind, name: string): Subresource {
  const own = { group: kind.group, version: kind.version, kind: kind.kind }
  const core = (of: string) => ({ group: '', version: 'v1', kind: of })
  switch (name) {
    case 'status':
    case 'approval':
      return { verbs: ['get', 'patch', 'update'], kind: own }
    case 'scale':
      return { verbs: ['get', 'patch', 'update'], kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }
    case 'log':
      return { verbs: ['get'], kind: own }
    case 'exec':
      return { verbs: ['create', 'get'], kind: core('PodExecOptions') }
    case 'attach':
      return { verbs: ['create', 'get'], kind: core('PodAttachOptions') }
    case 'portforward':
      return { verbs: ['create', 'get'], kind: core('PodPortForwardOptions') }
    case 'ephemeralcontainers':
    case 'resize':
      return { verbs: ['get', 'patch', 'update'], kind: own }
    case 'proxy':
      return { verbs: ['create', 'delete', 'get', 'patch', 'update'], kind: core(`${kind.kind}ProxyOptions`) }
    case 'binding':
      return { verbs: ['create'], kind: core('Binding') }
    case 'eviction':
      return { verbs: ['create'], kind: { group: 'policy', version: 'v1', kind: 'Eviction' } }
    case 'token':
      return { verbs: ['create'], kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' } }
    case 'finalize':
      return { verbs: ['update'], kind: own }
    default:
      return { verbs: ['get'], kind: own }
  }
}

/** What another server says it serves of a version: an APIResourceList. */
export interface ForeignVersion {
  groupVersion: string
  resources: readonly {
    name: string
    singularName?: string
    namespaced: boolean
    kind: string
    group?: string
    version?: string
    verbs: string[]
    shortNames?: string[]
    categories?: string[]
  }[]
  /** What it says of them in OpenAPI. */
  openApi?: { v2?: JsonObject; v3?: JsonObject }
}

interface DiscoveredResource {
  name: string
  singularName: string
  namespaced: boolean
  group: string
  version: string
  kind: string
  verbs: readonly string[]
  shortNames?: readonly string[]
  categories?: readonly string[]
  storageVersionHash?: string
  subresources: { name: string; told: Subresource }[]
}

/**
 * The order of upstream's priorities, then everybody else's groups by name. Clients take the first group that has what
 * a person calls for: nobody's own `deployments` may stand before those of apps.
 */
const FIRST_GROUPS = [
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'resource.k8s.io',
]

const rankOf = (group: string) => {
  const at = FIRST_GROUPS.indexOf(group)
  return at < 0 ? FIRST_GROUPS.length : at
}

function verbsOf({ schema, plural }: AnyKind, isEnding: boolean): readonly string[] {
  if (schema) return isEnding ? VERBS_OF_ENDING : VERBS_OF_CUSTOM
  return plural === 'namespaces' ? VERBS.filter((verb) => verb !== 'deletecollection') : VERBS
}

/** Who moves what is stored from one version to another sees by it that there is something to do. */
function hashOf({ group, version, kind }: AnyKind): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64')
}

export class Discovery {
  readonly #byGroupVersion = new Map<string, DiscoveredResource[]>()
  /** The group versions of each group, the one to prefer first. */
  readonly #groups: ReadonlyMap<string, readonly string[]>

  constructor(told: {
    kinds: readonly AnyKind[]
    /** The version in which objects of a kind are stored, where that is served. */
    storedAs(kind: AnyKind): AnyKind | undefined
    /** Whether its definition is going, and takes its objects with it. */
    isEnding(kind: AnyKind): boolean
    unstored: readonly UnstoredKind[]
    foreign: Iterable<ForeignVersion>
  }) {
    for (const version of told.foreign) this.#addForeign(version)
    for (const kind of told.kinds) this.#addKind(kind, verbsOf(kind, told.isEnding(kind)), told.storedAs(kind))
    for (const { kind, verbs } of told.unstored) this.#addKind(kind, verbs)
    for (const resources of this.#byGroupVersion.values()) resources.sort((a, b) => (a.name < b.name ? -1 : 1))
    this.#groups = grouped(this.#byGroupVersion.keys())
  }

  #addKind(kind: AnyKind, verbs: readonly string[], stored?: AnyKind): void {
    this.#add(apiVersionOf(kind), {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      group: kind.group,
      version: kind.version,
      kind: kind.kind,
      verbs,
      ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
      ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
      ...(stored ? { storageVersionHash: hashOf(stored) } : {}),
      subresources: kind.subresources.map((name) => ({ name, told: subresourceOf(kind, name) })),
    })
  }

  #addForeign({ groupVersion, resources }: ForeignVersion): void {
    const [group = '', version = ''] = groupVersion.split('/')
    this.#byGroupVersion.set(groupVersion, [])
    for (const { name, singularName = '', namespaced, kind, verbs, shortNames, categories } of resources) {
      if (name.includes('/')) continue
      const subresources = resources.flatMap((one) => {
        if (!one.name.startsWith(`${name}/`)) return []
        const of = { group: one.group || group, version: one.version || version, kind: one.kind }
        return [{ name: one.name.slice(name.length + 1), told: { verbs: one.verbs, kind: of } }]
      })
      this.#add(groupVersion, {
        name,
        singularName,
        namespaced,
        group,
        version,
        kind,
        verbs,
        ...(shortNames?.length ? { shortNames } : {}),
        ...(categories?.length ? { categories } : {}),
        subresources,
      })
    }
  }

  #add(groupVersion: string, resource: DiscoveredResource): void {
    const resources = this.#byGroupVersion.get(groupVersion) ?? []
    resources.push(resource)
    this.#byGroupVersion.set(groupVersion, resources)
  }

  /** GET /api. */
  versions(serverAddress: string) {
    return {
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    }
  }

  /** GET /apis. */
  groups() {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: this.#groupNames().map((name) => this.#group(name)) }
  }

  /** GET /apis/<group>. */
  group(name: string) {
    return name !== '' && this.#groups.has(name)
      ? { kind: 'APIGroup', apiVersion: 'v1', ...this.#group(name) }
      : undefined
  }

  /** GET /apis/<group>/<version>, GET /api/v1. */
  resources(groupVersion: string) {
    const resources = this.#byGroupVersion.get(groupVersion)
    if (!resources) return undefined
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion,
      resources: resources.flatMap((resource) => {
        const { group: _group, version: _version, subresources, ...told } = resource
        return [
          told,
          ...subresources.map(({ name, told: { verbs, kind } }) => ({
            name: `${resource.name}/${name}`,
            singularName: '',
            namespaced: resource.namespaced,
            ...(kind.group !== resource.group || kind.version !== resource.version
              ? { group: kind.group, version: kind.version }
              : {}),
            kind: kind.kind,
            verbs,
          })),
        ]
      }),
    }
  }

  /** The whole of `/api` or `/apis` in one document, apidiscovery.k8s.io/v2. */
  aggregated(root: 'api' | 'apis') {
    const names = root === 'api' ? [''] : this.#groupNames()
    return {
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: names.map((name) => ({
        metadata: name ? { name } : {},
        versions: (this.#groups.get(name) ?? []).map((groupVersion) => ({
          version: groupVersion.split('/').at(-1),
          freshness: 'Current',
          resources: (this.#byGroupVersion.get(groupVersion) ?? []).map(aggregatedResource),
        })),
      })),
    }
  }

  /** For the list of everything there is at `/`. */
  paths(): string[] {
    const versions = [...this.#byGroupVersion.keys()].map((groupVersion) =>
      groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`,
    )
    return ['/api', '/apis', ...this.#groupNames().map((name) => `/apis/${name}`), ...versions]
  }

  #groupNames(): string[] {
    return [...this.#groups.keys()].filter((name) => name !== '')
  }

  #group(name: string) {
    const versions = (this.#groups.get(name) ?? []).map((groupVersion) => ({
      groupVersion,
      version: groupVersion.split('/').at(-1),
    }))
    return { name, versions, preferredVersion: versions[0] }
  }
}

function grouped(groupVersions: Iterable<string>): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const groupVersion of groupVersions) {
    const group = groupVersion.includes('/') ? groupVersion.slice(0, groupVersion.indexOf('/')) : ''
    const versions = groups.get(group)
    if (versions) versions.push(groupVersion)
    else groups.set(group, [groupVersion])
  }
  const versionOf = (groupVersion: string) => groupVersion.slice(groupVersion.indexOf('/') + 1)
  for (const versions of groups.values()) versions.sort((a, b) => compareVersions(versionOf(a), versionOf(b)))
  return new Map([...groups].sort(([a], [b]) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1)))
}

function aggregatedResource(resource: DiscoveredResource) {
  const { name, singularName, namespaced, group, version, kind, verbs, shortNames, categories, subresources } = resource
  return {
    resource: name,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularName,
    verbs,
    ...(shortNames ? { shortNames } : {}),
    ...(categories ? { categories } : {}),
    ...(subresources.length > 0
      ? {
          subresources: subresources.map(({ name: subresource, told }) => ({
            subresource,
            responseKind: told.kind,
            verbs: told.verbs,
          })),
        }
      : {}),
  }
}
