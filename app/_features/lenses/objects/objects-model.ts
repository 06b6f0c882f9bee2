// What the Objects lens knows: every object of the cluster, and how they hang together. Pure; pushes in, answers out.

import type { ObjectsPush, SeenObject } from '../../../../server/observe/index.ts'
import { isSameObject, type ObjectRef } from '../picture/selection.ts'

export class ObjectsModel {
  readonly objects = new Map<string, SeenObject>()
  isWhole = false

  apply(push: ObjectsPush): void {
    if (push.whole) this.objects.clear()
    for (const uid of push.gone) this.objects.delete(uid)
    for (const object of push.objects) this.objects.set(object.uid, object)
    this.isWhole ||= push.whole
  }

  find(ref: ObjectRef): SeenObject | undefined {
    for (const object of this.objects.values()) if (isSameObject(object, ref)) return object
    return undefined
  }

  get(uid: string): SeenObject | undefined {
    return this.objects.get(uid)
  }

  get namespaces(): string[] {
    return [...this.objects.values()].filter(({ kind }) => kind === 'Namespace').map(({ name }) => name)
  }

  inNamespace(namespace: string): SeenObject[] {
    return [...this.objects.values()].filter((object) => object.namespace === namespace).sort(byKindAndName)
  }

  /** From the root down to the one that owns it directly. An owner that is gone is left out. */
  ownersOf(object: SeenObject): SeenObject[] {
    const chain: SeenObject[] = []
    let owner = this.controllerOf(object)
    while (owner && !chain.includes(owner)) {
      chain.unshift(owner)
      owner = this.controllerOf(owner)
    }
    return chain
  }

  ownedBy(uid: string): SeenObject[] {
    const owned = [...this.objects.values()].filter(({ owners }) => owners.some((owner) => owner.uid === uid))
    return owned.sort(byKindAndName)
  }

  /** The Pods it owns, itself or through what it owns. */
  podsUnder(object: SeenObject, above: readonly string[] = []): SeenObject[] {
    const owned = this.ownedBy(object.uid).filter(({ uid }) => !above.includes(uid))
    return owned.flatMap((one) => (one.kind === 'Pod' ? [one] : this.podsUnder(one, [...above, object.uid])))
  }

  /** Whose selector reaches it. */
  selectedBy(uid: string): SeenObject[] {
    return [...this.objects.values()].filter(({ selects }) => selects.includes(uid)).sort(byKindAndName)
  }

  private controllerOf({ owners }: SeenObject): SeenObject | undefined {
    const owner = owners.find(({ controls }) => controls) ?? owners[0]
    return owner && this.objects.get(owner.uid)
  }
}

const order = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Pod', 'Service', 'EndpointSlice']
const rank = ({ kind }: SeenObject) => (order.includes(kind) ? order.indexOf(kind) : order.length)

function byKindAndName(one: SeenObject, other: SeenObject): number {
  return rank(one) - rank(other) || one.kind.localeCompare(other.kind) || one.name.localeCompare(other.name)
}

export const podKey = ({ namespace, name }: SeenObject): string => `${namespace}/${name}`

/** What every namespace has by itself, and the old twin of EndpointSlices: in the table, not in the picture. */
export function isOfTheCluster({ kind, name, namespace, owners }: SeenObject): boolean {
  if (kind === 'Endpoints') return true
  if (kind === 'ConfigMap') return name === 'kube-root-ca.crt'
  if (kind === 'ServiceAccount') return name === 'default'
  const isKubernetes = namespace === 'default' && (name === 'kubernetes' || owners[0]?.name === 'kubernetes')
  return isKubernetes && (kind === 'Service' || kind === 'EndpointSlice')
}
