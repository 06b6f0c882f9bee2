// Which nodes have to do with which objects:
//
//   pod ─► node      secret, config map, account, claim ─► pod      volume ─► claim      secret ─► volume
//   attachment ─► node      resource slice ─► node
//
// Upstream: kubernetes/plugin/pkg/auth/authorizer/node/{graph,graph_populator}.go.

import type { PersistentVolume, Pod } from 'kubernetes-types/core/v1'
import type { VolumeAttachment } from 'kubernetes-types/storage/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { referencesOf } from '../../kinds/pod-template/references.ts'

export type RelatedKind =
  | 'pods'
  | 'secrets'
  | 'configmaps'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'serviceaccounts'
  | 'resourceclaims'
  | 'resourceslices'
  | 'volumeattachments'

/** The kinds from which it is built. */
export type GraphKind = 'Pod' | 'PersistentVolume' | 'VolumeAttachment' | 'ResourceSlice'

const MIRROR = 'kubernetes.io/config.mirror'

/** What an object leads from: objects that may be had by whoever may have, or is, what it leads to. */
interface Edges {
  from: Iterable<string>
  /** A node, or another object. */
  to: { node: string } | { object: string }
}

export class NodeGraph {
  readonly #edges = new Map<string, Edges>()
  /** How many objects lead from one to a node. */
  readonly #nodes = new Map<string, Map<string, number>>()
  /** What leads on to another object: its node has to be looked for there. */
  readonly #onward = new Map<string, Set<string>>()

  has(node: string, kind: RelatedKind, namespace: string, name: string): boolean {
    return this.#leads(keyOf(kind, namespace, name), node)
  }

  put(kind: GraphKind, object: KubeObject): void {
    this.remove(kind, object)
    const edges = EDGES[kind](object)
    if (!edges) return
    this.#edges.set(sourceOf(kind, object), edges)
    for (const key of edges.from) this.#add(key, edges.to)
  }

  remove(kind: GraphKind, object: KubeObject): void {
    this.#forget(sourceOf(kind, object))
  }

  clear(kind: GraphKind): void {
    for (const source of this.#edges.keys()) if (source.startsWith(`${kind}/`)) this.#forget(source)
  }

  /** Secret, volume and claim are the longest way there is. */
  #leads(key: string, node: string): boolean {
    if (this.#nodes.get(key)?.has(node)) return true
    for (const next of this.#onward.get(key) ?? []) if (this.#leads(next, node)) return true
    return false
  }

  #add(key: string, to: Edges['to']): void {
    if ('object' in to) {
      this.#onward.set(key, (this.#onward.get(key) ?? new Set<string>()).add(to.object))
      return
    }
    const nodes = this.#nodes.get(key) ?? new Map<string, number>()
    this.#nodes.set(key, nodes.set(to.node, (nodes.get(to.node) ?? 0) + 1))
  }

  #forget(source: string): void {
    const edges = this.#edges.get(source)
    if (!edges) return
    this.#edges.delete(source)
    for (const key of edges.from) this.#take(key, edges.to)
  }

  #take(key: string, to: Edges['to']): void {
    if ('object' in to) {
      const onward = this.#onward.get(key)
      onward?.delete(to.object)
      if (onward?.size === 0) this.#onward.delete(key)
      return
    }
    const nodes = this.#nodes.get(key)
    const left = (nodes?.get(to.node) ?? 0) - 1
    if (left > 0) nodes?.set(to.node, left)
    else nodes?.delete(to.node)
    if (nodes?.size === 0) this.#nodes.delete(key)
  }
}

const keyOf = (kind: RelatedKind, namespace: string, name: string) => `${kind}/${namespace}/${name}`
const sourceOf = (kind: GraphKind, { metadata }: KubeObject) =>
  `${kind}/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`

const EDGES: Readonly<Record<GraphKind, (object: KubeObject) => Edges | undefined>> = {
  Pod: (object) => {
    const pod = object as Pod
    const node = pod.spec?.nodeName
    if (!node) return undefined
    const { namespace = '', name = '' } = pod.metadata ?? {}
    // Mirror pods were written by the node itself, so what they name proves nothing.
    const isMirror = pod.metadata?.annotations?.[MIRROR] !== undefined
    const named = isMirror ? [] : referencesOf(pod).map(({ kind, name }) => keyOf(kind, namespace, name))
    return { from: new Set([keyOf('pods', namespace, name), ...named]), to: { node } }
  },
  PersistentVolume: (object) => {
    const { metadata, spec } = object as PersistentVolume
    if (!spec?.claimRef) return undefined
    const { namespace = '', name = '' } = spec.claimRef
    const volume = keyOf('persistentvolumes', '', metadata?.name ?? '')
    // Secrets that only controllers use are no business of kubelets.
    const { nodePublishSecretRef, nodeStageSecretRef, nodeExpandSecretRef } = spec.csi ?? {}
    const secrets = [nodePublishSecretRef, nodeStageSecretRef, nodeExpandSecretRef].flatMap((ref) =>
      ref ? [keyOf('secrets', ref.namespace ?? namespace, ref.name ?? '')] : [],
    )
    return { from: new Set([volume, ...secrets]), to: { object: keyOf('persistentvolumeclaims', namespace, name) } }
  },
  VolumeAttachment: (object) => {
    const { metadata, spec } = object as VolumeAttachment
    return { from: [keyOf('volumeattachments', '', metadata?.name ?? '')], to: { node: spec.nodeName } }
  },
  ResourceSlice: (object) => {
    const { metadata, spec } = object as { metadata?: { name?: string }; spec: { nodeName?: string } }
    if (!spec.nodeName) return undefined
    return { from: [keyOf('resourceslices', '', metadata?.name ?? '')], to: { node: spec.nodeName } }
  },
}
