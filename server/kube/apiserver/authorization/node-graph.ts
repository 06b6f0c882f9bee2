// Which nodes have to do with which objects: pod → node, and what the pod names → node. Kept from the pods alone.
// Upstream: kubernetes/plugin/pkg/auth/authorizer/node/{graph,graph_populator}.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'

export type RelatedKind = 'pods' | 'secrets' | 'configmaps' | 'persistentvolumeclaims' | 'serviceaccounts'

const MIRROR = 'kubernetes.io/config.mirror'

export class NodeGraph {
  /** What each pod on a node stands for. */
  readonly #byPod = new Map<string, { node: string; related: string[] }>()
  /** How many pods of a node name the object. */
  readonly #nodes = new Map<string, Map<string, number>>()

  has(node: string, kind: RelatedKind, namespace: string, name: string): boolean {
    return this.#nodes.get(keyOf(kind, namespace, name))?.has(node) ?? false
  }

  put(object: KubeObject): void {
    this.remove(object)
    const pod = object as Pod
    const node = pod.spec?.nodeName
    if (!node) return
    const { namespace = '', name = '' } = pod.metadata ?? {}
    const self = keyOf('pods', namespace, name)
    const related = [self, ...referencesOf(pod)]
    this.#byPod.set(self, { node, related })
    for (const key of related) {
      const nodes = this.#nodes.get(key) ?? new Map<string, number>()
      this.#nodes.set(key, nodes.set(node, (nodes.get(node) ?? 0) + 1))
    }
  }

  remove({ metadata }: KubeObject): void {
    const self = keyOf('pods', metadata?.namespace ?? '', metadata?.name ?? '')
    const known = this.#byPod.get(self)
    if (!known) return
    this.#byPod.delete(self)
    for (const key of known.related) {
      const nodes = this.#nodes.get(key)
      const left = (nodes?.get(known.node) ?? 0) - 1
      if (left > 0) nodes?.set(known.node, left)
      else nodes?.delete(known.node)
      if (nodes?.size === 0) this.#nodes.delete(key)
    }
  }

  clear(): void {
    this.#byPod.clear()
    this.#nodes.clear()
  }
}

const keyOf = (kind: RelatedKind, namespace: string, name: string) => `${kind}/${namespace}/${name}`

/** Mirror pods were written by the node itself, so what they name proves nothing. */
function referencesOf({ metadata, spec }: Pod): Set<string> {
  const found = new Set<string>()
  if (!spec || metadata?.annotations?.[MIRROR] !== undefined) return found
  const add = (kind: RelatedKind, name: string | undefined) => {
    if (name) found.add(keyOf(kind, metadata?.namespace ?? '', name))
  }
  add('serviceaccounts', spec.serviceAccountName)
  for (const { name } of spec.imagePullSecrets ?? []) add('secrets', name)
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add('configmaps', configMapRef?.name)
      add('secrets', secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      add('configmaps', valueFrom?.configMapKeyRef?.name)
      add('secrets', valueFrom?.secretKeyRef?.name)
    }
  }
  for (const volume of spec.volumes ?? []) {
    add('configmaps', volume.configMap?.name)
    add('secrets', volume.secret?.secretName)
    add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName)
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      add('configmaps', configMap?.name)
      add('secrets', secret?.name)
    }
  }
  return found
}
